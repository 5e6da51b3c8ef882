/** The engine that a run began with: it goes on with the same one, or its bits would be another's. */
import { readJsonFile } from '../base/storage/run_files.ts';
import type { EngineName } from '../engines/engine.ts';
import { engineNames } from '../engines/engines.ts';
import { runFile } from './folder.ts';

/** Undefined where the folder holds no run that says so. */
export async function engineOfRun(folder: string): Promise<EngineName | undefined> {
  const runIdentity = await readJsonFile(folder, runFile, 'optional').catch(() => undefined);
  const { engine } = (runIdentity ?? {}) as { readonly engine?: unknown };
  return engineNames.find((name) => name === engine);
}
