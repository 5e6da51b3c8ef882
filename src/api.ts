/** The library: the same words as the commands. */
import { hintForPrograms } from './base/diagnostics/diagnose.ts';

export type { Metrics } from './app/api/check.ts';
export { type Checked, type CheckRequest, check } from './app/api/check.ts';
export { type CompareRequest, compare } from './app/api/compare.ts';
export { type Compiled, type CompileRequest, compile } from './app/api/compile.ts';
export { type Embedded, type EmbedRequest, embed } from './app/api/embed.ts';
export { type ExportPageRequest, exportPage } from './app/api/export_page.ts';
export { type FormatOptions, format } from './app/api/format.ts';
export { type Indexed, type IndexRequest, indexItems } from './app/api/index_items.ts';
export { type InitRequest, init } from './app/api/init.ts';
export { type CloseRequest, closeDay } from './app/api/live.ts';
export { writeReport, writeRunsReport } from './app/api/report.ts';
export {
  type EvaluateRequest,
  evaluate,
  exportTowers,
  exportWeights,
  inspectStep,
  type LoadRequest,
  load,
  type RecommendRequest,
  type Run,
  recommend,
} from './app/api/run.ts';
export { listRuns, prunable, pruneRun, type RunSummary, sortRuns } from './app/api/runs.ts';
export { type OpenRequest, open, type ServeRequest, type Serving, serve } from './app/api/serve.ts';
export { openTextModel, type TextModel, type TextModelRequest } from './app/api/text_model.ts';
export { openTracker, type Tracked, type Tracker, type TrackerRequest, track } from './app/api/track.ts';
export { type Trained, type TrainReady, type TrainRequest, train } from './app/api/train.ts';
export { type Tuned, type TuneEvent, type TuneRequest, tune } from './app/api/tune.ts';
export type { ClosedDay } from './app/report/days_page.ts';
export type { Diagnostic } from './base/diagnostics/diagnostic.ts';
export { Failure } from './base/diagnostics/failure.ts';
export type { EngineName } from './engines/engine.ts';
export { type Choice, type Listed, listEngines as engines } from './engines/engines.ts';
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
export type { EpochRecord, TrainingEvent } from './training/training_events.ts';

hintForPrograms();
