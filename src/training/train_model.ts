/**
 * Trains a model in epochs of steps, with a validation and a checkpoint after each. Keeps the best weights, and ends with a folder that is a model. A seed
 * gives the same bits on the same engine, however often the run was stopped and resumed.
 */
import { join, resolve } from 'node:path';
import { failure } from '../base/diagnostics/diagnostic.ts';
import { removeDurably } from '../base/storage/durable.ts';
import { withDefaults } from '../base/util/objects.ts';
import { freshCount } from '../data/rows/fresh.ts';
import { hasCheckpoint, type Progress, restoreState, saveState, type TrainingState } from './artifact/checkpoint.ts';
import { writeAdmissions } from './artifact/encoding_file.ts';
import { changedSettings, identify, type RunIdentity } from './artifact/identity.ts';
import { readManifest } from './artifact/load.ts';
import { type Manifest, manifestFile } from './artifact/run_manifest.ts';
import { artifactPaths, writeEncodings } from './artifact/write_artifact.ts';
import { beginFrom } from './base.ts';
import { choosePrecision, precisionOfRun, storedPrecision } from './chosen_precision.ts';
import { labelOf } from './evaluation/figures.ts';
import { orderOf, smallestBatch, totalSteps } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import { claimFolder, readIdentity, resumeFolder, startFolder, writeIdentity } from './folder.ts';
import { type MetricsLog, openMetricsLog, openStepsLog, type StepsLog } from './metrics_log.ts';
import { restoreBestWeights, writeModel } from './model_files.ts';
import { type EventLog, openEventLog } from './tensorboard_log.ts';
import type { ChosenPrecision, TrainOptions, TrainResult } from './train_options.ts';
import { initialProgress, type ResumeState, TrainingRun } from './training_run.ts';
import { beginState, closeState, type InitialState, tablesOf } from './training_step.ts';
import { agreeOnRun, type Beginning, giveOrder, OtherWorkers, sharedStep } from './workers/talk.ts';

/**
 * @throws Failure `folder-in-use`, `run-in-use`, `nothing-to-resume`, `other-run`, `fewer-epochs`, `too-few-rows`,
 * `no-validation-part`, `too-large-for-memory`, `loss-not-finite`, `damaged-file`, `cannot-write`, …
 */
export async function trainModel(options: TrainOptions): Promise<TrainResult> {
  const { group } = options;
  if (!group) return trainAlone(options);
  // Throws before the folder is touched.
  sharedStep(planWithFittedStep(options.plan, options.dataset.corpus.rows).step);
  const { plan, dataset, engine, folder, tower } = options;
  const continuesRun = options.resume || options.finish;
  const chosen = continuesRun
    ? precisionOfRun(plan, await readIdentity(folder))
    : await choosePrecision(options, () => tablesOf({ plan, dataset }));
  const ownRun = { ...identify(plan, dataset, engine.name), tower, from: options.from?.lineage };
  await agreeOnRun(group, ownRun, chosen?.precision);
  const trainResult = await trainAlone(options, chosen);
  await giveOrder(group, { do: 'end' });
  return trainResult;
}

/** @param chosen the precision that several workers agreed on */
async function trainAlone(options: TrainOptions, chosen?: ChosenPrecision): Promise<TrainResult> {
  if (!options.plan.fitted) refuseUnlessTrainable(options);
  const lock = options.lock ?? (await claimFolder(options.folder, options));
  try {
    if (options.plan.fitted) return await fitWithoutSteps(options);
    return await (options.resume || options.finish ? resume(options) : start(options, chosen));
  } finally {
    if (!options.lock) await lock.release();
  }
}

/** Returns the identity of a new run. The run may be resumed from another working folder, so the path of its origin is absolute. */
function identityFor({ plan, dataset, engine, origin }: TrainOptions): RunIdentity {
  const { all: artifactFilePaths } = artifactPaths(plan, dataset.encodings, origin);
  const final = origin.final && { ...origin.final, name: resolve(origin.final.name) };
  return { ...identify(plan, dataset, engine.name, artifactFilePaths), final };
}

async function start(options: TrainOptions, chosen: ChosenPrecision | undefined): Promise<TrainResult> {
  const { plan, dataset, folder } = options;
  // Allocates before the folder is touched, so that tables that do not fit do not destroy the run in it.
  const firstTables = tablesOf(options);
  const earlierLineage = options.from && withDefaults(options.from.lineage, { events: countTrainedEvents(options) });
  const chosenPrecision = chosen ?? (await choosePrecision(options, () => firstTables));
  const begun = { ...storedPrecision(chosenPrecision), from: earlierLineage };
  const foreignFiles = await startFolder(folder, { ...identityFor(options), ...begun });
  await writeAdmissions(folder, dataset, earlierLineage?.checksum);
  return runWithState(options, chosenPrecision, firstTables, async (state) => {
    const otherWorkers = makeOtherWorkers(options, earlierLineage ? 'earlier run' : 'first values');
    if (options.from && earlierLineage) {
      await otherWorkers?.begin();
      await beginFrom(options.from.base, state, { plan, dataset, steps: earlierLineage.steps });
      // From here on the earlier run is not needed: its weights and the meaning of its codes are in this folder.
      await writeEncodings(folder, dataset.encodings);
      await saveState(folder, initialProgress, state);
    }
    const resumeState = { progress: initialProgress, changes: [], resumed: false, kept: foreignFiles, otherWorkers };
    return trainAndLog(options, state, { ...resumeState, from: earlierLineage, chosen: chosenPrecision });
  });
}

const makeOtherWorkers = (
  { group, sharesTables = false }: TrainOptions,
  beginning: Beginning,
): OtherWorkers | undefined => group && new OtherWorkers(group, sharesTables, beginning);

const countTrainedEvents = ({ dataset: { parts } }: TrainOptions): number =>
  freshCount(parts.train) ?? parts.train.rows;

/** Fits a score without steps. A resumed run that has no model yet begins anew, because a fit has no checkpoint. */
async function fitWithoutSteps(options: TrainOptions): Promise<TrainResult> {
  const { plan, dataset, folder, origin, resume, finish, signal } = options;
  const { rows } = dataset.parts.train;
  if (rows < smallestBatch) throw failure('too-few-rows', { part: 'train', rows, needed: smallestBatch });
  const identity = identityFor(options);
  if (resume || finish) {
    await resumeFolder(folder, identity);
    const doneManifest = await finishedManifest(folder);
    if (doneManifest) return { folder, status: doneManifest.training.status, manifest: doneManifest, records: [] };
    if (finish) throw failure('nothing-to-resume', { folder });
  } else await startFolder(folder, identity);
  const { fitItems } = await import('./fit_items.ts');
  const earlierChoice = origin.final && (await readManifest(origin.final.name)).training.fit;
  const { tables, choice } = await fitItems(options, earlierChoice);
  if (signal?.aborted) return { folder, status: 'interrupted', records: [] };
  await (await openMetricsLog(folder)).close();
  await (await openStepsLog(folder, plan.step.graph)).close();
  const state = { tables, program: { read: async () => ({}) } };
  const manifest = await writeModel(options, state, initialProgress, { status: 'epochs', changes: [], fit: choice });
  return { folder, status: 'epochs', manifest, records: [] };
}

async function resume(options: TrainOptions): Promise<TrainResult> {
  const { plan, folder } = options;
  const identity = identityFor(options);
  const folderIdentity = await resumeFolder(folder, identity);
  const hasChanges = changedSettings(folderIdentity.settings, identity.settings, 0).length > 0;
  const doneManifest = await finishedManifest(folder);
  if (doneManifest && (!hasChanges || options.finish)) {
    return { folder, status: doneManifest.training.status, manifest: doneManifest, records: [] };
  }
  const hasState = await hasCheckpoint(folder);
  // Without a checkpoint there is nothing to finish, and a finished model cannot be continued.
  if (!hasState && (options.finish || doneManifest || folderIdentity.from))
    throw failure('nothing-to-resume', { folder });
  const firstTables = tablesOf(options);
  const chosenPrecision = precisionOfRun(plan, folderIdentity);
  return runWithState(options, chosenPrecision, firstTables, async (state) => {
    const progress = hasState ? await restoreState(folder, state) : initialProgress;
    if (!options.finish) refuseFewerEpochs(options, progress);
    if (progress.best) await restoreBestWeights(folder, progress.best);
    const { from, final, settings, changes: earlierChanges } = folderIdentity;
    const changes = [...earlierChanges, ...changedSettings(settings, identity.settings, progress.step)];
    await removeDurably(join(folder, manifestFile));
    await writeIdentity(folder, {
      ...identity,
      ...storedPrecision(chosenPrecision),
      from,
      final,
      files: [...new Set([...folderIdentity.files, ...identity.files])],
      changes,
    });
    const otherWorkers = makeOtherWorkers(options, hasState ? 'checkpoint' : 'first values');
    const resumeState = { progress, changes, resumed: progress.step > 0, kept: [], otherWorkers };
    return trainAndLog(options, state, { ...resumeState, from, chosen: chosenPrecision });
  });
}

function refuseFewerEpochs({ plan, dataset, folder }: TrainOptions, { step }: Progress): void {
  const { epochs, steps } = plan.train;
  const order = orderOf(plan, dataset.parts.train);
  if (step <= totalSteps(plan.train, order)) return;
  const [given, done] = steps === undefined ? [epochs, Math.ceil(step / order.steps)] : [steps, step];
  throw failure('fewer-epochs', { folder, entry: steps === undefined ? 'epochs' : 'steps', given, done });
}

async function runWithState(
  options: TrainOptions,
  chosen: ChosenPrecision | undefined,
  tables: TrainingState['tables'],
  work: (state: InitialState) => Promise<TrainResult>,
): Promise<TrainResult> {
  const state = await beginState(options, chosen?.precision ?? 'float32', tables, options.group);
  return useAndClose({ close: () => closeState(state) }, () => work(state));
}

async function useAndClose<C extends { close(): Promise<void> }, R>(opened: C, work: (opened: C) => Promise<R>) {
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function trainAndLog(options: TrainOptions, state: InitialState, resumeState: ResumeState): Promise<TrainResult> {
  const { folder, plan, origin, dataset } = options;
  const { progress, resumed } = resumeState;
  const { graph } = plan.step;
  const runWith = (log: MetricsLog, steps: StepsLog, events?: EventLog): Promise<TrainResult> =>
    useAndClose(new TrainingRun(options, state, { log, steps, events }, resumeState), (run) =>
      options.finish ? run.finishAtCheckpoint() : run.run(),
    );
  return useAndClose(await openMetricsLog(folder, resumed ? progress.metrics : undefined), async (log) =>
    useAndClose(await openStepsLog(folder, graph, resumed ? progress.steps : undefined), async (steps) => {
      // Finishing a run adds nothing to its curves.
      if (options.finish) return runWith(log, steps);
      const total = totalSteps(plan.train, orderOf(plan, dataset.parts.train));
      const events = await openEventLog({ folder, graph, origin, doneSteps: progress.step, steps: total });
      return useAndClose(events, () => runWith(log, steps, events));
    }),
  );
}

/** Refuses data with too few rows. A run that continues an earlier one may have no new event: it is then that run, with the current items. */
function refuseUnlessTrainable({ plan, dataset: { parts }, origin }: TrainOptions): void {
  const { stop, validate } = plan.train;
  const { rows, withoutList } = orderOf(plan, parts.train);
  if (rows < smallestBatch && freshCount(parts.train) === undefined) {
    const listCounts = withoutList > 0 ? { withoutList } : {};
    throw failure('too-few-rows', { part: 'train', rows, needed: smallestBatch, ...listCounts });
  }
  if (origin.final) return;
  const neededBy = stop ? `stop = ${labelOf(stop)}` : validate && 'validate';
  if (neededBy && parts.validation.rows === 0) throw failure('no-validation-part', { needs: neededBy });
}

/** Returns the manifest of a finished run; undefined if there is more to train, or if the run must be sealed again. */
async function finishedManifest(folder: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest && ['epochs', 'patience'].includes(manifest.training.status) ? manifest : undefined;
}
