/**
 * Passes that were stopped. What each has done lies next to the buckets, so the same command goes on from there: the first pass is
 * whole or begins again, the second goes on with the first bucket that is not in piles.
 */
import { rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../diagnostics/failure.ts';
import { writeTextDurably } from '../../storage/durable.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import { bucketName } from './bucket_source.ts';
import { type Buckets, bucketsOf, plainBuckets } from './first_pass.ts';
import type { BucketRest, Gathered } from './gathered.ts';
import { passesName, removePartial, stoppedPasses, takePartial } from './partial.ts';
import { type PileFile, PileWriter, readPile } from './piles.ts';
import { packPlain, unpackPlain } from './plain.ts';
import type { Prepared } from './prepare.ts';
import type { ShardRequest } from './request.ts';

const format = 'tower-passes-3';
const firstName = 'first.bin';
const preparedName = 'prepared.bin';
const restName = (bucket: number): string => `bucket-${bucket}.rest.bin`;

/** What is done, as `passes.json` has it. */
interface State {
  readonly format: typeof format;
  readonly key: string;
  /** What sizes follow from. */
  readonly of: Pick<ShardRequest, 'memory' | 'sizes'> & { readonly when?: unknown };
  readonly buckets: readonly PileFile[];
  readonly first: PileFile;
  readonly prepared?: PileFile;
  /** The piles, and by bucket what it has in none of them. */
  readonly encoded?: { readonly piles: readonly PileFile[]; readonly rests: readonly PileFile[] };
}

export class Passes {
  private constructor(
    readonly partial: string,
    private state: State,
  ) {}

  /** After the first pass. @throws Failure `shards-not-written` */
  static async begun(request: ShardRequest, buckets: Buckets, wanted: ColumnRequests): Promise<Passes> {
    const { partial, key, files } = buckets;
    const first = await keep(partial, firstName, plainBuckets(buckets, wanted));
    const passes = new Passes(partial, { format, key, of: sizesOf(request), buckets: files, first });
    await passes.save({});
    return passes;
  }

  /**
   * Those of this key and these sizes that were stopped, taken over; undefined where there are none. What cannot be read is removed: the
   * passes begin again.
   */
  static async stopped(
    request: ShardRequest,
    key: string,
    wanted: ColumnRequests,
  ): Promise<{ readonly passes: Passes; readonly buckets: Buckets } | undefined> {
    for (const folder of stoppedPasses(request.folder, key)) {
      const state = await readState(folder);
      if (state?.key !== key || !isDeepStrictEqual(state.of, sizesOf(request))) continue;
      const partial = await takePartial(folder, request.folder, key);
      if (partial === undefined) continue;
      try {
        const buckets = bucketsOf(await kept(partial, firstName, state.first), partial, key, wanted);
        const passes = new Passes(partial, state);
        passes.checkBuckets();
        return { passes, buckets };
      } catch {
        removePartial(partial);
      }
    }
    return undefined;
  }

  /** Buckets that are in piles. */
  get done(): number {
    return this.state.encoded?.rests.length ?? 0;
  }

  get buckets(): number {
    return this.state.buckets.length;
  }

  /** Undefined where they were stopped before. @throws Failure `shards-damaged` */
  async prepared(): Promise<Prepared | undefined> {
    const { prepared } = this.state;
    return prepared && ((await kept(this.partial, preparedName, prepared)) as Prepared);
  }

  async keepPrepared(prepared: Prepared): Promise<void> {
    await this.save({ prepared: await keep(this.partial, preparedName, prepared) });
  }

  /** Piles as they were after the last bucket, and what buckets have in none of them. @throws Failure `shards-damaged` */
  async piles(names: readonly string[], gathered: Gathered, signal?: AbortSignal): Promise<PileWriter> {
    const { encoded } = this.state;
    if (!encoded) {
      // They hold what was appended for a bucket that was not done.
      for (const name of names) rmSync(join(this.partial, name), { force: true });
      return PileWriter.new(this.partial, names);
    }
    const writer = await PileWriter.continued(this.partial, names, encoded.piles, signal);
    for (const [bucket, rest] of encoded.rests.entries()) {
      signal?.throwIfAborted();
      gathered.add((await kept(this.partial, restName(bucket), rest)) as BucketRest);
    }
    return writer;
  }

  /** The bucket is in piles, and needed no longer. */
  async keepBucket(bucket: number, rest: BucketRest, writer: PileWriter): Promise<void> {
    const file = await keep(this.partial, restName(bucket), rest);
    const rests = [...(this.state.encoded?.rests ?? []), file];
    await this.save({ encoded: { piles: writer.files(), rests } });
    rmSync(join(this.partial, bucketName(bucket)), { force: true });
  }

  private async save(more: Partial<State>): Promise<void> {
    this.state = { ...this.state, ...more };
    await writeTextDurably(join(this.partial, passesName), `${JSON.stringify(this.state)}\n`);
  }

  /** All that are not in piles are there. Their checksums are looked at when they are read. */
  private checkBuckets(): void {
    for (const [at, { bytes }] of this.state.buckets.entries()) {
      const path = join(this.partial, bucketName(at));
      if (at < this.done) rmSync(path, { force: true });
      else if (statSync(path).size !== bytes) throw new Error('a bucket is cut off');
    }
  }
}

/** Whether what is done is worth keeping: not where the same command would fail again by what the data is. */
export const canGoOn = (error: unknown): boolean =>
  !(error instanceof Failure) || error.diagnostics.every(({ code }) => goesOn.has(code));

const goesOn: ReadonlySet<string> = new Set(['shards-not-written', 'cannot-write']);

/** What is undefined is not in JSON. */
const sizesOf = ({ memory, sizes, when }: ShardRequest): State['of'] =>
  JSON.parse(JSON.stringify({ memory, sizes, ...(typeof when === 'object' ? { when } : {}) }));

async function readState(folder: string): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(join(folder, passesName), 'utf8')) as State;
    return state.format === format ? state : undefined;
  } catch {
    return undefined;
  }
}

async function keep(partial: string, name: string, value: unknown): Promise<PileFile> {
  rmSync(join(partial, name), { force: true });
  const writer = PileWriter.new(partial, [name]);
  writer.append(0, 0, packPlain(value));
  return writer.files()[0]!;
}

/** @throws Failure `shards-damaged` */
async function kept(partial: string, name: string, file: PileFile): Promise<unknown> {
  const [block] = await readPile(partial, name, file);
  return unpackPlain(block!);
}
