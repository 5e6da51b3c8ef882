/**
 * The folder of a job that writes shards in parts: the plan, and a folder for each step that is done. A step appears under its name when it is complete, so a
 * command that was killed is simply run again, on any machine that sees the folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure } from '../../../base/diagnostics/failure.ts';
import { reading } from '../../../base/diagnostics/system_reason.ts';
import { makeFolder, syncFolder, writeTextDurably } from '../../../base/storage/durable.ts';
import { type Owner, removeTemporary, stateOf, thisProcess } from '../../../base/storage/temporary.ts';
import { isObject } from '../../../base/util/defined.ts';
import type { ShardRequest } from '../request.ts';
import { isShardFile, notWritten, type ShardFile } from '../shard_files.ts';
import { readPlain } from '../unfinished.ts';

const format = 'tower-shard-job-2';
const planName = 'plan.json';
const doneName = 'done.json';
const sealedName = 'sealed.json';
const ownerName = 'owner.json';

export interface ShardJobPlan extends Pick<ShardRequest, 'memory' | 'sizes'> {
  readonly format: typeof format;
  /** Identifies the model, the data block and the state of its files, as that of shards does. */
  readonly key: string;
  /** Number of parts that rows, and afterwards buckets, are divided into. */
  readonly parts: number;
  readonly events: number;
  /** Bytes of an event as it is read from the database. */
  readonly eventBytes: number;
  readonly buckets: number;
  /** What the steps read. */
  readonly command: JobCommand;
}

export interface JobCommand {
  readonly model: string;
  readonly data: string;
  readonly set?: Readonly<Record<string, string | number>>;
  readonly allow?: readonly string[];
  /** The folder that the shards go to. */
  readonly shards: string;
}

/** In their order. Those in parts are done once for each part. */
export const shardSteps = {
  map: { inParts: true },
  merge: { inParts: false },
  count: { inParts: true },
  fit: { inParts: false },
  encode: { inParts: true },
  seal: { inParts: false },
} as const;

export type ShardStep = keyof typeof shardSteps;

export const stepNames = Object.keys(shardSteps) as ShardStep[];

const stepName = (step: ShardStep, part?: number): string => (part === undefined ? step : `${step}-${part}`);

/** By name, the files of a step. */
export type StepFiles = Readonly<Record<string, ShardFile>>;

/** Returns the rows, or the buckets, of part 1, 2, … of a number of parts. */
export function spanOfPart(part: number, parts: number, all: number): { readonly first: number; readonly end: number } {
  const edge = (at: number): number => Math.floor((all * at) / parts);
  return { first: edge(part - 1), end: edge(part) };
}

export class JobFolder {
  private constructor(
    readonly folder: string,
    readonly plan: ShardJobPlan,
    private readonly planSum: string,
  ) {}

  /** @throws Failure `shard-job-missing`, `cannot-read` */
  static async open(folder: string): Promise<JobFolder> {
    const path = join(folder, planName);
    if (!existsSync(path)) throw failure('shard-job-missing', { folder });
    const text = await reading(path, readFile(path, 'utf8'));
    const plan = jsonOf(text);
    if (!isPlan(plan)) throw failure('shard-job-missing', { folder });
    return new JobFolder(folder, plan, createHash('sha256').update(text).digest('hex'));
  }

  /**
   * Writes the plan. The same plan again changes nothing, so that what is done stays.
   * @throws Failure `shard-job-changed` for another plan without `force`, which removes what is done; `cannot-write`
   */
  static async make(folder: string, plan: Omit<ShardJobPlan, 'format'>, force: boolean): Promise<JobFolder> {
    await makeFolder(folder);
    const earlier = await JobFolder.open(folder).catch(() => undefined);
    const newPlan = plainOf({ format, ...plan });
    if (earlier && isDeepStrictEqual(earlier.plan, newPlan)) return earlier;
    if (earlier && !force) throw failure('shard-job-changed', { folder, what: 'what is asked for' });
    for (const name of readdirSync(folder)) if (isOfStep(name)) removeTemporary(join(folder, name));
    await writeTextDurably(join(folder, planName), `${JSON.stringify(newPlan, null, 2)}\n`);
    return JobFolder.open(folder);
  }

  pathOf(step: ShardStep, part?: number): string {
    return join(this.folder, stepName(step, part));
  }

  /** Returns what a step has written; undefined if it is not done. @throws Failure `shard-job-changed` */
  done(step: ShardStep, part?: number): DoneFiles | undefined {
    const folder = this.pathOf(step, part);
    const state = readJson(join(folder, doneName)) as { plan?: unknown; files?: unknown } | undefined;
    if (state?.plan === undefined || !isObject(state.files)) return undefined;
    if (state.plan !== this.planSum) throw failure('shard-job-changed', { folder: this.folder, what: 'the plan' });
    return new DoneFiles(folder, state.files);
  }

  /** Returns what each part of a step has written, or the step itself if it has no parts. @throws Failure `shard-job-unfinished` */
  needed(step: ShardStep): DoneFiles[] {
    const { inParts } = shardSteps[step];
    const parts = inParts ? this.plan.parts : 1;
    const files = Array.from({ length: parts }, (_, at) => this.done(step, inParts ? at + 1 : undefined));
    const undone = files.flatMap((each, at) => (each ? [] : [at + 1]));
    const missing = inParts ? undone : [];
    if (undone.length > 0) throw failure('shard-job-unfinished', { folder: this.folder, step, missing, parts });
    return files as DoneFiles[];
  }

  /**
   * Does a step unless it is done. Of several processes that do the same, the first to end wins: their files are equal. The others may then miss files that the
   * first one has removed.
   */
  async make(step: ShardStep, part: number | undefined, body: (partial: string) => Promise<StepFiles>): Promise<void> {
    if (this.done(step, part)) return;
    const path = this.pathOf(step, part);
    this.removeLeft(stepName(step, part));
    const partial = `${path}.${randomUUID()}.partial`;
    try {
      await asWritten(partial, mkdir(partial));
      writeFileSync(join(partial, ownerName), JSON.stringify(thisProcess()));
      const files = await body(partial);
      rmSync(join(partial, ownerName));
      await writeTextDurably(join(partial, doneName), `${JSON.stringify({ plan: this.planSum, files })}\n`);
      // A folder without a list of its files is of no use.
      if (existsSync(path) && !this.done(step, part)) removeTemporary(path);
      await rename(partial, path).catch((error: unknown) => {
        if (!this.isDone(step, part)) throw notWritten(path, error);
      });
      await asWritten(this.folder, syncFolder(this.folder));
    } catch (error) {
      if (!this.isDone(step, part)) throw error;
    } finally {
      removeTemporary(partial);
    }
  }

  private isDone(step: ShardStep, part: number | undefined): boolean {
    return this.sealed() !== undefined || this.done(step, part) !== undefined;
  }

  /** Returns the name of the shards if the job is sealed, and they are there. */
  sealed(): string | undefined {
    const state = readJson(join(this.folder, sealedName)) as { plan: string; shards: string } | undefined;
    if (state?.plan !== this.planSum) return undefined;
    return existsSync(join(this.plan.command.shards, state.shards)) ? state.shards : undefined;
  }

  /** Removes the steps, which the shards replace. */
  async keepSealed(shards: string): Promise<void> {
    const state = { plan: this.planSum, shards };
    await writeTextDurably(join(this.folder, sealedName), `${JSON.stringify(state)}\n`);
    for (const name of readdirSync(this.folder))
      if (isOfStep(name) && name !== sealedName) removeTemporary(join(this.folder, name));
  }

  /** Removes what killed processes of this machine left of a step. */
  private removeLeft(name: string): void {
    for (const each of readdirSync(this.folder)) {
      if (!each.startsWith(`${name}.`) || !each.endsWith('.partial')) continue;
      const owner = readJson(join(this.folder, each, ownerName)) as Owner | undefined;
      if (owner && stateOf(owner) === 'gone') removeTemporary(join(this.folder, each));
    }
  }
}

/** The files that a step has written. */
export class DoneFiles {
  constructor(
    readonly folder: string,
    private readonly files: Readonly<Record<string, unknown>>,
  ) {}

  /** @throws Failure `shards-damaged` */
  file(name: string): ShardFile {
    const file = this.files[name];
    if (isShardFile(file)) return file;
    const path = join(this.folder, doneName);
    throw failure('shards-damaged', { path, folder: this.folder, reason: `it does not list ${name}` });
  }

  /** Reads plain data. @throws Failure `shards-damaged` */
  async read(name: string): Promise<unknown> {
    return readPlain(this.folder, name, this.file(name));
  }
}

/** Most parts, buckets and events of a plan. */
const mostCounted = 2 ** 31 - 1;

function isPlan(value: unknown): value is ShardJobPlan {
  const { format: found, key, command, ...plan } = (value ?? {}) as Partial<ShardJobPlan>;
  const { model, data, shards } = (command ?? {}) as Partial<JobCommand>;
  const counts = [plan.parts, plan.buckets, plan.events];
  return (
    found === format &&
    [key, model, data, shards].every((text) => typeof text === 'string') &&
    counts.every((count) => Number.isInteger(count) && count! >= 1 && count! <= mostCounted) &&
    [plan.memory, plan.eventBytes].every((bytes) => Number.isFinite(bytes) && bytes! > 0)
  );
}

const isOfStep = (name: string): boolean =>
  name === sealedName || new RegExp(`^(${stepNames.join('|')})(-\\d+)?(\\.[0-9a-f-]+\\.partial)?$`).test(name);

const asWritten = <T>(path: string, writes: Promise<T>): Promise<T> =>
  writes.catch((error: unknown) => {
    throw notWritten(path, error);
  });

/** Drops what JSON does not keep. */
const plainOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
