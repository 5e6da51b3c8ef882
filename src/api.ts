/**
 * The library: the same words as the commands. Functions that need much code load it when they are first called, so a program that imports the library
 * starts without an engine, a database or a server.
 */
import type * as compareApi from './app/api/compare.ts';
import type * as compileApi from './app/api/compile.ts';
import type * as exportPageApi from './app/api/export_page.ts';
import type * as indexItemsApi from './app/api/index_items.ts';
import type * as initApi from './app/api/init.ts';
import type * as liveApi from './app/api/live.ts';
import type * as reportApi from './app/api/report.ts';
import type * as runApi from './app/api/run.ts';
import type * as serveApi from './app/api/serve.ts';
import type * as trainApi from './app/api/train.ts';
import { useProgramWording } from './base/diagnostics/diagnostic.ts';

export type { Metrics } from './app/api/check.ts';
export { type Checked, type CheckRequest, check } from './app/api/check.ts';
export type { CompareRequest } from './app/api/compare.ts';
export type { Compiled, CompileRequest } from './app/api/compile.ts';
export {
  type Embedded,
  type EmbedRequest,
  embed,
  openTextModel,
  type TextModel,
  type TextModelRequest,
} from './app/api/embed.ts';
export type { ExportPageRequest } from './app/api/export_page.ts';
export { type FormatOptions, format } from './app/api/format.ts';
export type { Indexed, IndexRequest } from './app/api/index_items.ts';
export type { InitRequest } from './app/api/init.ts';
export type { CloseRequest } from './app/api/live.ts';
export type { EvaluateRequest, LoadRequest, RecommendRequest, Run } from './app/api/run.ts';
export { listRuns, prunable, pruneRun, type RunSummary, sortRuns } from './app/api/runs.ts';
export type { OpenRequest, ServeRequest, Serving } from './app/api/serve.ts';
export { openTracker, type Tracked, type Tracker, type TrackerRequest, track } from './app/api/track.ts';
export type { Trained, TrainReady, TrainRequest } from './app/api/train.ts';
export { type Tuned, type TuneEvent, type TuneRequest, tune } from './app/api/tune.ts';
export type { ClosedDay } from './app/report/days_page.ts';
export type { Diagnostic } from './base/diagnostics/diagnostic.ts';
export { Failure } from './base/diagnostics/diagnostic.ts';
export type { EngineName } from './engines/engine.ts';
export { type EngineChoice as Choice, type ListedEngine as Listed, listEngines as engines } from './engines/engines.ts';
export type { MeasureSpec } from './graph/plan/plan.ts';
export { type SharedItems, scanOfShared, shareItems } from './retrieval/scan/scan.ts';
export {
  makeSnapshot,
  type Snapshot,
  type SnapshotSource,
  type TopAnswer,
  type TopRequest,
} from './retrieval/snapshot.ts';
export type { Item, Recommendation } from './retrieval/top_request.ts';
export type { Answers } from './serving/server/answers.ts';
export type { Limits } from './serving/server/limits.ts';
export type { RecommendAnswer, RecommendBody, SimilarAnswer, SimilarBody } from './serving/server/schemas.ts';
export type { ComparedRow, Comparison } from './training/evaluation/compare_models.ts';
export type { Evaluation } from './training/evaluation/evaluate_model.ts';
export type { Exported } from './training/export/export_towers.ts';
export type { ExportedPage } from './training/export/page_folder.ts';
export type { EpochRecord, TrainingEvent } from './training/train_options.ts';

useProgramWording();

const loadRun = () => import('./app/api/run.ts');
const loadServe = () => import('./app/api/serve.ts');
const loadReport = () => import('./app/api/report.ts');

/** Trains a model, or goes on with a run, and writes the run into a folder. @throws Failure with the diagnostics of the model and its data */
export const train: typeof trainApi.train = async (...args) => (await import('./app/api/train.ts')).train(...args);

/** Opens a trained model. Its rows are read when something first needs them. @throws Failure `not-a-run`, `lost-file`, `changed-file`, … naming the file */
export const load: typeof runApi.load = async (...args) => (await loadRun()).load(...args);

/** Ranks the whole corpus for every held-out event, and compares with baselines. */
export const evaluate: typeof runApi.evaluate = async (...args) => (await loadRun()).evaluate(...args);

/** Ranks the same held-out events with several runs, with intervals by user and paired differences. @throws Failure `protocols-differ`, which says how */
export const compare: typeof compareApi.compare = async (...args) =>
  (await import('./app/api/compare.ts')).compare(...args);

/** Recommends items for a user, or for feature values. */
export const recommend: typeof runApi.recommend = async (...args) => (await loadRun()).recommend(...args);

/** Opens a run in this process, to answer requests without HTTP. */
export const open: typeof serveApi.open = async (...args) => (await loadServe()).open(...args);

/** Answers requests over HTTP until it is closed. */
export const serve: typeof serveApi.serve = async (...args) => (await loadServe()).serve(...args);

/** Evaluates the serving version on the new events, trains the next one, and publishes it. @throws Failure `no-version`, `data-needs`, … */
export const closeDay: typeof liveApi.closeDay = async (...args) =>
  (await import('./app/api/live.ts')).closeDay(...args);

/** Writes an index of the items of a run, if its recall against the exact scan is high enough. @throws Failure `index-recall`, … */
export const indexItems: typeof indexItemsApi.indexItems = async (...args) =>
  (await import('./app/api/index_items.ts')).indexItems(...args);

/** Writes each tower for TensorFlow.js, ONNX Runtime and TensorFlow, and `serving.json`, which describes the inputs. */
export const exportTowers: typeof runApi.exportTowers = async (...args) => (await loadRun()).exportTowers(...args);

/** Writes the weights of a score that is fitted from item to item as a Parquet file. @throws Failure `folder-in-use`, `cannot-write` */
export const exportWeights: typeof runApi.exportWeights = async (...args) => (await loadRun()).exportWeights(...args);

/** Writes a folder that `tower-lang/runtime` opens in pages, workers and Node.js. @throws Failure `folder-in-use`, `unknown-name`, `cannot-write` */
export const exportPage: typeof exportPageApi.exportPage = async (...args) =>
  (await import('./app/api/export_page.ts')).exportPage(...args);

/** Repeats a step of a run and returns what it read and computed. @throws Failure `step-not-taken`, `other-data`, `folder-in-use`, … */
export const inspectStep: typeof runApi.inspectStep = async (...args) => (await loadRun()).inspectStep(...args);

/** Writes the static graphs of a model: the training step and each tower. @throws Failure with its diagnostics, `folder-not-empty`, `cannot-write` */
export const compile: typeof compileApi.compile = async (...args) =>
  (await import('./app/api/compile.ts')).compile(...args);

/** Writes a data block and a model for files of the user. @throws Failure `starter-no-events`, `starter-asks`, `starter-exists`, … */
export const init: typeof initApi.init = async (...args) => (await import('./app/api/init.ts')).init(...args);

/** Writes `report.html` of a run again and returns its path. @throws Failure `not-a-run`, `cannot-write` */
export const writeReport: typeof reportApi.writeReport = async (...args) => (await loadReport()).writeReport(...args);

/** Writes one report of several runs and returns its path. @throws Failure `not-a-run`, `unfinished-run`, `file-exists`, `cannot-write` */
export const writeRunsReport: typeof reportApi.writeRunsReport = async (...args) =>
  (await loadReport()).writeRunsReport(...args);
