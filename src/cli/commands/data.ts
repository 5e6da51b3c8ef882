import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { type DataSetName, dataSetNames } from '../../data/sets/names.ts';
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import { nearest } from '../../text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { packageFile } from '../package_file.ts';
import { answer, answerJson, say } from '../report.ts';

interface Options {
  readonly out?: string;
  readonly from?: string;
  readonly json?: boolean;
}

export function dataCommand(program: Command): void {
  const command = new Command('data')
    .description('fetch a data set to try a model on, or make it from its original files, and say where it came from')
    .argument('<set>', `one of: ${dataSetNames.join(', ')}`)
    .option('--from <folder>', 'the original files of a set that is not fetched')
    .option(
      '--out <folder>',
      'where to put its files; a `.tower` file beside it, or in it for `.`, says how they are read (default: models/data/<set>)',
    )
    .addOption(jsonOption())
    .action(async (name: string, { out = `models/data/${name}`, from, json }: Options) => {
      if (!isDataSet(name)) {
        throw failure('unknown-name', {
          what: 'data set',
          name,
          nearest: nearest(name, dataSetNames),
          known: dataSetNames,
        });
      }
      const { dataSets } = await import('../../data/sets/table.ts');
      const set = dataSets[name];
      if (from !== undefined && set.originals === undefined) throw failure('set-is-fetched', { set: name });
      const source = await set.get({ folder: out, ...defined({ from }), log: say });
      const block = keepBlock(name, out);
      if (json) return answerJson({ folder: out, block, ...source });
      answer(`${out}: ${source.holds}, from ${source.from}`);
      answer(`${block} says how they are read: --data ${block}`);
    });
  program.addCommand(
    withExample(
      command,
      'tower data movielens',
      'tower data movielens --out data/ml',
      'tower data restaurants --from downloads/restaurants',
    ),
  );
}

const isDataSet = (name: string): name is DataSetName => (dataSetNames as readonly string[]).includes(name);

/** The data block, beside the folder of its files, or in it where `out` is `.` or `..`, which names no file; one that is there stays. */
export function keepBlock(set: DataSetName, out: string): string {
  const named = !['', '.', '..'].includes(basename(out));
  const path = named ? join(dirname(out), `${basename(out)}.tower`) : join(out, `${set}.tower`);
  if (existsSync(path)) return path;
  const text = readFileSync(packageFile(`models/data/${set}.tower`), 'utf8');
  try {
    writeFileSync(path, text.replaceAll(`"${set}/`, named ? `"${basename(out)}/` : '"'));
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-write', { path, reason });
  }
  return path;
}
