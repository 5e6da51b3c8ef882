import { Command } from 'commander';
import { check } from '../../api/check.ts';
import { hasErrors } from '../../diagnostics/diagnostic.ts';
import { toJson } from '../../diagnostics/json.ts';
import { render } from '../../diagnostics/render.ts';
import { dataOption, jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson, colour, say } from '../report.ts';

interface Options {
  readonly data?: string;
  readonly set: Record<string, number>;
  readonly json?: boolean;
}

export function checkCommand(program: Command): void {
  const command = new Command('check')
    .description('find every mistake that can be known before rows are read')
    .argument('<model>', 'a `.tower` file')
    .addOption(dataOption())
    .addOption(setOption())
    .addOption(jsonOption())
    .action(async (path: string, { data, set, json }: Options) => {
      const { diagnostics, model } = await check(path, { set, ...(data === undefined ? {} : { data }) });
      if (json) answerJson(toJson(diagnostics));
      else if (diagnostics.length > 0) say(render(diagnostics, { colour }));
      if (hasErrors(diagnostics)) process.exitCode = 1;
      else if (!json) answer(model ? `${path}: model ${model.name} is sound` : `${path} is sound`);
    });
  program.addCommand(withExample(command, 'tower check models/two_tower.tower --data models/data/movielens.tower'));
}
