/**
 * Stores the finished work of stopped passes next to the partitions, so that the same command can resume: the first pass is complete or starts again, and the
 * second one continues with the first partition that is not in shards.
 */

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeSystemError, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { describeThisProcess, type Owner, processState, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import { isSameJson } from '../../base/util/objects.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import { type ColumnBlock, packPlain, unpackPlain } from './column_block.ts';
import { type FirstPassResult, firstPassOf, plainFirstPass, type ScatteredRows } from './first_pass.ts';
import type { Gathered, PartitionSummary } from './gathered.ts';
import { partitionName } from './partition_source.ts';
import type { ShardPlan } from './prepare_shards.ts';
import type { ShardRequest } from './request.ts';
import { notWritten, readShard, type ShardFile, ShardWriter } from './shard_files.ts';

const firstName = 'first.bin';
const preparedName = 'prepared.bin';
const restName = (partition: number): string => `bucket-${partition}.rest.bin`;

interface PassesState {
  /** A hash that covers, besides the data, the format of shards: passes of another version never match. */
  readonly key: string;
  /** The part of the request that determines sizes. */
  readonly of: Pick<ShardRequest, 'memory' | 'sizes'> & { readonly when?: unknown };
  readonly buckets: readonly ShardFile[];
  readonly first: ShardFile;
  readonly prepared?: ShardFile;
  /** The files of rows, and the other results by partition. */
  readonly encoded?: { readonly rows: readonly ShardFile[]; readonly rests: readonly ShardFile[] };
}

export class Passes {
  private constructor(
    readonly partial: string,
    private state: PassesState,
  ) {}

  /** Creates the state after the first pass. @throws Failure `shards-not-written` */
  static async begin(
    request: ShardRequest,
    firstPass: FirstPassResult & Pick<ScatteredRows, 'files'>,
    readPlan: ReadPlan,
  ): Promise<Passes> {
    const { partial, key, files } = firstPass;
    const first = await writePlain(partial, firstName, plainFirstPass(firstPass, readPlan));
    const passes = new Passes(partial, { key, of: sizesOf(request), buckets: files, first });
    await passes.save({});
    return passes;
  }

  /** Resumes stopped passes with this key and these sizes; undefined if there are none. Unreadable ones are removed, and the passes start again. */
  static async resume(
    request: ShardRequest,
    key: string,
    readPlan: ReadPlan,
  ): Promise<{ readonly passes: Passes; readonly firstPass: FirstPassResult } | undefined> {
    for (const folder of stoppedPasses(request.folder, key)) {
      const state = await readState(folder);
      if (state?.key !== key || !isSameJson(state.of, sizesOf(request))) continue;
      const partial = await takePartial(folder, request.folder, key);
      if (partial === undefined) continue;
      try {
        const firstPass = firstPassOf(await readPlain(partial, firstName, state.first), partial, key, readPlan);
        const passes = new Passes(partial, state);
        passes.checkPartitions();
        return { passes, firstPass };
      } catch {
        removePartial(partial);
      }
    }
    return undefined;
  }

  get done(): number {
    return this.state.encoded?.rests.length ?? 0;
  }

  get partitions(): number {
    return this.state.buckets.length;
  }

  /** @throws Failure `shards-damaged` */
  readPartition(index: number): Promise<ColumnBlock[]> {
    return readShard(this.partial, partitionName(index), this.state.buckets[index]!);
  }

  /** Returns undefined if the passes were stopped earlier. @throws Failure `shards-damaged` */
  async prepared(): Promise<ShardPlan | undefined> {
    const { prepared } = this.state;
    return prepared && ((await readPlain(this.partial, preparedName, prepared)) as ShardPlan);
  }

  async keepPrepared(prepared: ShardPlan): Promise<void> {
    await this.save({ prepared: await writePlain(this.partial, preparedName, prepared) });
  }

  /** Restores the shards after the last finished partition, and adds its other results. @throws Failure `shards-damaged` */
  async openShardWriter(names: readonly string[], gathered: Gathered, signal?: AbortSignal): Promise<ShardWriter> {
    const { encoded } = this.state;
    if (!encoded) {
      // The files contain rows of an unfinished partition.
      for (const name of names) rmSync(join(this.partial, name), { force: true });
      return ShardWriter.create(this.partial, names);
    }
    const writer = await ShardWriter.resume(this.partial, names, encoded.rows, signal);
    for (const [partition, partitionSummary] of encoded.rests.entries()) {
      signal?.throwIfAborted();
      gathered.add((await readPlain(this.partial, restName(partition), partitionSummary)) as PartitionSummary);
    }
    return writer;
  }

  /** Records that the partition is in shards, and removes its file. */
  async keepPartition(partition: number, summary: PartitionSummary, writer: ShardWriter): Promise<void> {
    const file = await writePlain(this.partial, restName(partition), summary);
    const rests = [...(this.state.encoded?.rests ?? []), file];
    await this.save({ encoded: { rows: writer.files(), rests } });
    rmSync(join(this.partial, partitionName(partition)), { force: true });
  }

  private async save(changes: Partial<PassesState>): Promise<void> {
    this.state = { ...this.state, ...changes };
    await writeTextDurably(join(this.partial, passesName), `${JSON.stringify(this.state)}\n`);
  }

  /** Checks that the partitions which are not in shards exist. Their checksums are checked when they are read. */
  private checkPartitions(): void {
    for (const [index, { bytes }] of this.state.buckets.entries()) {
      const path = join(this.partial, partitionName(index));
      if (index < this.done) rmSync(path, { force: true });
      else if (statSync(path).size !== bytes) throw new Error('a partition is cut off');
    }
  }
}

/** True if finished work is worth keeping: not if the data itself would make the same command fail again. */
export const canGoOn = (error: unknown): boolean =>
  !(error instanceof Failure) || error.diagnostics.every(({ code }) => resumable.has(code));

const resumable: ReadonlySet<string> = new Set(['shards-not-written', 'cannot-write']);

const sizesOf = ({ memory, sizes, when }: ShardRequest): PassesState['of'] =>
  JSON.parse(JSON.stringify({ memory, sizes, ...(typeof when === 'object' ? { when } : {}) }));

async function readState(folder: string): Promise<PassesState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, passesName), 'utf8')) as PassesState;
  } catch {
    return undefined;
  }
}

async function writePlain(partial: string, name: string, value: unknown): Promise<ShardFile> {
  rmSync(join(partial, name), { force: true });
  const writer = ShardWriter.create(partial, [name]);
  writer.append(0, 0, packPlain(value));
  return writer.files()[0]!;
}

/** @throws Failure `shards-damaged` */
async function readPlain(partial: string, name: string, file: ShardFile): Promise<unknown> {
  const [block] = await readShard(partial, name, file);
  try {
    return unpackPlain(block ?? new Map());
  } catch (error) {
    throw failure('shards-damaged', { path: join(partial, name), folder: partial, reason: (error as Error).message });
  }
}

/** The file that names the process which writes the folder. The name of the folder ends in `.partial` until it is complete. */
const ownerName = 'owner.json';

/** The file with the finished work of passes, if they can resume. */
const passesName = 'passes.json';

/** Milliseconds after which stopped passes are removed if nobody has resumed them. */
const maxAge = 7 * 24 * 3600 * 1000;

const ownFolders = new Set<string>();

const shortOf = (key: string): string => key.slice(0, 16);
const partialOf = (root: string, key: string, name = String(process.pid)): string =>
  join(root, `${shortOf(key)}.${name}.partial`);

/**
 * Makes the partial folder. Removes folders of ended processes: those of the same data, and those of other data that are old or cannot resume.
 * @param name is that of this machine, if several machines write to `root`
 */
export async function makePartial(root: string, key: string, name?: string): Promise<string> {
  removeAbandoned(root, key);
  const partial = partialOf(root, key, name);
  try {
    rmSync(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    claim(partial);
  } catch (error) {
    throw notWritten(partial, error);
  }
  ownFolders.add(partial);
  return partial;
}

/** Releases the folder; the finished work of the passes stays for the next command. */
export const leavePartial = (partial: string): void => void ownFolders.delete(partial);

export function removePartial(partial: string): void {
  leavePartial(partial);
  removeTemporaryFolder(partial);
  try {
    // Removes the parent folder if it is empty. The system refuses to remove a folder that is not.
    rmdirSync(dirname(partial));
  } catch (error) {
    // Files that cannot be removed now are removed after a week; the caller already has the important error.
    if (describeSystemError(error) === undefined) throw error;
  }
}

/** Lists the folders of stopped passes with this key that can resume. */
const stoppedPasses = (root: string, key: string): readonly string[] =>
  abandonedFolders(root).filter((folder) => isOf(folder, key) && existsSync(join(folder, passesName)));

/** Takes over an abandoned folder for this process; undefined if another process was faster. */
async function takePartial(folder: string, root: string, key: string): Promise<string | undefined> {
  const partial = partialOf(root, key);
  try {
    claim(folder);
    if (folder !== partial) await rename(folder, partial);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notWritten(partial, error);
  }
  // Another process may have claimed the folder at the same moment.
  claim(partial);
  ownFolders.add(partial);
  return partial;
}

const claim = (folder: string): void => writeFileSync(join(folder, ownerName), JSON.stringify(describeThisProcess()));

const isOf = (folder: string, key: string): boolean => folder.includes(`${shortOf(key)}.`);

function removeAbandoned(root: string, key: string): void {
  for (const folder of abandonedFolders(root)) {
    const changedAt = statSync(join(folder, passesName), { throwIfNoEntry: false })?.mtimeMs;
    const isUseful = changedAt !== undefined && !isOf(folder, key) && Date.now() - changedAt < maxAge;
    if (!isUseful) removePartial(folder);
  }
}

/** Lists the folders that no process writes: those of ended processes, and those that this process has left. */
function abandonedFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^[0-9a-f]{16}\.[0-9a-f-]+\.partial$/.test(name))
    .map((name) => join(root, name))
    .filter((folder) => {
      try {
        const owner = JSON.parse(readFileSync(join(folder, ownerName), 'utf8')) as Owner;
        if (processState(owner) === 'gone') return true;
        return owner.pid === process.pid && processState(owner) === 'running' && !ownFolders.has(folder);
      } catch {
        // A folder without a known owner is not removed.
        return false;
      }
    });
}
