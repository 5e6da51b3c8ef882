/** The library: the same words as the commands. */
import { hintForPrograms } from './diagnostics/diagnose.ts';

export { type Checked, type CheckRequest, check } from './api/check.ts';
export { type CompareRequest, compare } from './api/compare.ts';
export { type Compiled, type CompileRequest, compile } from './api/compile.ts';
export { type ExportPageRequest, exportPage } from './api/export_page.ts';
export { type FormatOptions, format } from './api/format.ts';
export { type Indexed, type IndexRequest, indexItems } from './api/index_items.ts';
export { type InitRequest, init } from './api/init.ts';
export type { Metrics } from './api/metrics.ts';
export { writeReport, writeRunsReport } from './api/report.ts';
export {
  type EvaluateRequest,
  evaluate,
  exportTowers,
  inspectStep,
  type LoadRequest,
  load,
  type RecommendRequest,
  type Run,
  recommend,
} from './api/run.ts';
export { listRuns, prunable, pruneRun, type RunSummary, sortRuns } from './api/runs.ts';
export { type OpenRequest, open, type ServeRequest, type Serving, serve } from './api/serve.ts';
export { openTracker, type Tracked, type Tracker, type TrackerRequest, track } from './api/track.ts';
export { openStudyTracker, type StudyTracker } from './api/track_study.ts';
export { type Trained, type TrainReady, type TrainRequest, train } from './api/train.ts';
export { type Tuned, type TuneEvent, type TuneRequest, tune } from './api/tune.ts';
export type { Diagnostic } from './diagnostics/diagnostic.ts';
export { Failure } from './diagnostics/failure.ts';
export type { EngineName } from './engine/engine.ts';
export { type Choice, type Listed, listEngines as engines } from './engine/engines.ts';
export type { ComparedRow, Comparison } from './evaluation/compare.ts';
export type { Evaluation } from './evaluation/evaluate.ts';
export type { MeasureSpec } from './plan/plan.ts';
export type { Exported } from './serve/export.ts';
export type { ExportedPage } from './serve/export_page.ts';
export type { Item, Recommendation } from './serve/prepare.ts';
export type { Snapshot, TopAnswer, TopRequest } from './serve/snapshot.ts';
export type { Answers } from './server/answers.ts';
export type { Limits } from './server/limits.ts';
export type { RecommendAnswer, RecommendBody, SimilarAnswer, SimilarBody } from './server/schemas.ts';
export type { EpochRecord, TrainingEvent } from './training/training_events.ts';

hintForPrograms();
