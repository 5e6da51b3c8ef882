import { type Command, InvalidArgumentError, Option } from 'commander';
import { type EmbedRequest, embed } from '../../api/embed.ts';
import { countOption, jsonOption, namesIn, withExample } from '../options.ts';
import { makeCountBar } from '../progress.ts';
import { answer, answerJson } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';

interface EmbedCommandOptions extends Omit<EmbedRequest, 'file' | 'columns'> {
  readonly column: readonly string[];
  readonly json?: boolean;
}

export function embedCommand(command: Command): void {
  command
    .argument('<file>', 'a file of rows, such as items.csv or items.parquet')
    .requiredOption(
      '--column <names>',
      'take the text of a row from these columns: names with commas; may be repeated',
      (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, ...namesIn(text)],
    )
    .requiredOption(
      '--out <file>',
      'write the vectors: a `.npy` file, or a `.parquet` file of the rows with the vectors',
      outputPath,
    )
    .requiredOption(
      '--model <name>',
      'use this model: its name at the endpoint or on the Hugging Face hub, or its folder',
    )
    .option('--url <address>', "use an endpoint with OpenAI's protocol, such as `http://localhost:11434/v1`")
    .option(
      '--key <column>',
      'take this column for what identifies a row; with `.npy` its values are written next to it',
    )
    .option('--as <column>', 'name the column of the vectors in a Parquet file (default: `embedding`)')
    .option('--prefix <words>', 'put these words before each text, such as `passage: `')
    .addOption(countOption('dimensions', 'let the endpoint shorten its vectors to so many numbers'))
    .addOption(
      new Option('--pooling <kind>', 'pool the vectors of tokens to one, without `--url` (default: `mean`)').choices([
        'mean',
        'cls',
        'last_token',
      ] satisfies EmbedRequest['pooling'][]),
    )
    .addOption(countOption('batch', 'put at most this many texts into a request (default: 64)'))
    .addOption(countOption('timeout', 'wait so many seconds for an answer (default: 60)'))
    .option('--cache <folder>', 'keep computed vectors in this folder (default: the name of the output and `.cache`)')
    .addOption(jsonOption())
    .action(async (file: string, { column, json, ...options }: EmbedCommandOptions) => {
      const bar = makeCountBar('texts');
      const embedded = await withInterruptSignal((signal) =>
        embed({ file, columns: column, ...options, signal, onProgress: bar.count }),
      ).finally(bar.end);
      if (json) return answerJson(embedded);
      const { rows, width, texts, computed, empty, out, keys, record } = embedded;
      answer(`${out}: ${rows.toLocaleString('en')} vectors of ${width} numbers; ${record} names the model`);
      answer(
        `${texts.toLocaleString('en')} different texts: ${computed.toLocaleString('en')} computed, ${(texts - computed).toLocaleString('en')} from the cache`,
      );
      if (empty > 0) answer(`${empty.toLocaleString('en')} rows have no text, and vectors of zeros`);
      if (keys !== undefined) answer(`read them with \`id(dim: ${width}, init: "${out}", keys: "${keys}", frozen)\``);
      else if (out.endsWith('.parquet')) answer(`read them with \`${options.as ?? 'embedding'} : vector(${width})\``);
    });
  withExample(
    command,
    'tower embed items.csv --column title,description --url http://localhost:11434/v1 --model all-minilm --out items.parquet',
    'tower embed items.csv --column title --key item_id --model Xenova/all-MiniLM-L6-v2 --out vectors.npy',
  );
}

function outputPath(text: string): string {
  if (!/\.(npy|parquet)$/.test(text)) throw new InvalidArgumentError('Write a name that ends in `.npy` or `.parquet`.');
  return text;
}
