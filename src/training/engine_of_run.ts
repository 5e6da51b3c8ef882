/** The engine that a run began with: it goes on with the same one, or its bits would be another's. */
import type { EngineName } from '../engine/engine.ts';
import { engineNames } from '../engine/engines.ts';
import { readJsonFile } from '../storage/run_files.ts';
import { runFile } from './folder.ts';

/** Undefined where the folder holds no run that says so. */
export async function engineOfRun(folder: string): Promise<EngineName | undefined> {
  const runIdentity = await readJsonFile(folder, runFile, 'optional').catch(() => undefined);
  const { engine } = (runIdentity ?? {}) as { readonly engine?: unknown };
  return engineNames.find((name) => name === engine);
}
