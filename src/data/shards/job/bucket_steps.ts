/**
 * The steps that read buckets: parts count and encode them, and one process fits encoders to the counts, and seals what is encoded. They read nothing but the
 * folder of the job and the files that features name, so they open no database.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';
import type { DataDescription } from '../../../graph/plan/data_description.ts';
import { type DataLayout, makeReadPlan, type Needs } from '../../binding/layout.ts';
import type { Access } from '../../files/access.ts';
import { readFeatureFiles } from '../../files/feature_files.ts';
import type { CountsOfPart } from '../count.ts';
import { encodePartitions } from '../encode.ts';
import { firstPassOf, type ShardingInput } from '../first_pass.ts';
import type { PartitionRest } from '../gathered.ts';
import { partitionName } from '../partition_source.ts';
import { rowsName } from '../pieces.ts';
import { counterOf, makeCuts, planOfCounts, type ShardPlan, type SplitFacts } from '../prepare.ts';
import type { OnPass, ShardRequest } from '../request.ts';
import { type ShardFile, ShardWriter, takeFile } from '../shard_files.ts';
import {
  firstName,
  leavePartial,
  makePartial,
  preparedName,
  removePartial,
  restName,
  writePlain,
} from '../unfinished.ts';
import { encodingOf, gatheredOf, partitionSourceOf, sealShards } from '../write.ts';
import { type DoneFiles, type JobFolder, spanOfPart } from './folder.ts';
import { JoinedBuckets, type PartOfBuckets, userCodesName } from './joined_buckets.ts';

interface JobWatch {
  readonly onPass?: OnPass;
  readonly signal?: AbortSignal;
  readonly access?: Access;
}

export const partsName = 'parts.bin';

export interface MergedParts {
  readonly facts: SplitFacts;
  readonly parts: readonly PartOfBuckets[];
}

export const boundName = 'bound.bin';

/** What is read of a model and its data after all rows are in buckets, as plain data. */
interface BoundRows extends Pick<ShardRequest, 'given' | 'unit' | 'latest'> {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: DataLayout;
}

export function boundRows({ readPlan, request }: ShardingInput): BoundRows {
  const { description, needs, layout } = readPlan;
  const { features, labels, tasks, towers, sequence, step } = needs;
  return {
    description,
    needs: { features, labels, towers, ...defined({ tasks, sequence, step }) },
    layout: { ...layout, sources: new Map() },
    ...defined({ given: request.given, unit: request.unit, latest: request.latest }),
  };
}

export const foldersOf = (done: readonly DoneFiles[]): string[] => done.map(({ folder }) => folder);

/** Opens what `mergeParts` has found, and the rows of all parts. */
async function merged(job: JobFolder, { onPass, signal }: JobWatch) {
  const [done] = job.needed('merge') as [DoneFiles];
  const { memory, sizes, command } = job.plan;
  const { description, needs, layout, given, unit, latest } = (await done.read(boundName)) as BoundRows;
  const readPlan = makeReadPlan(description, needs, layout);
  const input: ShardingInput = {
    ...{ readPlan, featureFiles: new Map(), signal },
    request: { memory, folder: command.shards, when: 'always', ...defined({ sizes, given, unit, latest, onPass }) },
  };
  const firstPass = firstPassOf(await done.read(firstName), done.folder, job.plan.key, readPlan);
  const { parts, facts } = (await done.read(partsName)) as MergedParts;
  const buckets = new JoinedBuckets(readPlan, foldersOf(job.needed('map')), parts, done);
  const partitions = partitionSourceOf(input, firstPass, (bucket) => buckets.read(bucket));
  const cuts = makeCuts(readPlan.description, firstPass.scattered, facts);
  return { input, firstPass, partitions, cuts, facts };
}

/** Reads the files of vocabularies and vectors. @throws Failure of these files */
async function withFeatureFiles<T extends { readonly input: ShardingInput }>(opened: T, watch: JobWatch): Promise<T> {
  const { description, needs } = opened.input.readPlan;
  const { output, diagnostics } = await readFeatureFiles(
    description,
    needs.features,
    () => description.events.span,
    watch.access,
  );
  if (diagnostics.length > 0) throw new Failure(diagnostics);
  return { ...opened, input: { ...opened.input, featureFiles: output } };
}

const bucketsOfPart = (part: number, { plan: { parts, buckets } }: JobFolder) => spanOfPart(part, parts, buckets);

const countsName = 'counts.bin';

export async function countPart(job: JobFolder, part: number, watch: JobWatch = {}): Promise<void> {
  await job.make('count', part, async (partial) => {
    const { input, firstPass, partitions, cuts } = await merged(job, watch);
    const { first, end } = bucketsOfPart(part, job);
    const counter = counterOf(input, firstPass, partitions);
    await counter.read(partitions, cuts, first, end);
    const counts = counter.ofPart(partitions, first, end);
    return { [countsName]: await writePlain(partial, countsName, counts) };
  });
}

/** Fits encoders to the counts of all parts, and computes the number of piles. */
export async function fitParts(job: JobFolder, watch: JobWatch = {}): Promise<void> {
  await job.make('fit', undefined, async (partial) => {
    const counted = job.needed('count');
    const { input, firstPass, partitions, facts } = await withFeatureFiles(await merged(job, watch), watch);
    const counter = counterOf(input, firstPass, partitions);
    for (const part of counted) counter.add((await part.read(countsName)) as CountsOfPart, partitions);
    const plan = planOfCounts(input, firstPass, counter.all(), { facts, buckets: partitions.count });
    return { [preparedName]: await writePlain(partial, preparedName, plan) };
  });
}

/** Opens what `mergeParts` and `fitParts` have found. */
async function fitted(job: JobFolder, watch: JobWatch = {}) {
  const [done] = job.needed('fit') as [DoneFiles];
  return { ...(await merged(job, watch)), plan: (await done.read(preparedName)) as ShardPlan };
}

export async function encodePart(job: JobFolder, part: number, watch: JobWatch = {}): Promise<void> {
  const { first: from, end } = bucketsOfPart(part, job);
  await job.make('encode', part, async (partial) => {
    const { input, plan, partitions, cuts } = await fitted(job, watch);
    const names = Array.from({ length: end - from }, (_, at) => rowsName(from + at));
    const writer = ShardWriter.new(partial, names);
    const rests: [string, ShardFile][] = [];
    await encodePartitions(partitions, cuts, {
      ...{ ...encodingOf(input, plan), writer, firstFile: from, from, end },
      async onDone(bucket, rest) {
        rests.push([restName(bucket), await writePlain(partial, restName(bucket), rest)]);
      },
    });
    const files = await writer.finish();
    return Object.fromEntries([...names.map((name, at): [string, ShardFile] => [name, files[at]!]), ...rests]);
  });
  for (let bucket = from; bucket < end; bucket++) {
    rmSync(join(job.pathOf('merge'), userCodesName(bucket)), { force: true });
    for (let mapped = 1; mapped <= job.plan.parts; mapped++)
      rmSync(join(job.pathOf('map', mapped), partitionName(bucket)), { force: true });
  }
}

/** Seals the files that the parts have encoded, and returns the folder of the shards. The folders of the steps are removed. */
export async function sealParts(job: JobFolder, watch: JobWatch = {}): Promise<string> {
  const encoded = job.needed('encode');
  const { input, firstPass, plan, partitions } = await withFeatureFiles(await fitted(job, watch), watch);
  const { request, signal } = input;
  const partial = await makePartial(request.folder, job.plan.key, randomUUID());
  try {
    const gathered = gatheredOf(partitions);
    const files: ShardFile[] = [];
    for (const [at, part] of encoded.entries()) {
      const { first, end } = bucketsOfPart(at + 1, job);
      for (let bucket = first; bucket < end; bucket++) {
        signal?.throwIfAborted();
        const file = part.file(rowsName(bucket));
        await takeFile(part.folder, partial, rowsName(bucket), file);
        files.push(file);
        gathered.add((await part.read(restName(bucket))) as PartitionRest);
      }
    }
    const result = { source: partitions, plan, rest: gathered.all(), files };
    const { shards } = await sealShards(input, { ...firstPass, partial }, result);
    await job.keepSealed(basename(shards!.folder));
    return shards!.folder;
  } catch (error) {
    removePartial(partial);
    const sealed = job.sealed();
    if (sealed === undefined) throw error;
    return join(request.folder, sealed);
  } finally {
    leavePartial(partial);
  }
}
