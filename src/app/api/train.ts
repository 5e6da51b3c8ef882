import { resolve } from 'node:path';
import { type Diagnostic, diagnose, failure } from '../../base/diagnostics/diagnostic.ts';
import type { FolderLock } from '../../base/storage/lock.ts';
import { positionAt } from '../../base/text/source.ts';
import { withoutIgnored } from '../../compiler/pipeline.ts';
import type { Dataset, Fresh, Until } from '../../data/dataset.ts';
import type { Pinned } from '../../data/pinned.ts';
import { listWarnings, readDataset } from '../../data/read_dataset.ts';
import { freshCount, maybeSeconds, momentAsked, momentWords, type RequestedMoment } from '../../data/rows/fresh.ts';
import { withMetricColumns } from '../../data/rows/item_columns.ts';
import type { ShardRequest } from '../../data/shards/request.ts';
import type { EngineName } from '../../engines/engine.ts';
import { chooseEngine, type EngineChoice } from '../../engines/engines.ts';
import { amongWorkers, type Meeting, type WorkerGroup } from '../../engines/group.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { readAdmissions } from '../../training/artifact/encoding_file.ts';
import { isReplay, type Lineage } from '../../training/artifact/identity.ts';
import { hasSameData, lineageOf, readBase, refuseItself } from '../../training/base.ts';
import { claimFolder, engineOfRun, hasRun, pinnedIn, readIdentity, shardsOfRun } from '../../training/folder.ts';
import { follow } from '../../training/follow.ts';
import type { BlockPosition } from '../../training/step_profile.ts';
import { trainModel } from '../../training/train_model.ts';
import type { TrainingEvent, TrainOptions, TrainResult } from '../../training/train_options.ts';
import { chooseLayout, type LayoutChosen, type TableLayout } from '../../training/workers/read_together.ts';
import { type CheckRequest, checkAndLower, readingOf } from './check.ts';
import { type ModelToTrain, settledBy } from './final.ts';
import { objectivesIn } from './recorded.ts';
import { refuseFitted } from './refuse_fitted.ts';
import { type MemoryRequest, shardRequest } from './shards.ts';
import { version } from './version.ts';

export interface TrainRequest extends CheckRequest, MemoryRequest {
  /** Folder of the run, which becomes the model. */
  readonly out: string;
  /** Seed of all random choices. The same as `set: { seed }`, over which it takes precedence. Default: the model's, otherwise 1. */
  readonly seed?: number;
  /** Default: the first that loads; for a resumed run, its own engine. */
  readonly engine?: EngineName;
  /** Resumes the run in the folder. `auto`: if there is none, begins one, as a launcher that restarts its command needs it. */
  readonly resume?: boolean | 'auto';
  /** The folder of a run to continue from, with its weights, tables and optimizer states. */
  readonly from?: string;
  /** The folder of a finished run. Its model is trained again on all events, with the same data block, settings, engine and number of epochs. */
  readonly final?: string;
  /** With `from`: train on events from this moment on, as `2018-09-01` or a number. Default: events after the last one that the earlier run had. */
  readonly since?: string | number;
  /** With `from`: train on all events of the training part. */
  readonly all?: boolean;
  /** With `from`: how many earlier events, drawn anew in each epoch, to train on for each new event. Default: none. */
  readonly replay?: number;
  /** Ends the run in the folder at its checkpoint. The result is a model that is marked as stopped. */
  readonly finish?: boolean;
  /** True to replace the run in the folder. Files that Tower did not write stay. */
  readonly force?: boolean;
  /** True to measure a sample of steps by block and by op, and write `profile/trace.json` and `profile/profile.json`. The weights are the same. */
  readonly profile?: boolean;
  /** Returns the validation after which to pause, given the number of validations. `resume` continues from there with the same bits. */
  readonly until?: (validations: number) => number;
  /** Ends training after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Ends training after the current step, and the run as `finish` does: for a limit of time. */
  readonly limit?: AbortSignal;
  /** Makes this process one of several workers with the engine `torch`. Only the first worker writes files. */
  readonly meeting?: Meeting;
  /** With `meeting`: selects whether each worker holds all tables or the workers share the rows. Default: they share tables that do not fit on one of them. */
  readonly tables?: TableLayout;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Called when everything is loaded, before the first step. */
  readonly onReady?: (ready: TrainReady) => void;
}

export interface TrainReady extends EngineChoice {
  readonly warnings: readonly Diagnostic[];
  readonly plan: Plan;
  readonly dataset: Dataset;
  /** Present if there are several workers. */
  readonly tables?: LayoutChosen & { readonly workers: number };
}

export interface Trained extends TrainResult {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: EngineChoice['engine'];
}

/**
 * Checks the model, reads the data, trains, and writes a model into `out`.
 * @param path of a model; undefined with `final`, and to resume such a run
 * @throws Failure with diagnostics for whatever is wrong with the model, the data, the folder or the machine; the reason of `signal` if it comes before the
 * rows are read
 */
export async function train(path: string | undefined, { resume, ...requested }: TrainRequest): Promise<Trained> {
  const startRequest = { ...requested, resume: resume === 'auto' ? await hasRun(requested.out) : resume === true };
  const isOld = startRequest.resume || startRequest.finish;
  // A run that is trained on all events names the run that chose its settings.
  const final = startRequest.final ?? (isOld ? (await readIdentity(startRequest.out)).final?.name : undefined);
  const settled = final === undefined ? undefined : await settledBy(final, path, startRequest);
  const request = { ...startRequest, ...settled?.request };
  const { seed, from, all, since, replay, meeting } = request;
  const allSettings = seed === undefined ? request.set : { ...request.set, seed };
  const checkedModel: ModelToTrain = settled?.model ?? (await checkModel(path, { ...request, set: allSettings }));
  const { data, lowered } = checkedModel;
  if (!data) throw failure('data-missing', { path: path ?? final! });
  const freshRequest =
    from === undefined ? undefined : all ? 'all' : since === undefined ? undefined : momentAsked(since, 'since');
  if (replay !== undefined && !isReplay(replay)) throw failure('replay-unreadable', { given: String(replay) });
  refuseSteps(lowered.plan, request);
  if (from !== undefined) await refuseItself(from, request.out);
  if (meeting && (request.engine ?? 'torch') !== 'torch') throw failure('workers-engine', { engine: request.engine! });
  if (meeting && meeting.rank > 0) return trainFolder(undefined);
  // Before the invalid rows of the data are written into the folder.
  const lock = await claimFolder(request.out, { ...request, plan: lowered.plan });
  try {
    return await trainFolder(lock);
  } finally {
    await lock.release();
  }

  async function trainFolder(folderLock: FolderLock | undefined): Promise<Trained> {
    const trainingStart = await readStart(request, checkedModel.lowered.plan, data!.description, freshRequest);
    return trainIn(folderLock, { ...request, set: allSettings }, checkedModel, data!, trainingStart);
  }
}

/** A request for which is decided whether it resumes the run in its folder. */
type BegunRequest = Omit<TrainRequest, 'resume'> & { readonly resume: boolean };

/** @throws Failure `fitted-whole` for an option about steps, if the model takes none */
function refuseSteps(plan: Plan, { from, meeting, profile }: BegunRequest): void {
  const refuseOption = (option: string, what: string): void => refuseFitted(plan, what, `leave out \`${option}\``);
  if (from !== undefined) refuseOption('--from', 'it is fitted to all events again, and goes on from no earlier run');
  if (meeting) refuseOption('--workers', 'it takes no steps that workers could share');
  if (profile) refuseOption('--profile', 'it takes no steps to measure');
}

/** @throws Failure `model-missing` without a path, and those of the model */
async function checkModel(path: string | undefined, request: BegunRequest): Promise<ModelToTrain> {
  if (path !== undefined) return checkAndLower(path, request);
  throw failure('model-missing', { folder: request.resume || request.finish ? request.out : undefined });
}

interface TrainingStart {
  /** Encodings of the run that is resumed or continued, which stay the same. */
  readonly pinned?: Pinned;
  readonly from?: TrainOptions['from'];
  /** The earlier run, also if the run that continues it is resumed. */
  readonly lineage?: Lineage | undefined;
}

/** Reads the run to resume or to continue, before the rows are read, so that its errors appear at once. */
async function readStart(
  { from, out, resume, finish, replay }: BegunRequest,
  plan: Plan,
  description: DataDescription,
  sinceRequest: SinceRequest,
): Promise<TrainingStart> {
  if (resume || finish) return { pinned: await pinnedIn(out, plan), lineage: (await readIdentity(out)).from };
  if (from === undefined) return {};
  const baseRun = await readBase(from, plan);
  const { data, final } = baseRun.trained.manifest;
  if (description.trainsAll && !final) throw failure('final-from-other', { folder: from });
  const freshEvents = freshOf(sinceRequest, { folder: from, until: data.until }, description);
  const lineage = lineageOf(baseRun, { fresh: freshEvents, replay });
  const admissions = await readAdmissions(from);
  return {
    pinned: {
      encodings: baseRun.trained.encodings,
      grows: true,
      admissions,
      trainedAll: final !== undefined,
      fresh: freshEvents,
      replay,
      until: data.until,
    },
    from: { base: baseRun, lineage },
    lineage,
  };
}

/** Refuses held-out events that an earlier run in the chain has trained on, because their figures would be too good. */
async function refuseTrained(
  { from }: TrainingStart,
  dataset: Dataset,
  { split, span }: DataDescription,
): Promise<void> {
  const { heldOutBefore = 0 } = dataset;
  if (!from || heldOutBefore === 0) return;
  if (!from.base.trained.manifest.final && !['by_time', 'random', 'by_user'].includes(split.kind)) return;
  if (hasSameData(from.base, dataset)) return;
  const { folder, trained } = from.base;
  const dataUntil = momentWords(trained.manifest.data.until!.time);
  throw failure('held-out-trained', { folder, events: heldOutBefore, split: split.kind, until: dataUntil }, span);
}

/** Trains. The function is long because a single process and one of several workers share these steps. @param lock if this process writes the folder */
async function trainIn(
  lock: FolderLock | undefined,
  request: BegunRequest,
  checked: ModelToTrain,
  data: NonNullable<ModelToTrain['data']>,
  start: TrainingStart,
): Promise<Trained> {
  const { signal, set, meeting } = request;
  const { plan } = checked.lowered;
  const isOld = request.resume || request.finish;
  // A resumed run keeps its decision about shards.
  const newShards = request.shardSizes ? 'always' : 'as-needed';
  const whenSharded = isOld ? ((await shardsOfRun(request.out)) ?? 'never') : newShards;
  const warnings: Diagnostic[] = [];
  const rowsRequest = { ...request, continues: start.lineage };
  const access = data.access ?? readingOf(request).access;
  const readRows = (shards: ShardRequest, stop = signal) =>
    readDataset(data.description, plan, {
      onWarning: (warning) => warnings.push(warning),
      ...(lock ? { folder: request.out } : {}),
      model: checked.model,
      shards,
      pinned: start.pinned,
      signal: stop,
      access,
    });
  if (!meeting) {
    // The database reads in its own threads while this thread loads the engine.
    const readingRows = readRows(await shardRequest(plan, rowsRequest, request.out, whenSharded));
    readingRows.catch(() => {});
    return trainOn(await engineFor(request), readingRows);
  }
  // Workers connect before they read, so that all learn if one of them is slow or fails.
  const choice = await chooseEngine('torch');
  const group = await choice.engine.join!(meeting);
  return amongWorkers(group, async () => {
    await group.note('reads its rows');
    const { rowsOfWorker } = await import('./workers.ts');
    return trainOn(
      choice,
      rowsOfWorker(group, { plan, request: rowsRequest, when: whenSharded, read: readRows }),
      group,
    );
  });

  async function trainOn(choice: EngineChoice, reading: Promise<Dataset>, group?: WorkerGroup): Promise<Trained> {
    const rows = await reading;
    const source = { metrics: plan.train.metrics ?? [], description: data.description, needs: plan };
    const dataset = await withMetricColumns(rows, source, { access, signal: request.signal });
    await refuseTrained(start, dataset, data.description);
    const layoutRequest = { plan, dataset, requestedLayout: request.tables };
    const tables = group && (await chooseLayout(group, layoutRequest));
    request.onReady?.({
      ...{ ...choice, plan, dataset },
      warnings: [
        ...checked.diagnostics,
        ...withoutIgnored([
          ...warnings,
          ...lateEvents(start, dataset, data.description),
          ...(await listWarnings(dataset, plan, data.description, checked.model)),
        ]),
      ],
      tables: tables && { ...tables, workers: group.workers },
    });
    const options: TrainOptions = {
      plan,
      dataset,
      engine: choice.engine,
      folder: request.out,
      tower: version,
      origin: {
        sources: checked.sources.map(({ name, text }) => ({ name, text })),
        data: { name: resolve(data.source.name), text: data.source.text },
        settings: set && Object.fromEntries(Object.entries(set).map(([k, v]) => [k, String(v)])),
        final: checked.final,
      },
      lock,
      group,
      sharesTables: tables && tables.layout === 'sharded',
      from: start.from,
      resume: request.resume,
      finish: request.finish,
      force: request.force,
      signal,
      limit: request.limit,
      until: request.until,
      norms: checked.lowered.norms,
      objectives: objectivesIn(checked.model, plan),
      profile: request.profile ? { places: blockPositions(checked) } : undefined,
      onEvent: request.onEvent,
    };
    const trainResult = await (group && group.rank > 0 ? followIn({ ...options, group }) : trainModel(options));
    return { ...trainResult, plan, dataset, engine: choice.engine };
  }
}

/** Warns about events that the earlier run did not have although they are not later than its last one, so that they are not new either. */
function lateEvents(
  { from }: TrainingStart,
  { parts: { train } }: Dataset,
  { time }: DataDescription,
): readonly Diagnostic[] {
  const { fresh } = from?.lineage ?? {};
  const newCount = freshCount(train);
  if (!from || newCount === undefined || !fresh || 'since' in fresh) return [];
  const { folder, trained } = from.base;
  const events = train.rows - newCount - trained.manifest.data.train;
  return events > 0
    ? [diagnose('late-events', time?.span, { folder, events, until: momentWords(fresh.after.time) })]
    : [];
}

/** Chooses the engine. A resumed run uses its own engine unless another one is named, which is refused later. */
async function engineFor({ engine, resume, finish, out }: BegunRequest): Promise<EngineChoice> {
  return chooseEngine(engine ?? (resume || finish ? await engineOfRun(out) : undefined));
}

/** Trains as a worker that writes nothing, and returns its result. */
async function followIn(options: TrainOptions & { readonly group: WorkerGroup }): Promise<TrainResult> {
  await follow(options);
  return { folder: options.folder, status: 'epochs', records: [] };
}

/** Which events to train on with `from`. If absent, those after the last one of the earlier run. */
type SinceRequest = 'all' | RequestedMoment | undefined;

/** Returns undefined if all events are trained on. @throws Failure `from-no-time`, `time-not-seconds` */
function freshOf(
  sinceRequest: SinceRequest,
  { folder, until }: { readonly folder: string; readonly until: Until | undefined },
  { name, time, events }: Pick<DataDescription, 'name' | 'time' | 'events'>,
): Fresh | undefined {
  if (sinceRequest === 'all') return undefined;
  if (time === undefined) throw failure('from-no-time', { folder, what: `the data block \`${name}\` has no \`time\`` });
  // A new user begins at position 1 again, which an earlier run has had from other users.
  if (events.lines)
    throw failure('from-no-time', { folder, what: `the \`time\` of \`${name}\` counts the items of each line` });
  if (sinceRequest === undefined) {
    if (until) return { after: until };
    throw failure('from-no-time', { folder, what: `the run in ${folder} does not say when its last event was` });
  }
  if (sinceRequest.isDate && until && !maybeSeconds(until.time)) {
    const what = `\`--since ${sinceRequest.text}\``;
    throw failure('time-not-seconds', { what, time: until.time, isSince: true }, time.span);
  }
  return { since: sinceRequest.time };
}

/** Returns the source positions of a model's blocks, by the label of their nodes in the training step. */
export function blockPositions({ model, lowered }: Pick<ModelToTrain, 'model' | 'lowered'>) {
  const steps = [...lowered.written].map(([label, { span }]) => [label, span] as const);
  const tasks = model.tasks.flatMap(({ name, score, loss }) => [
    [`score/${name}`, score.span] as const,
    ...(loss ? [[`loss/${name}`, loss.span] as const] : []),
  ]);
  return new Map(
    [...steps, ...tasks].map(([label, { source, start }]): [string, BlockPosition] => [
      label,
      { file: source.name, ...positionAt(source, start) },
    ]),
  );
}
