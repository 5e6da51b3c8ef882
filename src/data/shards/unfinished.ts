/**
 * Passes that were stopped. The finished work of each lies next to the partitions, so the same command resumes from there: the first pass is
 * whole or begins again, the second resumes at the first partition that is not in shards.
 */
import { rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../base/diagnostics/failure.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import { bucketName } from './bucket_source.ts';
import { bucketsOf, type FirstPassResult, plainBuckets } from './first_pass.ts';
import type { Gathered, PartitionRest } from './gathered.ts';
import { passesName, removePartial, stoppedPasses, takePartial } from './partial.ts';
import { type PileFile, PileWriter, readPile } from './piles.ts';
import { packPlain, unpackPlain } from './plain.ts';
import type { ShardPlan } from './prepare.ts';
import type { ShardRequest } from './request.ts';

const format = 'tower-passes-3';
const firstName = 'first.bin';
const preparedName = 'prepared.bin';
const restName = (bucket: number): string => `bucket-${bucket}.rest.bin`;

interface PassesState {
  readonly format: typeof format;
  readonly key: string;
  /** The request, as far as sizes follow from it. */
  readonly of: Pick<ShardRequest, 'memory' | 'sizes'> & { readonly when?: unknown };
  readonly buckets: readonly PileFile[];
  readonly first: PileFile;
  readonly prepared?: PileFile;
  /** The shards, and by partition its other results. */
  readonly encoded?: { readonly piles: readonly PileFile[]; readonly rests: readonly PileFile[] };
}

export class Passes {
  private constructor(
    readonly partial: string,
    private state: PassesState,
  ) {}

  /** Starts after the first pass. @throws Failure `shards-not-written` */
  static async begun(request: ShardRequest, buckets: FirstPassResult, wanted: ColumnRequests): Promise<Passes> {
    const { partial, key, files } = buckets;
    const first = await writePlain(partial, firstName, plainBuckets(buckets, wanted));
    const passes = new Passes(partial, { format, key, of: sizesOf(request), buckets: files, first });
    await passes.save({});
    return passes;
  }

  /** Takes over stopped passes of this key and these sizes; undefined where there are none. Unreadable ones are removed: the passes begin again. */
  static async stopped(
    request: ShardRequest,
    key: string,
    wanted: ColumnRequests,
  ): Promise<{ readonly passes: Passes; readonly buckets: FirstPassResult } | undefined> {
    for (const folder of stoppedPasses(request.folder, key)) {
      const state = await readState(folder);
      if (state?.key !== key || !isDeepStrictEqual(state.of, sizesOf(request))) continue;
      const partial = await takePartial(folder, request.folder, key);
      if (partial === undefined) continue;
      try {
        const buckets = bucketsOf(await readPlain(partial, firstName, state.first), partial, key, wanted);
        const passes = new Passes(partial, state);
        passes.checkBuckets();
        return { passes, buckets };
      } catch {
        removePartial(partial);
      }
    }
    return undefined;
  }

  get done(): number {
    return this.state.encoded?.rests.length ?? 0;
  }

  get buckets(): number {
    return this.state.buckets.length;
  }

  /** Returns undefined where they were stopped before. @throws Failure `shards-damaged` */
  async prepared(): Promise<ShardPlan | undefined> {
    const { prepared } = this.state;
    return prepared && ((await readPlain(this.partial, preparedName, prepared)) as ShardPlan);
  }

  async keepPrepared(prepared: ShardPlan): Promise<void> {
    await this.save({ prepared: await writePlain(this.partial, preparedName, prepared) });
  }

  /** Opens the shards as they were after the last partition, and adds its other results. @throws Failure `shards-damaged` */
  async piles(names: readonly string[], gathered: Gathered, signal?: AbortSignal): Promise<PileWriter> {
    const { encoded } = this.state;
    if (!encoded) {
      // They hold rows of a partition that was not finished.
      for (const name of names) rmSync(join(this.partial, name), { force: true });
      return PileWriter.new(this.partial, names);
    }
    const writer = await PileWriter.resume(this.partial, names, encoded.piles, signal);
    for (const [bucket, rest] of encoded.rests.entries()) {
      signal?.throwIfAborted();
      gathered.add((await readPlain(this.partial, restName(bucket), rest)) as PartitionRest);
    }
    return writer;
  }

  /** Records that the partition is in shards, and removes it. */
  async keepBucket(bucket: number, rest: PartitionRest, writer: PileWriter): Promise<void> {
    const file = await writePlain(this.partial, restName(bucket), rest);
    const rests = [...(this.state.encoded?.rests ?? []), file];
    await this.save({ encoded: { piles: writer.files(), rests } });
    rmSync(join(this.partial, bucketName(bucket)), { force: true });
  }

  private async save(changes: Partial<PassesState>): Promise<void> {
    this.state = { ...this.state, ...changes };
    await writeTextDurably(join(this.partial, passesName), `${JSON.stringify(this.state)}\n`);
  }

  /** Checks that all partitions exist that are not in shards. Their checksums are checked when they are read. */
  private checkBuckets(): void {
    for (const [index, { bytes }] of this.state.buckets.entries()) {
      const path = join(this.partial, bucketName(index));
      if (index < this.done) rmSync(path, { force: true });
      else if (statSync(path).size !== bytes) throw new Error('a bucket is cut off');
    }
  }
}

/** True if finished work is worth storing: not where the same command would fail again by what the data is. */
export const canGoOn = (error: unknown): boolean =>
  !(error instanceof Failure) || error.diagnostics.every(({ code }) => resumable.has(code));

const resumable: ReadonlySet<string> = new Set(['shards-not-written', 'cannot-write']);

const sizesOf = ({ memory, sizes, when }: ShardRequest): PassesState['of'] =>
  JSON.parse(JSON.stringify({ memory, sizes, ...(typeof when === 'object' ? { when } : {}) }));

async function readState(folder: string): Promise<PassesState | undefined> {
  try {
    const state = JSON.parse(await readFile(join(folder, passesName), 'utf8')) as PassesState;
    return state.format === format ? state : undefined;
  } catch {
    return undefined;
  }
}

async function writePlain(partial: string, name: string, value: unknown): Promise<PileFile> {
  rmSync(join(partial, name), { force: true });
  const writer = PileWriter.new(partial, [name]);
  writer.append(0, 0, packPlain(value));
  return writer.files()[0]!;
}

/** @throws Failure `shards-damaged` */
async function readPlain(partial: string, name: string, file: PileFile): Promise<unknown> {
  const [block] = await readPile(partial, name, file);
  return unpackPlain(block!);
}
