/** Loads engines. Those of `onRequest` are only chosen by name. A runtime is imported only when it is needed. */
import { failure } from '../base/diagnostics/diagnostic.ts';
import { plugins } from '../plugins.ts';
import { type Engine, type EngineName, engineNames } from './engine.ts';

/** Each function throws, with the reason, if its runtime does not load. */
const engines: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  tensorflow: plugins.tensorflow,
  onnx: async () => (await import('./onnx/onnx.ts')).onnxEngine(),
  javascript: async () => (await import('./javascript/javascript.ts')).javascriptEngine(),
  torch: plugins.torch,
};

/** Takes seconds to start, so a user has to request it. */
const onRequest: ReadonlySet<EngineName> = new Set(['torch']);

/**
 * The order in which engines are tried. A server has small passes, where the cost of starting one decides: 60 µs with ONNX Runtime and 300 µs with TensorFlow.
 * For training it is the order of the list.
 */
const engineOrders: Readonly<Record<Purpose, readonly EngineName[]>> = {
  training: engineNames.filter((name) => !onRequest.has(name)),
  serving: ['onnx', 'tensorflow', 'javascript'],
};

export type Purpose = 'training' | 'serving';

export interface SkippedEngine {
  readonly name: EngineName;
  readonly reason: string;
}

export interface EngineChoice {
  readonly engine: Engine;
  /** Engines before the chosen one, each with the reason why it was not chosen. */
  readonly skipped: readonly SkippedEngine[];
}

const loadedEngines = new Map<EngineName, Promise<Engine>>();

/** Returns the engine, the same one each time. Rejects with the reason if it does not load. */
export function loadEngine(name: EngineName): Promise<Engine> {
  const engine = loadedEngines.get(name) ?? engines[name]();
  loadedEngines.set(name, engine);
  return engine;
}

/** Returns the requested engine, or the first that loads. Throws a `Failure` with the reasons. */
export async function chooseEngine(requested?: EngineName, purpose: Purpose = 'training'): Promise<EngineChoice> {
  const skipped: SkippedEngine[] = [];
  for (const name of requested ? [requested] : engineOrders[purpose]) {
    try {
      return { engine: await loadEngine(name), skipped };
    } catch (error) {
      skipped.push({ name, reason: reasonOf(error) });
    }
  }
  throw failure('no-engine', { skipped });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export type ListedEngine =
  | { readonly name: EngineName; readonly loads: true; readonly version: string }
  | { readonly name: EngineName; readonly loads: false; readonly reason: string };

/** Returns every engine with its version, or with the reason why it does not load here. */
export function listEngines(): Promise<readonly ListedEngine[]> {
  return Promise.all(
    engineNames.map(async (name): Promise<ListedEngine> => {
      try {
        return { name, loads: true, version: (await loadEngine(name)).version };
      } catch (error) {
        return { name, loads: false, reason: reasonOf(error) };
      }
    }),
  );
}
