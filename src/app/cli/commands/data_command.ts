import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type Failure, failure, throwFileError } from '../../../base/diagnostics/diagnostic.ts';
import { quoteForShell } from '../../../base/diagnostics/wording.ts';
import { findPackageFile } from '../../../base/storage/package_file.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { plugins } from '../../../plugins.ts';
import { type DataSetName, dataSetNames, type SyntheticOptions } from '../../api/data_sets.ts';
import { countOption, jsonOption, seedOption, withExample } from '../options.ts';
import { makeCountBar } from '../progress.ts';
import { answer, answerJson, answerNext, notesText, say } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';

interface DataCommandOptions extends SyntheticOptions {
  readonly out?: string;
  readonly from?: string;
  readonly json?: boolean;
}

export function dataCommand(command: Command): void {
  command
    .argument('<set>', `one of: ${dataSetNames.join(', ')}`)
    .option('--from <folder>', 'make the set from the original files in this folder (of `toys` also: from this file)')
    .option(
      '--out <folder>',
      'write the files into this folder, and the data block next to it (default: models/data/<set>)',
    )
    .addOption(countOption('rows', 'draw this many events of `synthetic`, such as 1e9 (default: 1e6)'))
    .addOption(countOption('users', 'draw events of this many users (default: 1e4)'))
    .addOption(countOption('items', 'draw events of this many items (default: 1e4)'))
    .addOption(countOption('clusters', 'put the items into this many clusters (default: the square root of the items)'))
    .addOption(seedOption('draw all events from this number (default: 1)'))
    .addOption(jsonOption())
    .action(async (name: string, { out = `models/data/${name}`, from, json, ...synthetic }: DataCommandOptions) => {
      if (setsOfResults.includes(name)) throw preparedInClone(name);
      if (!isDataSet(name)) {
        const nearest = findNearest(name, dataSetNames);
        throw failure('unknown-name', { what: 'data set', name, nearest, known: dataSetNames });
      }
      const { dataSets } = await plugins.sets();
      const dataSet = dataSets[name];
      if (from !== undefined && dataSet.originals === undefined) throw failure('set-is-fetched', { set: name });
      const [option] = Object.keys(synthetic);
      if (option !== undefined && !dataSet.isDrawn) throw failure('set-has-one-size', { set: name, option });
      const bar = makeCountBar('rows');
      const source = await withInterruptSignal((signal) =>
        dataSet.get({ folder: out, from, synthetic, log: say, progress: bar.count, signal }),
      ).finally(bar.end);
      const block = keepBlock(name, out, dataSet.isForm);
      if (json) return answerJson({ folder: out, block, ...source });
      answer(`${out}: ${source.holds}, from ${source.from}`);
      answer(`terms: ${source.terms}`);
      if (source.notes) answer(notesText(source.notes));
      answerNext([
        [`tower train MODEL --data ${quoteForShell(block)} --out runs/first`, 'train a model on these rows'],
      ]);
    });
  withExample(
    command,
    'tower data movielens',
    'tower data movielens --out data/ml',
    'tower data toys --from downloads/toys',
    'tower data synthetic --rows 1e7 --users 1e5 --items 1e5',
  );
}

/** Data sets that only the page of results measures. The program had them, and its repository prepares them. */
const setsOfResults: readonly string[] = ['flights', 'wordnet', 'msweb', 'restaurants', 'cranfield', 'lastfm'];

const preparedInClone = (set: string): Failure =>
  failure('command-line', {
    message: `\`tower data\` does not have \`${set}\` any more`,
    instead: `run \`npm run bench:sets -- ${set}\` in a clone of https://github.com/tower-lang/tower; files of your own take \`tower init\``,
    command: 'tower data',
  });

const isDataSet = (name: string): name is DataSetName => (dataSetNames as readonly string[]).includes(name);

/** Writes the data block next to the folder of its files, or into the folder if `out` is `.` or `..`. Does not overwrite an existing file. */
export function keepBlock(set: DataSetName, out: string, isForm = false): string {
  const isNamed = !['', '.', '..'].includes(basename(out));
  const blockPath = isNamed ? join(dirname(out), `${basename(out)}.tower`) : join(out, `${set}.tower`);
  if (existsSync(blockPath)) return blockPath;
  const blockText = readFileSync(findPackageFile(`models/data/${set}.tower`), 'utf8');
  const ownBlock = isForm && isNamed && basename(out) !== set ? renamed(blockText, set, basename(out)) : blockText;
  try {
    writeFileSync(blockPath, ownBlock.replaceAll(`"${set}/`, isNamed ? `"${basename(out)}/` : '"'));
  } catch (error) {
    throwFileError('cannot-write', blockPath, error);
  }
  return blockPath;
}

function renamed(text: string, set: DataSetName, name: string): string {
  const word = name.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
  return text
    .replace(/^\/\/\/ .*/, `/// ${name}: files in the form of ${set}.`)
    .replace(`data ${set} {`, `data ${word} {`);
}
