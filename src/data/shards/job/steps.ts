/**
 * The steps that read files of data: the plan, the map of rows to buckets in parts, and the merge of what the parts know of their rows. Those of
 * `bucket_steps.ts` read nothing but the folder of the job. The shards are those of one process, byte for byte.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../../base/diagnostics/failure.ts';
import type { DataDescription } from '../../../graph/plan/data_description.ts';
import { withBoundDatabase } from '../../binding/bind.ts';
import { makeReadPlan, type Needs } from '../../binding/layout.ts';
import { addBadRow, type BadRow } from '../../files/files.ts';
import type { DatasetReadOptions } from '../../read.ts';
import { warningsOfIds } from '../../rows/look_alikes.ts';
import type { StagedTable } from '../../rows/raw.ts';
import type { RowsPart } from '../../rows/stage.ts';
import { type ReadContext, stageSources } from '../../stage_sources.ts';
import { computed, settle } from '../../valid_files.ts';
import {
  type FirstPassResult,
  plainFirstPass,
  plainScattered,
  type ScatteredRows,
  type ShardingInput,
  scatteredOf,
} from '../first_pass.ts';
import { largestOf, refuseLargePartition, shareOf } from '../layout.ts';
import { partitionName } from '../partition_source.ts';
import { splitFacts } from '../prepare.ts';
import { bytesForShards, partitionsOf, scatterInto } from '../read.ts';
import type { ShardRequest } from '../request.ts';
import { ShardWriter } from '../shard_files.ts';
import { sourceHash } from '../store.ts';
import { firstName, writePlain } from '../unfinished.ts';
import { partitionSourceOf } from '../write.ts';
import { boundName, boundRows, foldersOf, type MergedParts, partsName } from './bucket_steps.ts';
import { DoneFiles, type JobCommand, JobFolder, type ShardJobPlan, spanOfPart } from './folder.ts';
import { JoinedBuckets, userCodesName } from './joined_buckets.ts';
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

const scatteredName = 'scattered.bin';
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
      // Each part reads the other files as a whole.
      const allBad = [...computing.bad.slice(brokenCount), ...bad].filter(
        ({ role }) => role === 'events' || part === 1,
      );
      const files = computing.staged;
      const plainBad = allBad.map(
        (row): PlainBadRow => ({ ...row, file: stagedFiles(files.get(row.role)!).indexOf(row.file) }),
      );
      return {
        [scatteredName]: await writePlain(partial, scatteredName, plainScattered(rows, context.readPlan)),
        [badName]: await writePlain(partial, badName, plainBad),
      };
    }),
  );
}

const stagedFiles = ({ files }: StagedTable) => files.map(({ file }) => file);

/** Gives all texts their codes, and finds where the parts of a split begin. */
export async function mergeParts(source: JobSource, job: JobFolder): Promise<void> {
  await job.make('merge', undefined, async (partial) => {
    const mapped = job.needed('map');
    const { buckets } = job.plan;
    const codesNames = Array.from({ length: buckets }, (_, bucket) => userCodesName(bucket));
    const userCodes = ShardWriter.new(partial, codesNames, 'crc32');
    const { input, firstPass, parts } = await boundOfPlan(source, job, (context) =>
      mergeFirstPass(context, job, { mapped, partial, userCodes }),
    );
    const written = await userCodes.finish();
    const files = Object.fromEntries(written.map((file, bucket) => [codesNames[bucket]!, file]));
    // The database is closed now, so its memory is free.
    const joined = new JoinedBuckets(input.readPlan, foldersOf(mapped), parts, new DoneFiles(partial, files));
    const partitions = () => partitionSourceOf(input, firstPass, (bucket) => joined.read(bucket));
    const facts = await splitFacts(input, firstPass.scattered, partitions);
    return {
      ...files,
      [firstName]: await writePlain(partial, firstName, plainFirstPass(firstPass, input.readPlan)),
      [partsName]: await writePlain(partial, partsName, { parts, facts } satisfies MergedParts),
      [boundName]: await writePlain(partial, boundName, boundRows(input)),
    };
  });
}

async function mergeFirstPass(
  context: JobContext,
  job: JobFolder,
  to: { readonly mapped: readonly DoneFiles[]; readonly partial: string; readonly userCodes: ShardWriter },
) {
  const { readPlan, files: featureFiles, options } = context;
  const { mapped, partial, userCodes } = to;
  const { signal, shards: request } = options;
  const { key, buckets } = job.plan;
  const computing = await stageSources(context, unread);
  for (const part of mapped)
    for (const row of (await part.read(badName)) as readonly PlainBadRow[])
      addBadRow(computing.bad, { ...row, file: stagedFiles(computing.staged.get(row.role)!)[row.file]! });
  const readers = mapped.map(
    (part) => async () => scatteredOf<ScatteredRows>(await part.read(scatteredName), readPlan),
  );
  const { rows, parts } = await mergeRows(readers, readPlan, { userCodes, signal });
  for (const each of warningsOfIds(readPlan, rows.dictionaries)) computing.warnings.push(each);
  const rejected = await settle(computing, rows.scattered.rows > 0);
  const files = Array.from({ length: buckets }, (_, bucket) => ({
    rows: parts.reduce((sum, part) => sum + part.files[bucket]!.rows, 0),
    bytes: parts.reduce((sum, part) => sum + part.files[bucket]!.bytes, 0),
  }));
  refuseLargePartition(request.memory, largestOf(files.map(({ bytes }) => bytes)));
  const firstPass: FirstPassResult = { ...rows, files, partial, key, rejected };
  const input: ShardingInput = { readPlan, featureFiles, request, signal };
  return { input, firstPass, parts };
}
