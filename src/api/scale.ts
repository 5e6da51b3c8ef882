/** `tower scale prepare`: a folder that launchers on several machines start a training from. */
import { chmod, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isAddress } from '../data/files/remote/address.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { reading, writing } from '../diagnostics/system_reason.ts';
import { type CheckRequest, checkAndLower } from './check.ts';
import { type Job, jobFiles } from './job_files.ts';
import { memoryBytes } from './shards.ts';
import { version } from './version.ts';

export interface PrepareRequest extends CheckRequest {
  readonly data: string;
  /** Folder of the job. */
  readonly out: string;
  readonly workers: number;
  /** Folder of the run. Default: `run` in the folder of the job. */
  readonly run?: string;
  readonly seed?: number;
  /** As `TrainRequest.tables`. */
  readonly tables?: 'replicated' | 'sharded';
  /** As `TrainRequest.memory`: of a machine, for its workers together. */
  readonly memory?: string;
  /** As `TrainRequest.shards`: a folder that all machines share. */
  readonly shards?: string;
  readonly force?: boolean;
}

export interface Prepared {
  readonly job: Job;
  /** Paths within the folder. */
  readonly files: readonly string[];
}

/**
 * Checks that workers can share the model, and writes the scripts. It reads no rows.
 * @throws Failure with the model's diagnostics, `workers-unsupported`, `memory-text`, `folder-not-empty`, `cannot-write`
 */
export async function prepare(path: string, request: PrepareRequest): Promise<Prepared> {
  const { out, workers, seed, force = false, run = join(out, 'run'), memory, shards } = request;
  // A mistake in it would otherwise be found on all machines.
  if (memory !== undefined) memoryBytes(memory);
  const set = seed === undefined ? request.set : { ...request.set, seed };
  const { lowered, data } = await checkAndLower(path, { ...request, ...defined({ set }) });
  if (!data) throw failure('data-missing', { path });
  const { plan } = lowered;
  const { sharedStep } = await import('../training/workers/shared_step.ts');
  const { torchModule } = await import('../engine/formats/torch.ts');
  const { identityOf } = await import('../artifact/identity.ts');
  const { makeFolder, removeDurably, writeTextDurably } = await import('../storage/durable.ts');
  const step = sharedStep(plan.step);
  const { unshared } = await import('../training/workers/table_layout.ts');
  const cannot = request.tables === 'sharded' ? unshared(plan) : undefined;
  if (cannot !== undefined) throw failure('workers-unsupported', { what: cannot, areTables: true });
  await makeFolder(out);
  if (!force && (await reading(out, readdir(out))).length > 0) throw failure('folder-not-empty', { folder: out });
  const job: Job = {
    format: 'tower-job-1',
    tower: version,
    model: plan.model,
    plan: identityOf(plan).plan,
    workers,
    arguments: [
      'train',
      resolve(path),
      ...['--data', resolve(request.data), '--out', resolve(run), '--workers', 'launched'],
      ...Object.entries(set ?? {}).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
      ...(request.tables === undefined ? [] : ['--tables', request.tables]),
      ...(memory === undefined ? [] : ['--memory', memory]),
      ...(shards === undefined ? [] : ['--shards', resolve(shards)]),
      ...(request.allow ?? []).flatMap((place) => ['--allow', isAddress(place) ? place : resolve(place)]),
    ],
    run: resolve(run),
    folder: resolve(out),
    sums: step.nodes.filter(({ op }) => op === 'AllReduce').length,
    gathers: step.nodes.filter(({ op }) => op === 'AllGather').length,
  };
  const texts = { 'step.py': torchModule(step).source, ...jobFiles(job) };
  // What says that the folder is a job goes first, and comes last.
  await removeDurably(join(out, 'job.json'));
  for (const [name, text] of Object.entries(texts)) {
    const path = join(out, name);
    await writeTextDurably(path, text);
    if (name.endsWith('.sh')) await writing(path, chmod(path, 0o755));
  }
  return { job, files: Object.keys(texts) };
}
