/** The list of engines, in their order of preference for training; those of `onRequest` are only chosen by name. A runtime is imported only when it is needed. */
import { readFileSync } from 'node:fs';
import { failure } from '../base/diagnostics/failure.ts';
import type { Engine, EngineName } from './engine.ts';

// Instructions of the processor, as far as its system says them.

/** Instructions that multiply matrices of bfloat16, as Linux names them. Those of Arm are not measured. */
const instructions = ['amx_bf16', 'avx512_bf16'];

/** The best of them that this processor has; nothing where it has none, or where the system does not say. */
export function bfloat16Instructions(flags = processorFlags()): string | undefined {
  return instructions.find((name) => flags.has(name));
}

function processorFlags(): ReadonlySet<string> {
  try {
    // All cores have the flags of the first.
    const flagsLine = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(flagsLine?.[1]?.trim().split(/\s+/));
  } catch {
    // There is no such file on other systems, and a container may hide it.
    return new Set();
  }
}

/** Each throws with the reason if its runtime does not load. */
const engines: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  tensorflow: async () => (await import('./tensorflow/tensorflow.ts')).tensorflowEngine(),
  onnx: async () => (await import('./onnx/onnx.ts')).onnxEngine(),
  javascript: async () => (await import('./javascript/javascript.ts')).javascriptEngine(),
  torch: async () => (await import('./torch/torch.ts')).torchEngine(),
};

export const engineNames = Object.keys(engines) as readonly EngineName[];

/** It takes seconds to start, so it must be named. */
const onRequest: ReadonlySet<EngineName> = new Set(['torch']);

/**
 * In which order engines are tried. A server has small passes, where the cost of beginning one decides: 60 µs with ONNX Runtime and
 * 300 µs with TensorFlow. That of training is the order of the list.
 */
const orders: Readonly<Record<Purpose, readonly EngineName[]>> = {
  training: engineNames.filter((name) => !onRequest.has(name)),
  serving: ['onnx', 'tensorflow', 'javascript'],
};

export type Purpose = 'training' | 'serving';

export interface Skipped {
  readonly name: EngineName;
  readonly reason: string;
}

export interface Choice {
  readonly engine: Engine;
  /** Engines that come before the chosen one, and why each was not it. */
  readonly skipped: readonly Skipped[];
  /** The reason, if it was not named and is not the first that loads. */
  readonly reason?: string;
}

const loaded = new Map<EngineName, Promise<Engine>>();

/** The engine itself: the same one each time. Rejects with why it does not load. */
export function loadEngine(name: EngineName): Promise<Engine> {
  const loadedEngine = loaded.get(name);
  if (loadedEngine) return loadedEngine;
  const loading = engines[name]();
  loaded.set(name, loading);
  return loading;
}

/** Returns the requested engine, or the first that loads. Throws a `Failure` with the reasons. */
export async function chooseEngine(requested?: EngineName, purpose: Purpose = 'training'): Promise<Choice> {
  const skipped: Skipped[] = [];
  for (const name of requested ? [requested] : orders[purpose]) {
    try {
      return { engine: await loadEngine(name), skipped };
    } catch (error) {
      skipped.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  throw failure('no-engine', { skipped });
}

export type Listed =
  | { readonly name: EngineName; readonly loads: true; readonly version: string }
  | { readonly name: EngineName; readonly loads: false; readonly reason: string };

/** Lists every engine with its version, or the reason why it does not load. */
export function listEngines(): Promise<readonly Listed[]> {
  return Promise.all(
    engineNames.map(async (name): Promise<Listed> => {
      try {
        return { name, loads: true, version: (await loadEngine(name)).version };
      } catch (error) {
        return { name, loads: false, reason: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
