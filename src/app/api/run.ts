/** Loads a trained model from its folder and answers requests with it. Long because each method of a run validates and describes its own request. */

import { type Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { withDefaults } from '../../base/util/objects.ts';
import type { AsOf, Dataset, Part, Until } from '../../data/dataset.ts';
import { readDataset } from '../../data/read_dataset.ts';
import { momentAsked, momentOf, momentWords } from '../../data/rows/fresh.ts';
import { readItemColumns, withMetricColumns } from '../../data/rows/item_columns.ts';
import { openEventReader } from '../../data/written/event_reader.ts';
import type { EventReader, ItemReader } from '../../data/written/fields.ts';
import { openItemReader } from '../../data/written/item_reader.ts';
import type { EngineName } from '../../engines/engine.ts';
import { chooseEngine, type EngineChoice } from '../../engines/engines.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { MeasureSpec } from '../../graph/plan/plan.ts';
import { columnsFrom, type ItemColumns } from '../../retrieval/filter/filter_columns.ts';
import type { RecommendOptions } from '../../retrieval/prepare.ts';
import type { FeatureValues } from '../../retrieval/query_columns.ts';
import type { Servable } from '../../retrieval/servable.ts';
import type { Recommendation, RerankEntries } from '../../retrieval/top_request.ts';
import type { RetrievalObjective } from '../../retrieval/vectors.ts';
import { makeRecommender, openRecommender, type Recommender } from '../../serving/live/recommender.ts';
import { pinnedBy } from '../../training/artifact/identity.ts';
import {
  differenceOfData,
  hasOnlyGrown,
  type LoadedModel,
  load as loadArtifact,
} from '../../training/artifact/load.ts';
import type { Manifest } from '../../training/artifact/run_manifest.ts';
import type { BaselineChoice } from '../../training/evaluation/contestants.ts';
import { type Evaluation, evaluateModel as evaluateAll } from '../../training/evaluation/evaluate_model.ts';
import { defaultMeasures, makeMeasures } from '../../training/evaluation/figures.ts';
import { itemMapOf } from '../../training/evaluation/item_map.ts';
import { type Exported, exportModel } from '../../training/export/export_towers.ts';
import { type WeightsDescription, writeWeightsExport } from '../../training/export/export_weights.ts';
import { replayStep, type StepRecord } from '../../training/replay.ts';
import { engineProduct } from '../../training/scoring/matrix_product.ts';
import { makeRetrieval } from '../../training/scoring/retrieval_scorer.ts';
import { type Attention, modelScorer, predictionsOf, readAttention, spreadsOf } from '../../training/scoring/scorer.ts';
import { makeCache, type RunCache } from './cache/cache.ts';
import { askedMeasures, blockIn, type Metrics, readingOf, readSource } from './check.ts';
import { objectivesOf, recordedBlock, refuseOtherPlan } from './recorded.ts';
import { refuseFitted } from './refuse_fitted.ts';
import { type MemoryRequest, shardsOfTrained } from './shards.ts';
import { version } from './version.ts';

export interface LoadRequest extends MemoryRequest {
  /** The `.tower` file whose `data` block says where the rows are. Default: the one that the model was trained on. */
  readonly data?: string;
  readonly engine?: EngineName;
  /**
   * Further folders that the files of the data block may be in. The project of the block is allowed too, unless the run was trained elsewhere.
   * Addresses such as `s3://shop/` allow everything below them.
   */
  readonly allow?: readonly string[];
  /**
   * The events that answers know: those before the part `validation` or `test`, as in an evaluation, or before a moment such as `2018-09-01`, or a number as in
   * the column of time. Default: all events of the data block.
   */
  readonly asOf?: string | number;
  /** Holds out the events after these, in place of those of the split: of a run that another one replaces. */
  readonly later?: Until;
  readonly signal?: AbortSignal;
  /** True to accept the model of a run that was stopped and may be resumed. Answers say so. */
  readonly unfinished?: boolean;
  /**
   * True to use and write a cache in the folder `cache` of the run. Default: true. The cache is valid only while the run, the data and the engine are
   * unchanged.
   */
  readonly cache?: boolean;
  /** The rows, if this process has them because it trained the run. Default: they are read. */
  readonly dataset?: Dataset;
  readonly say?: (line: string) => void;
}

/** A loaded model. Rows are read, the engine is loaded and vectors are computed when a question first needs them. */
export interface Run {
  readonly trained: LoadedModel;
  /** Returns sentences that go with every answer: the run is unfinished, or the data is not that of the training. */
  notes(): Promise<readonly string[]>;
  /** Reads the rows, and the columns that metrics name. @throws Failure if they are not the data of the training */
  dataset(metrics?: readonly MeasureSpec[]): Promise<Dataset>;
  /** Reads the rows that answers know: those of the training, and those that were added to the files since. No figure of the run covers the latter. */
  knownRows(): Promise<Dataset>;
  engine(): Promise<EngineChoice>;
  /** Has the vectors of the whole corpus, and the item columns for filters. Made once, or read from the cache of an earlier start. */
  recommender(): Promise<Recommender>;
  itemColumns(): Promise<ItemColumns>;
  /** Reads items that are written one by one, as the items file is read. @throws Failure `items-closed` */
  itemReader(): Promise<ItemReader>;
  /** Reads events that arrive one by one, as the events files are read. @param known Default: the rows that answers know @throws Failure `events-closed` */
  eventReader(known?: Recommender['known']): Promise<EventReader>;
  /** Resolves once the state is in the folder of the run, if that is writable. */
  kept(): Promise<Servable>;
  /** Frees everything. Does not wait for a cache that is being written, which is then dropped. */
  close(): Promise<void>;
}

/** @throws Failure `not-a-run`, `lost-file`, `changed-file`, … naming the file */
export async function load(folder: string, request: LoadRequest = {}): Promise<Run> {
  const { unfinished = false } = request;
  const trained = await loadArtifact(folder, { unfinished });
  await refuseOtherPlan(trained);
  let dataset: Promise<VerifiedData> | undefined;
  const usesCache = request.cache !== false && request.asOf === undefined && !request.later;
  const givenData = request.dataset && Promise.resolve({ dataset: request.dataset, notes: [] });
  const verifiedData = (): Promise<VerifiedData> => (dataset ??= givenData ?? readVerified(trained, request));
  return makeRun(trained, request.engine, {
    async dataset(metrics = []) {
      const { dataset, difference } = await verifiedData();
      if (difference !== undefined && request.data === undefined && !request.later)
        throw failure('other-data', { what: difference, own: true });
      if (metrics.every(({ column }) => column === undefined)) return dataset;
      const { description, reading } = await blockOf(trained, request);
      return withMetricColumns(dataset, { metrics, description, needs: trained.plan }, reading);
    },
    known: verifiedData,
    columns: () => readColumns(trained, request, verifiedData),
    objectives: async () => objectivesOf(trained),
    reader: () => openReader(trained, request),
    eventReader: (known) => openReaderOfEvents(trained, request, known),
    cache: usesCache ? (closing) => cacheOf(trained, request, closing) : undefined,
  });
}

/** @param closing aborts the writing of the cache */
async function cacheOf(trained: LoadedModel, request: LoadRequest, closing: AbortSignal): Promise<RunCache> {
  const { data, signal, say } = request;
  return makeCache({
    trained,
    async block() {
      const { description, reading } = await blockOf(trained, request);
      return { description, access: reading.access };
    },
    isNamed: data !== undefined,
    signal: signal ? AbortSignal.any([signal, closing]) : closing,
    say,
  });
}

export interface RunSources {
  dataset: Run['dataset'];
  known(): Promise<VerifiedData>;
  columns(): Promise<ItemColumns>;
  objectives(): Promise<readonly RetrievalObjective[] | undefined>;
  reader(): Promise<ItemReader>;
  eventReader(known: Recommender['known']): Promise<EventReader>;
  /** The state, if another process has made it. */
  readonly made?: Servable;
  cache?(closing: AbortSignal): Promise<RunCache>;
}

export function makeRun(trained: LoadedModel, name: EngineName | undefined, sources: RunSources): Run {
  let engine: Promise<EngineChoice> | undefined;
  let columns: Promise<ItemColumns> | undefined;
  let answering: Promise<RunAnswering> | undefined;
  const closing = new AbortController();
  const run: Run = {
    trained,
    async notes() {
      const ofData = (await answering)?.notes ?? (await sources.known()).notes;
      return [...stoppedNotes(trained), ...ofData];
    },
    dataset: sources.dataset,
    knownRows: async () => (await sources.known()).dataset,
    engine: () => (engine ??= chooseEngine(name)),
    recommender: async () => (await (answering ??= answeringOf(run, sources, closing.signal))).recommender,
    itemColumns: () => (columns ??= sources.columns()),
    itemReader: sources.reader,
    eventReader: async (known) => sources.eventReader(known ?? (await run.recommender()).known),
    async kept() {
      await run.recommender();
      const { recommender, notes, keeping } = await answering!;
      await keeping;
      return { ...recommender.served(), notes };
    },
    async close() {
      const runningAnswer = answering;
      answering = undefined;
      closing.abort();
      const ended = await runningAnswer;
      // Writing the cache may no longer react to the signal. Nothing must be written after the run is closed.
      await ended?.keeping;
      await ended?.recommender.close();
    },
  };
  return run;
}

/** The rows of a data block, encoded as in the training. */
interface VerifiedData {
  readonly dataset: Dataset;
  /** Describes how they differ from those of the training. Absent if they are the same. */
  readonly difference?: string;
  readonly notes: readonly string[];
}

async function readVerified(trained: LoadedModel, request: LoadRequest): Promise<VerifiedData> {
  const dataset = await readRows(trained, request);
  const difference = differenceOfData(trained, dataset);
  if (difference === undefined) return { dataset, notes: [] };
  const notes = hasOnlyGrown(trained, dataset)
    ? []
    : [`The data differs from the data of the training: ${difference}.`];
  const { heldOutBefore = 0 } = dataset;
  if (request.data !== undefined && heldOutBefore > 0) {
    const dataUntil = momentWords(trained.manifest.data.until!.time);
    const events = `${heldOutBefore.toLocaleString('en')} held-out events`;
    notes.push(`${events} are earlier than ${dataUntil}, up to which the run was trained: it may have had them.`);
  }
  return { dataset, difference, notes };
}

function stoppedNotes({ manifest }: LoadedModel): string[] {
  const { status, epochs, steps } = manifest.training;
  const afterTraining = `after ${epochs} epoch${epochs === 1 ? '' : 's'} and ${steps} step${steps === 1 ? '' : 's'}`;
  if (status === 'interrupted') return [`The training was stopped ${afterTraining}: the model is unfinished.`];
  return status === 'stopped' ? [`The training was stopped ${afterTraining}, and the model was kept as it was.`] : [];
}

interface RunAnswering {
  readonly recommender: Recommender;
  readonly notes: readonly string[];
  readonly keeping?: Promise<void>;
}

async function answeringOf(run: Run, sources: RunSources, closing: AbortSignal): Promise<RunAnswering> {
  const { trained } = run;
  const cache = await sources.cache?.(closing);
  // The database reads in its own threads while this thread loads the engine.
  if (!sources.made && !(await cache?.look())) sources.known().catch(() => {});
  const [{ engine }, objectives] = await Promise.all([run.engine(), sources.objectives()]);
  const options = { version: trained.manifest.checksum, objectives };
  const served = sources.made ?? (await cache?.open(engine));
  if (served) {
    const dataset = async () => (await sources.known()).dataset;
    return { recommender: await openRecommender(trained, { served, dataset }, engine, options), notes: served.notes };
  }
  const { dataset, notes } = await sources.known();
  const recommender = await makeRecommender(trained, dataset, engine, { ...options, columns: await run.itemColumns() });
  const keeping = cache?.keep(engine, { ...recommender.served(), notes });
  return { recommender, notes, keeping };
}

/** The towers of a run over the items of its training, or over those of `rows`. The caller closes them. */
export async function retrievalOf(run: Run, rows = run.dataset()) {
  const [dataset, { engine }] = await Promise.all([rows, run.engine()]);
  const { plan, tables, parameters } = run.trained;
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus: dataset.corpus, parameters });
  return { dataset, engine, retrieval };
}

export interface EvaluateRequest {
  /** Default: `test`, or `validation` if there is no test part. */
  readonly part?: Part;
  /** Default: the `seen` entry of the data block. */
  readonly removeSeen?: boolean;
  /** Selects whether figures are means over users, with all their held-out items, or over events. Default: the `evaluate` entry of the data block. */
  readonly per?: 'user' | 'event';
  /**
   * False or `none`: only the model. True, the default: as many baselines as take about a minute together, the fastest first. `all`, or names: regardless of
   * the time.
   */
  readonly baselines?: BaselineChoice;
  /** Called before the first baseline with their names and an estimate of the seconds that they take together. */
  readonly onBaselines?: (names: readonly string[], seconds: number) => void;
  /** A feature of the query tower. Adds the popularity among events with the same value. */
  readonly by?: string;
  /** Such as `recall(20), ndcg(20)`. Default: `metrics` in the model's `train`, otherwise the default metrics. */
  readonly metrics?: Metrics;
  /** Number of rankings, drawn at random, the same ones for every model of the same data. Default: all of the part. */
  readonly sample?: number;
}

/** Returns the part to evaluate. @throws Failure `no-test-figure` if the run was trained on all events, or on some that this data holds out */
export function heldOutPart({ trained }: Run, { parts, heldOutBefore: events }: Dataset, requestedPart?: Part): Part {
  const { folder, manifest } = trained;
  const hasNone = parts.validation.rows + parts.test.rows === 0;
  if (manifest.final && (hasNone || events !== 0)) {
    const overlap = hasNone || !events ? {} : { events, until: momentWords(manifest.data.until!.time) };
    throw failure('no-test-figure', { folder, by: manifest.final.name, ...overlap });
  }
  return requestedPart ?? (parts.test.rows > 0 ? 'test' : 'validation');
}

/** Ranks the whole corpus for every held-out event, and compares with baselines. Also measures how close tasks come to the labels that they predict. */
export async function evaluate(run: Run, request: EvaluateRequest = {}): Promise<Evaluation> {
  const { plan, tables, parameters } = run.trained;
  const { metrics, part: requestedPart, ...otherFields } = request;
  const requestedMeasures = metrics === undefined ? plan.train.metrics : askedMeasures(metrics);
  const { dataset, engine, retrieval } = await retrievalOf(run, run.dataset(requestedMeasures));
  const weighs = plan.towers.some(({ readouts }) => readouts !== undefined);
  try {
    const part = heldOutPart(run, dataset, requestedPart);
    const evaluation = await evaluateAll({
      ...otherFields,
      dataset,
      part,
      plan,
      scorer: modelScorer(retrieval, { plan, events: dataset.parts[part], corpus: dataset.corpus }),
      product: () => engineProduct(engine),
      predictions: await predictionsOf({ plan, engine, tables: retrieval.tables, parameters }, dataset.parts[part]),
      measures: makeMeasures(requestedMeasures ?? [...(plan.train.stop ? [plan.train.stop] : []), ...defaultMeasures]),
    });
    return {
      ...evaluation,
      attention: weighs ? await attention(run) : undefined,
      spreads: plan.fitted ? undefined : spreadsOf(tables, retrieval.items()),
      map: plan.fitted ? undefined : itemMapOf(retrieval.items(), dataset.corpus, plan, dataset.encodings),
      protocol: [...(await run.notes()), ...evaluation.protocol],
    };
  } finally {
    await retrieval.close();
  }
}

export interface RecommendRequest extends RerankEntries, Pick<RecommendOptions, 'average'> {
  /** Key of the query tower. If absent, `values` describe the user. */
  readonly user?: string;
  /** Feature values that replace those of the data. */
  readonly values?: FeatureValues;
  readonly k?: number;
  /** Default: the `seen` entry of the data block. */
  readonly removeSeen?: boolean;
  /** A condition on the columns of the items file, such as `year >= 1990 and 'Drama' in genres`. */
  readonly filter?: string;
  readonly exclude?: readonly string[];
  /** Replaces factors of tasks in `retrieve`, by task. Other tasks keep their factor. */
  readonly weights?: Readonly<Record<string, number>>;
}

export interface RecommendationOfRun extends Recommendation {
  /** The moment up to which the answer knows events, in ISO 8601, or a number if the time column has numbers. Absent if events have no time. */
  readonly asOf?: string | number;
}

export async function recommend(run: Run, request: RecommendRequest): Promise<RecommendationOfRun> {
  const { user, values = {}, k = 10, ...options } = request;
  const recommender = await run.recommender();
  const recommendation = await recommender.ask({ key: user, values }, { k, ...options });
  const notes = [...(await run.notes()), ...recommendation.notes];
  return { ...recommendation, asOf: recommender.asOf, notes };
}

/** Returns the weights that blocks such as `senet` give to each field. */
export async function attention(run: Run): Promise<readonly Attention[]> {
  const [dataset, { engine }] = await Promise.all([run.dataset(), run.engine()]);
  return readAttention(run.trained, dataset, engine);
}

export interface StepRequest {
  /** The step, from 1; 0 is the state before the first step. */
  readonly step: number;
  /** A folder for step.json and the tensors. If absent, nothing is written. */
  readonly out?: string;
  readonly force?: boolean;
  /** Default: the engine of the run, which reproduces its bits. */
  readonly engine?: EngineName;
  readonly signal?: AbortSignal;
}

/**
 * Repeats a step of the run and returns its events, negatives, log q, rates and scalars. With `out`, also writes everything that the step read and changed, as
 * safetensors.
 * @throws Failure `step-not-taken`, `other-data`, `folder-in-use`, …
 */
export async function inspectStep(run: Run, request: StepRequest): Promise<StepRecord> {
  const { engine: requestedEngine, ...replay } = request;
  const { trained } = run;
  refuseFitted(trained.plan, 'it took no steps', 'see how its settings were chosen with `tower inspect`');
  const engineName = requestedEngine ?? (trained.manifest.engine.name as EngineName);
  const [dataset, { engine }] = await Promise.all([run.dataset(), chooseEngine(engineName)]);
  return replayStep({ ...replay, trained, dataset, engine });
}

export interface ExportRequest {
  readonly out: string;
  readonly force?: boolean;
  /** True to also write the vectors of all items, for NumPy and Parquet. */
  readonly index?: boolean;
}

/**
 * Writes each tower for TensorFlow.js, ONNX Runtime and TensorFlow, and `serving.json`, which describes the inputs. Rows are read for an index, and
 * if a list goes through the item tower, because the query tower then has a table of item vectors.
 */
export async function exportTowers(run: Run, request: ExportRequest): Promise<Exported> {
  const advice = 'write its weights, with `exportWeights`';
  refuseFitted(run.trained.plan, 'it has no towers and no vectors to write', advice);
  const options = { folder: request.out, tower: version, force: request.force };
  const hasElements = run.trained.plan.features.some(({ through }) => through);
  if (!hasElements && !request.index) return exportModel(run.trained, options);
  // Lists that go through the item tower contain items of the corpus.
  const { dataset, retrieval } = await retrievalOf(run, run.knownRows());
  const { corpus } = dataset;
  try {
    const { keys, titles } = corpus;
    const elements = hasElements ? { corpus, tables: retrieval.tables } : undefined;
    const items = request.index ? { keys, titles, vectors: retrieval.items() } : undefined;
    return await exportModel(run.trained, { ...options, elements, items });
  } finally {
    await retrieval.close();
  }
}

/** Writes the weights of a score that is fitted from item to item as a Parquet file. @throws Failure `folder-in-use`, `cannot-write` */
export async function exportWeights(run: Run, { out, force }: ExportRequest): Promise<WeightsDescription> {
  const { corpus } = await run.knownRows();
  return writeWeightsExport(run.trained, corpus, { folder: out, tower: version, force });
}

/** @throws Failure `since-unreadable`, and `data-needs` if the data block does not have what the moment or the part needs */
function asOfAsked(
  { asOf }: LoadRequest,
  { data: { until } }: Manifest,
  { time, trainsAll, span }: DataDescription,
): AsOf | undefined {
  if (asOf === undefined) return undefined;
  const needsFailure = (needs: string, needing = span): Failure =>
    failure('data-needs', { what: `--as-of ${asOf}`, needs }, needing);
  if (asOf === 'validation' || asOf === 'test') {
    if (!trainsAll) return asOf;
    throw needsFailure('a part that is held out, and this run was trained on all events: give a moment');
  }
  const moment = momentAsked(asOf, 'as-of');
  if (time === undefined) throw needsFailure('a time: add `time = "…"` to the data block');
  if (!moment.isDate || until === undefined || typeof momentOf(until.time) === 'string') return moment.time;
  const lastTime = `and the last training event has the time ${until.time}: give a number in this unit`;
  throw needsFailure(`times in seconds since 1970, ${lastTime}`, time.span);
}

/** Reads rows with the encodings of the run, also if they are not those of its training. */
async function readRows(trained: LoadedModel, request: LoadRequest): Promise<Dataset> {
  const { description, reading } = await blockOf(trained, request);
  const { encodings, manifest } = trained;
  const { data, final, from } = manifest;
  const asOf = asOfAsked(request, manifest, description);
  const { later } = request;
  // The events after `later` may be judged, whatever the run was trained on.
  const trainedUntil =
    request.data === undefined && later === undefined
      ? {}
      : { trainedUntil: later ?? data.until, trainedAll: final && true };
  return readDataset(description, trained.plan, {
    ...reading,
    shards: await shardsOfTrained(trained, request),
    pinned: withDefaults(pinnedBy(encodings, from), trainedUntil),
    asOf,
  });
}

async function readColumns(
  trained: LoadedModel,
  request: LoadRequest,
  known: () => Promise<VerifiedData>,
): Promise<ItemColumns> {
  const { dataset } = await known();
  const { description, reading } = await blockOf(trained, request);
  return columnsFrom(await readItemColumns(description, trained.plan, dataset.corpus.keys, reading));
}

export async function openReader(trained: LoadedModel, request: LoadRequest): Promise<ItemReader> {
  const { description, reading } = await blockOf(trained, request);
  return openItemReader(description, trained.plan, trained.encodings, reading);
}

export async function openReaderOfEvents(
  trained: LoadedModel,
  request: LoadRequest,
  known: Recommender['known'],
): Promise<EventReader> {
  const { description, reading } = await blockOf(trained, request);
  return openEventReader(description, trained.plan, trained.encodings, known, reading);
}

export async function blockOf(trained: LoadedModel, request: Pick<LoadRequest, 'data' | 'allow' | 'later' | 'signal'>) {
  const { allow = [], data, later } = request;
  const block =
    data === undefined ? recordedBlock(trained, allow) : { description: blockIn(readSource(data)), access: {} };
  const { access, ...reading } = readingOf(request);
  const description: DataDescription = withDefaults(block.description, { later });
  return { description, reading: { ...reading, access: { ...access, ...block.access } } };
}
