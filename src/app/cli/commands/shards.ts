import { Argument, Command, Option } from 'commander';
import { bytesWords } from '../../../base/diagnostics/wording.ts';
import type { ShardStep } from '../../../data/shards/job/folder.ts';
import type { ShardPlanRequest } from '../../api/shard_job.ts';
import { allowOption, dataOption, jsonOption, setOption, shardsOption, wholeNumber, withExample } from '../options.ts';
import { makeShardsProgress } from '../progress.ts';
import { answer, answerJson, report, say } from '../report.ts';
import { endable } from '../signals.ts';

interface ShardsCommandOptions extends Partial<ShardPlanRequest> {
  readonly part?: string;
  readonly json?: boolean | undefined;
}

const actions = ['plan', 'map', 'merge', 'count', 'fit', 'encode', 'seal'] as const satisfies readonly (
  | ShardStep
  | 'plan'
)[];
const actionsInParts: ReadonlySet<(typeof actions)[number]> = new Set(['map', 'count', 'encode']);

export function shardsCommand(program: Command): void {
  const command = new Command('shards')
    .description('write training rows that do not fit in memory into shards, in parts that a scheduler runs')
    .addArgument(
      new Argument(
        '<action>',
        'what to do, in this order: `plan`, `map` each part, `merge`, `count` each part, `fit`, `encode` each part, `seal`',
      ).choices(actions),
    )
    .argument('<path>', 'for `plan` a `.tower` file with a model; otherwise the folder of the plan')
    .option('--part <part>', 'run this part of `map`, `count` or `encode`, such as `3/64`')
    .addOption(dataOption())
    .addOption(allowOption())
    .option('--out <folder>', 'write the plan and the scripts into this folder')
    .addOption(
      new Option('--parts <number>', 'divide the rows of the plan into this many parts').argParser(wholeNumber),
    )
    .option(
      '--memory <amount>',
      'use at most about this much memory in each part of the plan, such as `8G`; train with the same',
    )
    .addOption(shardsOption())
    .addOption(setOption())
    .option('--force', 'replace another plan in the folder, and remove what its parts have done')
    .addOption(jsonOption())
    .action(async (action: (typeof actions)[number], path: string, options: ShardsCommandOptions, self: Command) => {
      const { json, part, ...request } = options;
      if (action === 'plan') return plan(path, { ...request, json }, self);
      const given = Object.keys(request).find((name) => self.getOptionValueSource(name) === 'cli');
      if (given !== undefined) self.error(`error: only \`plan\` takes \`--${given}\`; the other steps follow the plan`);
      const isInParts = actionsInParts.has(action);
      if (isInParts !== (part !== undefined))
        self.error(`error: \`${action}\` ${isInParts ? 'needs' : 'has no'} \`--part\``);
      const progress = makeShardsProgress();
      const { runShardStep } = await import('../../api/shard_job.ts');
      const done = await endable((signal) =>
        runShardStep(path, action, {
          ...{ signal, part, onPass: progress.onPass },
          onWarning: (warning) => report([warning]),
        }),
      ).finally(progress.end);
      if (json) return answerJson(done);
      if (done.shards !== undefined) return answer(`the shards are in ${done.shards}`);
      answer(`${action}${part === undefined ? '' : ` ${part}`}: done`);
    });
  program.addCommand(
    withExample(
      command,
      'tower shards plan models/two_tower.tower --data models/data/movielens.tower --parts 16 --memory 8G --out jobs/shards',
      'tower shards map jobs/shards --part 1/16',
      'tower shards merge jobs/shards',
      'tower shards count jobs/shards --part 1/16',
      'tower shards fit jobs/shards',
      'tower shards encode jobs/shards --part 1/16',
      'tower shards seal jobs/shards',
    ),
  );
}

async function plan(path: string, { json, ...request }: ShardsCommandOptions, self: Command): Promise<void> {
  const { data, out, parts, memory } = request;
  for (const [name, value] of Object.entries({ data, out, parts, memory }))
    if (value === undefined) self.error(`error: \`plan\` needs \`--${name}\``);
  const { planShardJob } = await import('../../api/shard_job.ts');
  const { plan: planned, files } = await endable((signal) =>
    planShardJob(path, { ...(request as ShardPlanRequest), signal, program: process.argv[1] }),
  );
  if (json) return answerJson({ ...planned, files });
  const { events, buckets, command } = planned;
  const counts = [events, buckets, planned.parts].map((count) => count.toLocaleString('en'));
  answer(
    `plan in ${out}: ${counts[0]} events into ${counts[1]} buckets, in ${counts[2]} parts of ${bytesWords(planned.memory)}`,
  );
  for (const file of files) answer(`  ${out}/${file}`);
  if (buckets < planned.parts) say(`only ${buckets} parts have buckets to count and encode: fewer parts are as fast`);
  answer(
    `start it with ${out}/slurm.sh, ${out}/kubernetes.sh or python ${out}/on_ray.py; the shards go to ${command.shards}`,
  );
}
