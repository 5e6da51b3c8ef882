/**
 * Training: epochs of steps, a validation and a checkpoint after each, the best weights kept, and in the end a folder that is a
 * model. A seed gives the same bits on the same engine, however often the run was stopped and resumed.
 */
import { join } from 'node:path';
import { writeAdmissions } from '../artifact/admissions.ts';
import { hasCheckpoint, type Progress } from '../artifact/checkpoint.ts';
import { changesOf, identify } from '../artifact/identity.ts';
import { readManifest } from '../artifact/load.ts';
import { type Manifest, manifestFile } from '../artifact/manifest.ts';
import { restoreState, saveState, type TrainingState } from '../artifact/training_state.ts';
import { artifactPaths, writeEncodings } from '../artifact/write.ts';
import type { Dataset } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { bfloat16Instructions } from '../engine/processor.ts';
import { labelOf } from '../evaluation/measures.ts';
import type { Plan } from '../plan/plan.ts';
import { removeDurably } from '../storage/durable.ts';
import { smallestBatch } from './batches.ts';
import { beginFrom } from './begin_from.ts';
import { type BegunState, beginState, tablesOf } from './begin_state.ts';
import { restoreBest } from './best_weights.ts';
import { claimFolder } from './claim.ts';
import { type OfRun, openEventLog } from './event_log.ts';
import { fitted } from './fitted_step.ts';
import { readIdentity, resumeFolder, startFolder, writeIdentity } from './folder.ts';
import { openMetricsLog } from './metrics_log.ts';
import { orderOf } from './order.ts';
import { type ChosenPrecision, choosePrecision, keptPrecision } from './precision.ts';
import { totalSteps } from './rounds.ts';
import { beginning, Run, type Standing } from './run.ts';
import { openStepsLog } from './steps_log.ts';
import type { TrainOptions, TrainResult } from './train_options.ts';
import { OtherWorkers } from './workers/others.ts';
import { sharedStep } from './workers/shared_step.ts';
import { agree, type Beginning, giveOrder } from './workers/talk.ts';

/**
 * @throws Failure `folder-in-use`, `run-in-use`, `nothing-to-resume`, `other-run`, `fewer-epochs`, `too-few-rows`,
 * `no-validation-part`, `too-large-for-memory`, `loss-not-finite`, `damaged-file`, `cannot-write`, …
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { group } = options;
  if (!group) return trainAlone(options);
  // Before the folder is touched.
  sharedStep(fitted(options.plan, options.dataset.corpus.rows).step);
  const { plan, dataset, engine, folder, tower } = options;
  const isOld = options.resume || options.finish;
  const chosen = isOld
    ? keptPrecision(plan, (await readIdentity(folder)).precision)
    : choosePrecision(plan, engine, bfloat16Instructions());
  const from = options.from?.lineage;
  await agree(group, { ...identify(plan, dataset, engine.name), tower, from }, chosen?.precision);
  const result = await trainAlone(options);
  await giveOrder(group, { do: 'end' });
  return result;
}

async function trainAlone(options: TrainOptions): Promise<TrainResult> {
  refuseUnlessTrainable(options.plan, options.dataset);
  const lock = options.lock ?? (await claimFolder(options.folder, options));
  try {
    return await (options.resume || options.finish ? resume(options) : start(options));
  } finally {
    if (!options.lock) await lock.release();
  }
}

async function start(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, engine, folder, origin } = options;
  // Before the folder is touched: tables that do not fit must not cost the run that it holds.
  const tables = tablesOf(options);
  const files = artifactPaths(plan, dataset.encodings, origin).all;
  const from = options.from && { ...options.from.lineage, ...defined({ events: eventsOf(options) }) };
  const chosen = choosePrecision(plan, engine, bfloat16Instructions());
  const kept = await startFolder(folder, {
    ...identify(plan, dataset, engine.name, files),
    ...defined({ precision: chosen?.precision, from }),
  });
  await writeAdmissions(folder, dataset, from?.checksum);
  return withState(options, chosen, tables, async (state) => {
    const others = othersOf(options, from ? 'earlier run' : 'first values');
    if (options.from && from) {
      await others?.begin();
      await beginFrom(options.from.base, state, { plan, dataset, steps: from.steps });
      // From here on the earlier run is not needed: what it learned and what its codes mean is in this folder.
      await writeEncodings(folder, dataset.encodings);
      await saveState(folder, beginning, state);
    }
    const standing = { progress: beginning, changes: [], resumed: false, kept, others };
    return go(options, state, { ...standing, ...defined({ from, chosen }) });
  });
}

const othersOf = ({ group, sharesTables = false }: TrainOptions, beginning: Beginning): OtherWorkers | undefined =>
  group && new OtherWorkers(group, sharesTables, beginning);

const eventsOf = ({ dataset: { parts } }: TrainOptions): number => parts.train.fresh?.length ?? parts.train.rows;

async function resume(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, engine, folder, origin } = options;
  const files = artifactPaths(plan, dataset.encodings, origin).all;
  const identity = identify(plan, dataset, engine.name, files);
  const there = await resumeFolder(folder, identity);
  const changed = changesOf(there.settings, identity.settings, 0).length > 0;
  const done = await finishedManifest(folder);
  if (done && (!changed || options.finish)) {
    return { folder, status: done.training.status, manifest: done, records: [] };
  }
  const resumed = await hasCheckpoint(folder);
  // Without a checkpoint there is nothing to end, and no way to go on from a model that is finished.
  if (!resumed && (options.finish || done || there.from)) throw failure('nothing-to-resume', { folder });
  const tables = tablesOf(options);
  const chosen = keptPrecision(plan, there.precision);
  return withState(options, chosen, tables, async (state) => {
    const progress = resumed ? await restoreState(folder, state) : beginning;
    if (!options.finish) refuseFewerEpochs(options, progress);
    if (progress.best) await restoreBest(folder, progress.best);
    const changes = [...there.changes, ...changesOf(there.settings, identity.settings, progress.step)];
    await removeDurably(join(folder, manifestFile));
    const { from } = there;
    await writeIdentity(folder, {
      ...identity,
      ...defined({ precision: chosen?.precision, from }),
      files: union(there.files, files),
      changes,
    });
    const others = othersOf(options, resumed ? 'checkpoint' : 'first values');
    const standing = { progress, changes, resumed: progress.step > 0, kept: [], others };
    return go(options, state, { ...standing, ...defined({ from, chosen }) });
  });
}

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])];

function refuseFewerEpochs({ plan, dataset, folder }: TrainOptions, { step }: Progress): void {
  const { epochs, steps } = plan.train;
  const order = orderOf(plan, dataset.parts.train);
  if (step <= totalSteps(plan.train, order)) return;
  const [given, done] = steps === undefined ? [epochs, Math.ceil(step / order.steps)] : [steps, step];
  throw failure('fewer-epochs', { folder, entry: steps === undefined ? 'epochs' : 'steps', given, done });
}

/** What the run holds while it goes on. */
async function withState(
  options: TrainOptions,
  chosen: ChosenPrecision | undefined,
  tables: TrainingState['tables'],
  work: (state: BegunState) => Promise<TrainResult>,
): Promise<TrainResult> {
  const precision = chosen?.precision ?? 'float32';
  const state = await beginState({ ...options, precision }, tables, options.group);
  try {
    return await work(state);
  } finally {
    state.feeder.close();
    await state.program.close();
  }
}

async function go(options: TrainOptions, state: BegunState, standing: Standing): Promise<TrainResult> {
  const { folder, plan } = options;
  const { progress, resumed } = standing;
  const log = await openMetricsLog(folder, resumed ? progress.metrics : undefined);
  try {
    const steps = await openStepsLog(folder, plan.step.graph, resumed ? progress.steps : undefined);
    try {
      // To end a run as it is adds nothing to its curves.
      const events = options.finish ? undefined : await openEventLog(ofRun(options, progress.step));
      try {
        const run = new Run(options, state, { log, steps, ...defined({ events }) }, standing);
        try {
          return await (options.finish ? run.finishAsItIs() : run.go());
        } finally {
          await run.close();
        }
      } finally {
        await events?.close();
      }
    } finally {
      await steps.close();
    }
  } finally {
    await log.close();
  }
}

const ofRun = ({ folder, plan, origin, dataset }: TrainOptions, done: number): OfRun => ({
  folder,
  graph: plan.step.graph,
  origin,
  done,
  steps: totalSteps(plan.train, orderOf(plan, dataset.parts.train)),
});

/** Without a new event a run that goes on from an earlier one is that run, with the items of today. */
function refuseUnlessTrainable(plan: Plan, { parts }: Dataset): void {
  const { stop, validate } = plan.train;
  const { rows, withoutList } = orderOf(plan, parts.train);
  if (rows < smallestBatch && parts.train.fresh === undefined) {
    const empty = withoutList > 0 ? { withoutList } : {};
    throw failure('too-few-rows', { part: 'train', rows, needed: smallestBatch, ...empty });
  }
  const needs = stop ? `stop = ${labelOf(stop)}` : validate && 'validate';
  if (needs && parts.validation.rows === 0) throw failure('no-validation-part', { needs });
}

/** Of a run that has trained all that it should; undefined where there is more to train, or where it must be sealed again. */
async function finishedManifest(folder: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest && ['epochs', 'patience'].includes(manifest.training.status) ? manifest : undefined;
}
