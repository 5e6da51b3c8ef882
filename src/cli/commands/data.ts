import { Command } from 'commander';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';

const sets = ['movielens'] as const;

export function dataCommand(program: Command): void {
  const command = new Command('data')
    .description('fetch a data set to try a model on, and say where it came from')
    .argument('<set>', `one of: ${sets.join(', ')}`)
    .option('--out <folder>', 'where to put its files', 'models/data/movielens')
    .addOption(jsonOption())
    .action(async (name: string, { out, json }: { out: string; json?: boolean }) => {
      if (!sets.includes(name as (typeof sets)[number])) {
        return command.error(`error: there is no data set ${name}; there is ${sets.join(', ')}`);
      }
      const { fetchMovieLens } = await import('../../data/movielens.ts');
      const fetched = await fetchMovieLens(out, say);
      if (json) answerJson({ folder: out, ...fetched });
      else
        answer(
          `${out}: ${fetched.edition}, ${fetched.ratings} ratings of ${fetched.movies} films, from ${fetched.from}`,
        );
    });
  program.addCommand(withExample(command, 'tower data movielens'));
}
