/** Writes shards in parts, for a scheduler: `tower shards plan`, and the steps that the plan names. */
import { chmod } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { failure } from '../../base/diagnostics/failure.ts';
import { writing } from '../../base/diagnostics/system_reason.ts';
import { defined } from '../../base/util/defined.ts';
import { isAddress } from '../../data/files/remote/address.ts';
import type { JobCommand, JobFolder, ShardJobPlan, ShardStep } from '../../data/shards/job/folder.ts';
import type { JobSource } from '../../data/shards/job/steps.ts';
import { type CheckRequest, checkAndLower, readingOf } from './check.ts';
import { shardJobFiles } from './shard_job_files.ts';
import { type MemoryRequest, memoryBytes, shardRequest, usualShards } from './shards.ts';

export interface ShardPlanRequest extends CheckRequest, Pick<MemoryRequest, 'shards' | 'shardSizes' | 'onPass'> {
  readonly data: string;
  /** Folder of the job. */
  readonly out: string;
  /** Number of parts that rows, and afterwards buckets, are divided into. */
  readonly parts: number;
  /** Memory of each part. A training with the same memory finds the shards. */
  readonly memory: number | string;
  /** True to plan anew if the folder has another plan, which removes what its parts have done. */
  readonly force?: boolean;
  /** Path of the program `tower` that the scripts run. Default: the one that npx finds. */
  readonly program?: string | undefined;
}

export interface PlannedShards {
  readonly plan: ShardJobPlan;
  readonly files: readonly string[];
}

type ShardStepWatch = Pick<MemoryRequest, 'onPass'> & {
  readonly signal?: AbortSignal;
  readonly onWarning?: (warning: Diagnostic) => void;
};

/** @throws Failure of the model and its data, `memory-text`, `shards-unsupported`, `shards-memory`, `shard-job-changed`, `cannot-write` */
export async function planShardJob(path: string, request: ShardPlanRequest): Promise<PlannedShards> {
  const { out, parts, memory, shards = usualShards(out), force = false, set, allow, program } = request;
  const command: JobCommand = {
    ...{ model: resolve(path), data: resolve(request.data), shards: resolve(shards) },
    ...defined({
      set:
        set && Object.keys(set).length > 0
          ? Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)]))
          : undefined,
      allow: allow?.map((place) => (isAddress(place) ? place : resolve(place))),
    }),
  };
  const sizes = { memory: memoryBytes(memory), ...defined({ sizes: request.shardSizes }) };
  const { planShards } = await import('../../data/shards/job/steps.ts');
  const { writeTextDurably } = await import('../../base/storage/durable.ts');
  const { plan } = await planShards(await jobSourceOf(command, sizes, request), { folder: out, parts, command, force });
  const fileTexts = shardJobFiles(plan, {
    folder: resolve(out),
    project: resolve(),
    program: program && resolve(program),
  });
  for (const [name, text] of Object.entries(fileTexts)) {
    const filePath = join(out, name);
    await writeTextDurably(filePath, text);
    if (name.endsWith('.sh')) await writing(filePath, chmod(filePath, 0o755));
  }
  return { plan, files: ['plan.json', ...Object.keys(fileTexts)] };
}

/** What a step has done. */
export interface DoneStep {
  readonly step: ShardStep;
  readonly part?: number;
  /** Set if all steps are done: the folder of the shards. */
  readonly shards?: string;
}

/**
 * Does a step of the plan in `folder`, unless it is done.
 * @param part such as `3/64`, for steps in parts
 * @throws Failure `shard-job-missing`, `shard-job-changed`, `shard-part-unknown`, `shard-job-unfinished`, `shards-damaged`, `shards-not-written`, …
 */
export async function runShardStep(
  folder: string,
  step: ShardStep,
  { part, ...watch }: ShardStepWatch & { readonly part?: string | undefined } = {},
): Promise<DoneStep> {
  const { JobFolder, shardSteps } = await import('../../data/shards/job/folder.ts');
  const job = await JobFolder.open(folder);
  const number = shardSteps[step].inParts ? partOf(part, job) : undefined;
  const done = defined({ step, part: number }) as DoneStep;
  const sealed = job.sealed();
  if (sealed !== undefined) return { ...done, shards: join(job.plan.command.shards, sealed) };
  if (step === 'map' || step === 'merge') {
    const { mapPart, mergeParts } = await import('../../data/shards/job/steps.ts');
    const { command, memory, sizes } = job.plan;
    const source = await jobSourceOf(command, { memory, ...defined({ sizes }) }, watch);
    if (step === 'map') await mapPart(source, job, number!);
    else await mergeParts(source, job);
    return done;
  }
  const { countPart, encodePart, fitParts, sealParts } = await import('../../data/shards/job/bucket_steps.ts');
  const { onPass, signal } = watch;
  const { access } = readingOf(job.plan.command);
  const ofStep = defined({ onPass, signal, access });
  if (step === 'seal') return { ...done, shards: await sealParts(job, ofStep) };
  if (step === 'fit') await fitParts(job, ofStep);
  else await { count: countPart, encode: encodePart }[step](job, number!, ofStep);
  return done;
}

/** @throws Failure `shard-part-unknown` */
function partOf(text: string | undefined, { plan: { parts } }: JobFolder): number {
  const [, part, of] = /^(\d{1,9})\/(\d{1,9})$/.exec(text ?? '') ?? [];
  if (Number(part) >= 1 && Number(part) <= parts && Number(of) === parts) return Number(part);
  throw failure('shard-part-unknown', { text: text ?? '', parts });
}

async function jobSourceOf(
  { model, data: dataPath, set, allow, shards }: JobCommand,
  sizes: Pick<ShardJobPlan, 'memory' | 'sizes'>,
  { onPass, onWarning, signal }: ShardStepWatch,
): Promise<JobSource> {
  const request: CheckRequest = { data: dataPath, ...defined({ set, allow, signal }) };
  const checked = await checkAndLower(model, request);
  const { data, lowered } = checked;
  if (!data) throw failure('data-missing', { path: model });
  const { memory, sizes: shardSizes } = sizes;
  const shardOptions = { memory, shards, ...defined({ onPass, shardSizes }) };
  return {
    description: data.description,
    needs: lowered.plan,
    options: {
      model: checked.model,
      shards: await shardRequest(lowered.plan, shardOptions, join(dirname(shards), 'run'), 'always'),
      ...readingOf(request),
      ...defined({ onWarning }),
    },
  };
}
