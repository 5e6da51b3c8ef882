import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../run/system_reason.ts';
import { nearest } from '../../text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { packageFile } from '../package_file.ts';
import { answer, answerJson, say } from '../report.ts';

const sets: readonly string[] = ['movielens'];

interface Options {
  readonly out: string;
  readonly json?: boolean;
}

export function dataCommand(program: Command): void {
  const command = new Command('data')
    .description('fetch a data set to try a model on, and say where it came from')
    .argument('<set>', `one of: ${sets.join(', ')}`)
    .option(
      '--out <folder>',
      'where to put its files; a `.tower` file beside it says how they are read',
      'models/data/movielens',
    )
    .addOption(jsonOption())
    .action(async (name: string, { out, json }: Options) => {
      if (!sets.includes(name)) {
        throw failure('unknown-name', { what: 'data set', name, nearest: nearest(name, sets), known: sets });
      }
      const { fetchMovieLens } = await import('../../data/movielens.ts');
      const fetched = await fetchMovieLens(out, say);
      const block = keepBlock(out);
      if (json) return answerJson({ folder: out, block, ...fetched });
      const { edition, ratings, movies, from } = fetched;
      answer(`${out}: ${edition}, ${ratings} ratings of ${movies} films, from ${from}`);
      answer(`${block} says how they are read: --data ${block}`);
    });
  program.addCommand(withExample(command, 'tower data movielens', 'tower data movielens --out data/ml'));
}

/** The data block, beside the folder of its files; one that is there stays. */
function keepBlock(out: string): string {
  const path = join(dirname(out), `${basename(out)}.tower`);
  if (existsSync(path)) return path;
  const text = readFileSync(packageFile('models/data/movielens.tower'), 'utf8');
  try {
    writeFileSync(path, text.replaceAll('"movielens/', `"${basename(out)}/`));
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-write', { path, reason });
  }
  return path;
}
