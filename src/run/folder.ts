/** The folder of a run: which files are ours, whose run it is, and whether a new one may begin there. */
import { createHash } from 'node:crypto';
import { copyFile, link, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Plan } from '../lower/plan.ts';
import { manifestFile } from './artifact/manifest.ts';
import { checkpointFile } from './checkpoint.ts';
import { makeFolder, removeDurably, syncFolder, writeTextDurably } from './durable.ts';
import { systemReason } from './system_reason.ts';

/** What makes two runs the same: written when a run begins, compared when it is resumed. */
export interface RunIdentity {
  readonly format: 'tower-run-1';
  readonly model: string;
  /** Checksums. */
  readonly plan: string;
  readonly data: string;
  readonly seed: number;
  readonly engine: string;
}

export const runFile = 'run.json';
export const weightsFile = 'weights.safetensors';
/** Weights of the best epoch so far, while the run goes on. */
export const bestFile = (epoch: number): string => `weights-${epoch}.safetensors`;

const isOurs = (name: string): boolean =>
  [
    runFile,
    manifestFile,
    checkpointFile,
    weightsFile,
    'metrics.jsonl',
    'steps.jsonl',
    'report.html',
    'graphs',
    'encodings',
    'sources',
  ].includes(name) ||
  /^weights-\d+\.safetensors$/.test(name) ||
  isPartial(name);

const isPartial = (name: string): boolean => /^\..*\.partial$/.test(name);

export function identify(plan: Plan, dataset: Dataset, engine: string): RunIdentity {
  const data = createHash('sha256');
  data.update(JSON.stringify([...dataset.encodings]));
  for (const part of [dataset.parts.train, dataset.parts.validation]) {
    for (const column of [part.item, part.user, ...part.labels.values()]) data.update(bytesOf(column));
  }
  return {
    format: 'tower-run-1',
    ...identityOf(plan),
    data: data.digest('hex'),
    engine,
  };
}

const identityOf = (plan: Plan): Pick<RunIdentity, 'model' | 'plan' | 'seed'> => ({
  model: plan.model,
  plan: createHash('sha256').update(JSON.stringify(plan)).digest('hex'),
  seed: plan.train.seed,
});

const bytesOf = (array: Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/**
 * @param force allows a run that is there to be replaced
 * @throws Failure `folder-in-use`, `cannot-read`
 */
export async function refuseFolder(folder: string, force: boolean): Promise<void> {
  if (force) return;
  // The bad rows of the data are told before a run begins.
  const names = (await namesIn(folder)).filter((name) => name !== 'rejected.jsonl');
  if (names.length === 0) return;
  const run = names.some(isRun);
  const holds = run ? `a run${await modelIn(folder)}` : `other files (${names.slice(0, 3).join(', ')})`;
  throw failure('folder-in-use', { folder, run, holds });
}

/**
 * Makes the folder ready for a run from its beginning; a run that is there goes. Files that are not a run's are never removed.
 * @throws Failure `cannot-write`
 */
export async function startFolder(folder: string, identity: RunIdentity): Promise<void> {
  await makeFolder(folder);
  const names = await namesIn(folder);
  // The manifest goes first: what is half removed must not look like a model.
  if (names.some(isRun)) {
    await removeDurably(join(folder, manifestFile));
    for (const name of names.filter(isOurs)) await rm(join(folder, name), { recursive: true, force: true });
  }
  await writeTextDurably(join(folder, runFile), `${JSON.stringify(identity, undefined, 2)}\n`);
}

const isRun = (name: string): boolean => [runFile, manifestFile, checkpointFile].includes(name);

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-read', { path: folder, reason });
  }
}

async function modelIn(folder: string): Promise<string> {
  const identity = await readIdentity(folder).catch(() => undefined);
  return identity === undefined ? '' : ` of model ${identity.model}`;
}

async function readIdentity(folder: string): Promise<RunIdentity | undefined> {
  const path = join(folder, runFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw failure('cannot-read', { path, reason });
  }
  try {
    return JSON.parse(text) as RunIdentity;
  } catch {
    throw failure('damaged-file', { path, reason: 'it is not JSON' });
  }
}

/**
 * Makes sure that the folder's run is of this model, as far as that is known before the data is read.
 * @throws Failure `nothing-to-resume`, `other-run`, `cannot-read`
 */
export async function refuseResume(folder: string, plan: Plan): Promise<void> {
  await compare(folder, identityOf(plan));
}

/**
 * Makes sure that the folder's run is this one.
 * @throws Failure `nothing-to-resume`, `other-run`, `cannot-read`
 */
export async function resumeFolder(folder: string, identity: RunIdentity): Promise<void> {
  await compare(folder, identity);
  // What a kill left half written.
  for (const name of await namesIn(folder)) {
    if (isPartial(name)) await rm(join(folder, name), { force: true });
  }
}

async function compare(folder: string, identity: Partial<RunIdentity>): Promise<void> {
  const there = await readIdentity(folder);
  if (there === undefined) throw failure('nothing-to-resume', { folder });
  for (const what of ['model', 'engine', 'seed', 'plan', 'data'] as const) {
    if (what in identity && there[what] !== identity[what]) {
      throw failure('other-run', { folder, what: whatWords[what] });
    }
  }
}

const whatWords = { model: 'model', engine: 'engine', seed: 'seed', plan: 'form of the model', data: 'data set' };

export async function hasRun(folder: string): Promise<boolean> {
  return (await readIdentity(folder).catch(() => undefined)) !== undefined;
}

/** Gives a file of the folder a second name, without copying it where the file system can. */
export async function nameAlso(folder: string, from: string, to: string): Promise<void> {
  const target = join(folder, to);
  await rm(target, { force: true });
  try {
    await link(join(folder, from), target);
  } catch {
    await copyFile(join(folder, from), target);
  }
  await syncFolder(folder);
}

/** Removes the weights of epochs that are not the best any more. */
export async function removeOldBest(folder: string, keep?: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^weights-\d+\.safetensors$/.test(name) && name !== keep) await rm(join(folder, name), { force: true });
  }
}
