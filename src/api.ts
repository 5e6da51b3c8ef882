/** The library: the same words as the commands. */
export { type Checked, type CheckRequest, check } from './api/check.ts';
export { type Compiled, compile } from './api/compile.ts';
export {
  type EvaluateRequest,
  evaluate,
  exportTowers,
  type LoadRequest,
  load,
  type RecommendRequest,
  type Run,
  recommend,
} from './api/run.ts';
export { type Trained, type TrainReady, type TrainRequest, train } from './api/train.ts';
export type { Diagnostic } from './diagnostics/diagnostic.ts';
export { Failure } from './diagnostics/failure.ts';
export { listEngines as engines } from './engine/engines.ts';
