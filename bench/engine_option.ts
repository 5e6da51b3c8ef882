/** `--engine=NAME` of a benchmark: what trains and serves. Absent: the first engine that loads. */
import type { EngineName } from '../src/engines/engine.ts';
import { engineNames } from '../src/engines/engine.ts';

export function engineOption(): EngineName | undefined {
  const given = process.argv.find((argument) => argument.startsWith('--engine='))?.slice('--engine='.length);
  if (given === undefined) return undefined;
  const engine = engineNames.find((name) => name === given);
  if (engine === undefined) throw new Error(`--engine=${given}: expected one of ${engineNames.join(', ')}`);
  return engine;
}
