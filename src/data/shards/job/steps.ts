/**
 * Writes shards in parts that any scheduler may place: each part maps its rows to buckets, one process merges what they know of all rows, each part encodes its
 * buckets, and one process joins and seals. The shards are those of one process, byte for byte.
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { failure } from '../../../base/diagnostics/failure.ts';
import type { DataDescription } from '../../../graph/plan/data_description.ts';
import { withBoundDatabase } from '../../binding/bind.ts';
import { makeReadPlan, type Needs } from '../../binding/layout.ts';
import type { Dataset } from '../../dataset.ts';
import type { BadRow } from '../../files/files.ts';
import type { DatasetReadOptions } from '../../read.ts';
import { warningsOfIds } from '../../rows/look_alikes.ts';
import { rangeOf, type StagedTable } from '../../rows/raw.ts';
import type { RowsPart } from '../../rows/stage.ts';
import { type ReadContext, stageSources } from '../../stage_sources.ts';
import { type Computing, computed, settle } from '../../valid_files.ts';
import { encodePartitions } from '../encode.ts';
import {
  type FirstPassResult,
  firstPassOf,
  plainFirstPass,
  plainScattered,
  type ScatteredRows,
  type ShardingInput,
  scatteredOf,
} from '../first_pass.ts';
import type { PartitionRest } from '../gathered.ts';
import { shareOf } from '../layout.ts';
import { partitionName } from '../partition_source.ts';
import { makeCuts, prepareShards, type ShardPlan } from '../prepare.ts';
import { bytesForShards, partitionsOf, scatterInto } from '../read.ts';
import type { ShardRequest } from '../request.ts';
import { type ShardFile, ShardWriter } from '../shard_files.ts';
import { sourceHash } from '../store.ts';
import {
  firstName,
  leavePartial,
  makePartial,
  preparedName,
  readPlain,
  removePartial,
  restName,
  writePlain,
} from '../unfinished.ts';
import { encodingOf, gatheredOf, namesOf, partitionSourceOf, sealShards } from '../write.ts';
import { type JobCommand, JobFolder, type ShardJobPlan, type StepFiles, spanOfPart } from './folder.ts';
import { mergeRows } from './merge.ts';

/** The rows that a job reads. */
export interface JobSource {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly options: Omit<DatasetReadOptions, 'pinned' | 'asOf' | 'shards'> & { readonly shards: ShardRequest };
}

type JobContext = ReadContext<JobSource['options']>;

function bound<T>(
  { description, needs, options }: JobSource,
  use: (context: JobContext, key: string) => Promise<T>,
): Promise<T> {
  const limits = { memory: shareOf(options.shards.memory, 'database') };
  return withBoundDatabase(description, needs, { ...options, ...limits }, (database, { layout, files }) => {
    const readPlan = makeReadPlan(description, needs, layout);
    return use({ database, readPlan, files, options }, sourceHash(readPlan, options.shards));
  });
}

/** Binds the source, which must be that of the plan. @throws Failure `shard-job-changed` */
const boundOfPlan = <T>(source: JobSource, job: JobFolder, use: (context: JobContext) => Promise<T>): Promise<T> =>
  bound(source, async (context, key) => {
    if (key === job.plan.key) return use(context);
    throw failure('shard-job-changed', { folder: job.folder, what: 'the model, the data block or one of its files' });
  });

/** All rows, of which none is read before a query asks for it. */
const unread: RowsPart = { range: (rows) => ({ first: 0, count: rows }), isRead: false };

interface PlanRequest {
  readonly folder: string;
  readonly parts: number;
  readonly command: JobCommand;
  readonly force?: boolean;
}

/** @throws Failure `shard-part-unknown`, `shard-job-changed`, `shards-unsupported`, `shards-memory`, and those of the data */
export async function planShards(
  source: JobSource,
  { folder, parts, command, force }: PlanRequest,
): Promise<JobFolder> {
  const request = source.options.shards;
  const { memory, sizes } = request;
  const plan = await bound(source, async (context, key): Promise<Omit<ShardJobPlan, 'format'>> => {
    const computing = await stageSources(context, unread);
    const eventBytes = (await bytesForShards({ ...request, when: 'always' }, computing))!;
    const events = computing.staged.get('events')!.rows;
    const buckets = partitionsOf(request, computing, eventBytes);
    return { key, memory, ...(sizes ? { sizes } : {}), parts, events, eventBytes, buckets, command };
  });
  return JobFolder.make(folder, plan, force ?? false);
}

const rowsName = 'rows.bin';
const badName = 'bad.bin';

/** Bad rows of the events without the objects that every process has. */
type PlainBadRow = Omit<BadRow, 'file'> & { readonly file: number };

export async function mapPart(source: JobSource, job: JobFolder, part: number): Promise<void> {
  const { parts, buckets, eventBytes } = job.plan;
  const range = (rows: number) => {
    const { first, end } = spanOfPart(part, parts, rows);
    return { first, count: end - first };
  };
  await job.make('map', part, (partial) =>
    boundOfPlan(source, job, async (context) => {
      const computing = await stageSources(context, { range, isRead: true });
      const brokenCount = computing.bad.length;
      const { rows, bad } = await computed(computing, () => {
        for (let bucket = 0; bucket < buckets; bucket++) rmSync(join(partial, partitionName(bucket)), { force: true });
        return scatterInto(partial, source.options.shards, computing, { partitions: buckets, eventBytes });
      });
      const allBad = [...computing.bad.slice(brokenCount), ...bad].filter((row) => isOwn(row, computing, part === 1));
      const files = computing.staged;
      const plainBad = allBad.map(
        (row): PlainBadRow => ({ ...row, file: stagedFiles(files.get(row.role)!).indexOf(row.file) }),
      );
      return {
        [rowsName]: await writePlain(partial, rowsName, plainScattered(rows, context.readPlan)),
        [badName]: await writePlain(partial, badName, plainBad),
      };
    }),
  );
}

const stagedFiles = ({ files }: StagedTable) => files.map(({ file }) => file);

/** True for bad events of the range, and for bad rows of the other files if `isFirst`, because each part reads these files as a whole. */
function isOwn({ role, file, at }: BadRow, { staged }: Computing, isFirst: boolean): boolean {
  if (role !== 'events' || !('record' in at)) return isFirst;
  const events = staged.get('events')!;
  const { first, count } = rangeOf(events);
  const row = events.files.find((each) => each.file === file)!.first + at.record;
  return row >= first && row < first + count;
}

export async function mergeParts(source: JobSource, job: JobFolder): Promise<void> {
  await job.make('merge', undefined, async (partial) => {
    const mapped = job.doneParts('map');
    const { input, firstPass, first } = await boundOfPlan(source, job, (context) =>
      mergeFirstPass(context, job, { mapped, partial }),
    );
    // The database is closed now, so its memory is free.
    const plan = await prepareShards(input, firstPass, partitionSourceOf(input, firstPass));
    return { [firstName]: first, [preparedName]: await writePlain(partial, preparedName, plan) };
  });
  const { parts, buckets } = job.plan;
  for (let part = 1; part <= parts; part++)
    for (let bucket = 0; bucket < buckets; bucket++)
      rmSync(join(job.pathOf('map', part), partitionName(bucket)), { force: true });
}

async function mergeFirstPass(
  context: JobContext,
  job: JobFolder,
  { mapped, partial }: { readonly mapped: readonly StepFiles[]; readonly partial: string },
) {
  const { readPlan, files: featureFiles, options } = context;
  const { signal, shards: request } = options;
  const computing = await stageSources(context, unread);
  const readers = mapped.map((files, at) => {
    const folder = job.pathOf('map', at + 1);
    const read = async () => scatteredOf<ScatteredRows>(await readPlain(folder, rowsName, files[rowsName]!), readPlan);
    return { folder, read };
  });
  for (const [at, files] of mapped.entries()) {
    const bad = await readPlain(job.pathOf('map', at + 1), badName, files[badName]!);
    for (const row of bad as readonly PlainBadRow[])
      computing.bad.push({ ...row, file: stagedFiles(computing.staged.get(row.role)!)[row.file]! });
  }
  const names = Array.from({ length: job.plan.buckets }, (_, bucket) => partitionName(bucket));
  const writer = ShardWriter.new(partial, names, 'crc32');
  const rows = await mergeRows(readers, readPlan, writer, signal);
  computing.warnings.push(...warningsOfIds(readPlan, rows.dictionaries));
  const rejected = await settle(computing, rows.scattered.rows > 0);
  const firstPass: FirstPassResult = { ...rows, files: await writer.finish(), partial, key: job.plan.key, rejected };
  const input: ShardingInput = { readPlan, featureFiles, request, signal };
  return { input, firstPass, first: await writePlain(partial, firstName, plainFirstPass(firstPass, readPlan)) };
}

/** Reads what `mergeParts` has found. */
async function merged(source: JobSource, job: JobFolder) {
  const files = job.done('merge');
  if (!files) throw failure('shard-job-unfinished', { folder: job.folder, step: 'merge', missing: [], parts: 1 });
  const input = await boundOfPlan(
    source,
    job,
    async ({ readPlan, files: featureFiles, options }): Promise<ShardingInput> => {
      const { shards: request, signal } = options;
      return { readPlan, featureFiles, request, signal };
    },
  );
  const folder = job.pathOf('merge');
  const plain = await readPlain(folder, firstName, files[firstName]!);
  const firstPass = firstPassOf(plain, folder, job.plan.key, input.readPlan);
  const plan = (await readPlain(folder, preparedName, files[preparedName]!)) as ShardPlan;
  return { input, firstPass, plan, source: partitionSourceOf(input, firstPass) };
}

export async function encodePart(source: JobSource, job: JobFolder, part: number): Promise<void> {
  const { first: from, end } = spanOfPart(part, job.plan.parts, job.plan.buckets);
  await job.make('encode', part, async (partial) => {
    const { input, firstPass, plan, source: partitions } = await merged(source, job);
    const names = namesOf(plan);
    const writer = ShardWriter.new(partial, names, 'crc32');
    const rests: [string, ShardFile][] = [];
    await encodePartitions(partitions, makeCuts(input.readPlan.description, firstPass.scattered, plan), {
      ...{ ...encodingOf(input, plan), writer, from, end },
      async onDone(bucket, rest) {
        rests.push([restName(bucket), await writePlain(partial, restName(bucket), rest)]);
      },
    });
    const files = await writer.finish();
    return Object.fromEntries([...names.map((name, at): [string, ShardFile] => [name, files[at]!]), ...rests]);
  });
  for (let bucket = from; bucket < end; bucket++)
    rmSync(join(job.pathOf('merge'), partitionName(bucket)), { force: true });
}

/** Joins what the parts have encoded in the order of buckets, and seals the shards. The folders of the steps are removed. */
export async function sealParts(source: JobSource, job: JobFolder): Promise<Dataset> {
  const encoded = job.doneParts('encode');
  const { input, firstPass, plan, source: partitions } = await merged(source, job);
  const { request, signal } = input;
  const partial = await makePartial(request.folder, job.plan.key);
  try {
    const names = namesOf(plan);
    const writer = ShardWriter.new(partial, names);
    const gathered = gatheredOf(partitions);
    for (const [at, files] of encoded.entries()) {
      const folder = job.pathOf('encode', at + 1);
      for (const [index, name] of names.entries()) {
        signal?.throwIfAborted();
        await writer.appendFile(index, join(folder, name), files[name]!);
      }
      const { first, end } = spanOfPart(at + 1, job.plan.parts, job.plan.buckets);
      for (let bucket = first; bucket < end; bucket++) {
        const rest = await readPlain(folder, restName(bucket), files[restName(bucket)]!);
        gathered.add(rest as PartitionRest);
      }
    }
    const result = { source: partitions, plan, rest: gathered.all(), files: await writer.finish() };
    const dataset = await sealShards(input, { ...firstPass, partial }, result);
    await job.keepSealed(basename(dataset.shards!.folder));
    return dataset;
  } catch (error) {
    removePartial(partial);
    throw error;
  } finally {
    leavePartial(partial);
  }
}
