/** The shards of a job in parts are those of one process, byte for byte. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataset } from '../../../../src/data/read.ts';
import { countPart, encodePart, fitParts, sealParts } from '../../../../src/data/shards/job/bucket_steps.ts';
import { type JobCommand, JobFolder } from '../../../../src/data/shards/job/folder.ts';
import { type JobSource, mapPart, mergeParts, planShards } from '../../../../src/data/shards/job/steps.ts';
import type { ShardRequest } from '../../../../src/data/shards/request.ts';
import { type Block, describeData, failureOf } from '../../fixture.ts';
import { asParquet, block, needs, needsOfEvents, parquetParts, small } from '../both_ways.ts';

const command: JobCommand = { model: 'm.tower', data: 'd.tower', shards: '' };

function sourceOf(of: Block, folder: string, needed: unknown = needs, more: Partial<ShardRequest> = {}): JobSource {
  const shards = { memory: 2 ** 30, folder, when: 'always' as const, sizes: small, ...more };
  return { description: describeData({ reject: 1, ...of }), needs: needed as typeof needs, options: { shards } };
}

const planned = (source: JobSource, folder: string, parts: number, force = false): Promise<JobFolder> =>
  planShards(source, { folder, parts, force, command: { ...command, shards: source.options.shards.folder } });

const partsOf = ({ plan }: JobFolder): number[] => Array.from({ length: plan.parts }, (_, at) => at + 1);

async function inParts(source: JobSource, folder: string, parts: number): Promise<void> {
  const job = await planned(source, folder, parts);
  // Parts may run in any order.
  for (const part of partsOf(job).reverse()) await mapPart(source, job, part);
  await mergeParts(source, job);
  for (const part of partsOf(job).reverse()) await countPart(job, part);
  await fitParts(job);
  for (const part of partsOf(job).reverse()) await encodePart(job, part);
  await sealParts(job);
}

/** The checksum of each file of the only shards in a folder. */
function filesIn(folder: string): unknown {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const files = readdirSync(join(folder, name!)).sort();
  const sumOf = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name!, file)))
      .digest('hex');
  return [name, files.map((file) => [file, sumOf(file)])];
}

const withoutFiles = (more: Partial<Block>, rows: number): Block => {
  const { items: _, users: __, ...rest } = block({}, rows);
  const columns = { liked: 'CASE WHEN rating IS NULL THEN NULL ELSE rating >= 4 END' };
  return { ...rest, histories: [{ name: 'history', of: 'item', max: 4 }], columns, ...more };
};

/** Runs steps until one of these names, which is not done. */
async function until(source: JobSource, job: JobFolder, step: 'count' | 'fit' | 'encode' | 'seal'): Promise<void> {
  for (const part of partsOf(job)) await mapPart(source, job, part);
  await mergeParts(source, job);
  if (step === 'count') return;
  for (const part of partsOf(job)) await countPart(job, part);
  if (step === 'fit') return;
  await fitParts(job);
  if (step === 'encode') return;
  for (const part of partsOf(job)) await encodePart(job, part);
}

const byTime = { split: { kind: 'by_time', validation: 0.1, test: 0.1 } } as const;
const failing = "CAST(CASE WHEN item = 'i5' THEN 'many' ELSE '1' END AS INTEGER) = 1";

it.each<[string, () => Block, { parquet?: boolean; needed?: unknown; more?: Partial<ShardRequest> }]>([
  ['CSV, with files of items and users', () => block(byTime), {}],
  [
    'Parquet, where events alone know items and users',
    () => withoutFiles({ split: { kind: 'leave_one_out' } }, 2400),
    { parquet: true, needed: needsOfEvents },
  ],
  [
    'Parquet, with lists that stay together, and events drawn for the parts',
    () => block({ split: { kind: 'random', validation: 0.1, test: 0.1, seed: 1 } }, 2400),
    { parquet: true, more: { unit: { kind: 'windows', list: 'history' } } },
  ],
  [
    'Parquet, with users that stay together, of whom some are held out',
    () => block({ split: { kind: 'by_user', validation: 0.1, test: 0.1, given: 0.8, order: 'random', seed: 1 } }, 2400),
    { parquet: true, more: { unit: { kind: 'users' }, latest: true } },
  ],
  [
    'Parquet, with rows that are left out, and rows that fail',
    () => ({
      ...block({ ...byTime, where: "hours < 7.5 AND user <> 'u3'" }, 2400),
      columns: { ...block({}).columns, liked: failing },
    }),
    { parquet: true },
  ],
  [
    'Parquet, where a column reads other rows',
    () => ({ ...block(byTime, 2400), columns: { ...block({}).columns, device: 'lag(device) OVER (ORDER BY rowid)' } }),
    { parquet: true },
  ],
])('any number of parts gives the shards of one process: %s', async (_, make, { parquet, needed, more }) => {
  const of = make();
  if (parquet) await asParquet(of.folder);
  const read = parquet ? { ...of, events: parquetParts } : of;
  const whole = join(of.folder, 'whole');
  const { description, needs: allNeeds, options } = sourceOf(read, whole, needed, more);
  await readDataset(description, allNeeds, options);
  for (const parts of [1, 3, 7]) {
    const shards = join(of.folder, `shards-${parts}`);
    await inParts(sourceOf(read, shards, needed, more), join(of.folder, `job-${parts}`), parts);
    expect([parts, filesIn(shards)]).toEqual([parts, filesIn(whole)]);
  }
});

it('goes on with what is done, and removes it in the end', async () => {
  const of = block(byTime, 2400);
  await asParquet(of.folder);
  const [whole, shards, folder] = ['whole', 'shards', 'job'].map((name) => join(of.folder, name)) as [
    string,
    string,
    string,
  ];
  const read = { ...of, events: parquetParts };
  const { description, options } = sourceOf(read, whole);
  await readDataset(description, needs, options);
  const source = sourceOf(read, shards);
  const job = await planned(source, folder, 3);
  expect(await failureOf(mergeParts(source, job))).toEqual([
    expect.stringMatching(/^shard-job-unfinished .*parts 1, 2, 3/),
  ]);
  await mapPart(source, job, 1);
  await mapPart(source, job, 3);
  expect(await failureOf(mergeParts(source, job))).toEqual([
    expect.stringMatching(/^shard-job-unfinished .*part 2 .*--part 2\/3/),
  ]);
  // What a killed process leaves: the owner is gone.
  const left = join(folder, 'map-2.0c9a.partial');
  mkdirSync(left);
  const owner = JSON.parse(JSON.stringify((await import('../../../../src/base/storage/temporary.ts')).thisProcess()));
  writeFileSync(join(left, 'owner.json'), JSON.stringify({ ...owner, boot: 'an earlier one' }));
  writeFileSync(join(left, 'bucket-0.bin'), 'half');
  await mapPart(source, job, 2);
  expect(existsSync(left)).toBe(false);
  const done = readFileSync(join(folder, 'map-2', 'done.json'), 'utf8');
  await mapPart(source, job, 2);
  expect(readFileSync(join(folder, 'map-2', 'done.json'), 'utf8')).toBe(done);
  expect(await failureOf(countPart(job, 1))).toEqual([expect.stringMatching(/^shard-job-unfinished .*merge/)]);
  await mergeParts(source, job);
  for (const part of [2, 3]) await countPart(job, part);
  expect(await failureOf(fitParts(job))).toEqual([
    expect.stringMatching(/^shard-job-unfinished .*shards count .*for part 1 .*--part 1\/3/),
  ]);
  expect(await failureOf(encodePart(job, 1))).toEqual([expect.stringMatching(/^shard-job-unfinished .*fit/)]);
  await Promise.all([countPart(job, 1), countPart(job, 1)]);
  await Promise.all([fitParts(job), fitParts(job)]);
  // The same plan again keeps what is done.
  await planned(source, folder, 3);
  for (const part of [1, 3]) await encodePart(job, part);
  expect(readdirSync(join(folder, 'map-1')).filter((name) => name.startsWith('bucket'))).toEqual([
    'bucket-1.bin',
    'bucket-2.bin',
  ]);
  expect(await failureOf(sealParts(job))).toEqual([expect.stringMatching(/^shard-job-unfinished .*encode.*part 2/)]);
  // Of two processes with the same part, the first to end wins.
  await Promise.all([encodePart(job, 2), encodePart(job, 2)]);
  await Promise.all([sealParts(job), sealParts(job)]);
  expect(filesIn(shards)).toEqual(filesIn(whole));
  expect(readdirSync(folder).sort()).toEqual(['plan.json', 'sealed.json']);
  expect(job.sealed()).toBe(readdirSync(shards)[0]);
});

it('refuses a source, a model or a plan that has changed, and files that are damaged', async () => {
  const of = block(byTime);
  const [shards, folder] = ['shards', 'job'].map((name) => join(of.folder, name)) as [string, string];
  const source = sourceOf(of, shards);
  expect(await failureOf(JobFolder.open(folder))).toEqual([expect.stringMatching(/^shard-job-missing /)]);
  const job = await planned(source, folder, 2);
  await mapPart(source, job, 1);
  const changed = /^shard-job-changed .* has changed since .*--force/;
  expect(await failureOf(mapPart(sourceOf({ ...of, where: 'hours < 8' }, shards), job, 2))).toEqual([
    expect.stringMatching(changed),
  ]);
  expect(await failureOf(mapPart(sourceOf(of, shards, { ...needs, labels: needs.labels.slice(1) }), job, 2))).toEqual([
    expect.stringMatching(changed),
  ]);
  expect(await failureOf(planned(source, folder, 3))).toEqual([expect.stringMatching(changed)]);
  await mapPart(source, job, 2);
  appendFileSync(join(folder, 'map-2', 'bucket-0.bin'), 'more');
  expect(await failureOf(mergeParts(source, job))).toEqual([expect.stringMatching(/^shards-damaged .*bucket-0/)]);
  appendFileSync(join(of.folder, 'events.csv'), 'u1,i1,500,5,tv,1,train\n');
  expect(await failureOf(mapPart(source, job, 2).then(() => mergeParts(source, job)))).toEqual([
    expect.stringMatching(changed),
  ]);
  const other = await planned(source, folder, 3, true);
  expect(readdirSync(folder)).toEqual(['plan.json']);
  expect(await failureOf(mergeParts(source, other))).toEqual([expect.stringMatching(/^shard-job-unfinished/)]);
  const text = readFileSync(join(folder, 'plan.json'), 'utf8');
  for (const [from, to] of [
    ['}', ''],
    ['"parts": 3', '"parts": 1e12'],
    ['"parts": 3', '"parts": "3"'],
    ['"buckets": 5,\n  "command"', '"buckets": 0,\n  "command"'],
    ['"model"', '"other"'],
    ['"memory": ', '"memory": -'],
  ] as const) {
    writeFileSync(join(folder, 'plan.json'), text.replace(from, to));
    expect(await failureOf(JobFolder.open(folder))).toEqual([expect.stringMatching(/^shard-job-missing /)]);
  }
  rmSync(folder, { recursive: true });
});

it.each([
  ['count', 'map-1/bucket-0.bin', (job: JobFolder) => countPart(job, 1)],
  ['count', 'merge/users-0.bin', (job: JobFolder) => countPart(job, 1)],
  ['count', 'merge/parts.bin', (job: JobFolder) => countPart(job, 1)],
  ['count', 'merge/bound.bin', (job: JobFolder) => countPart(job, 1)],
  ['fit', 'count-2/counts.bin', (job: JobFolder) => fitParts(job)],
  ['encode', 'fit/prepared.bin', (job: JobFolder) => encodePart(job, 1)],
  ['seal', 'encode-2/rows-4.bin', (job: JobFolder) => sealParts(job)],
  ['seal', 'encode-1/bucket-0.rest.bin', (job: JobFolder) => sealParts(job)],
] as const)('says before %s that %s is cut off or missing, or was never listed', async (step, name, run) => {
  const of = block(byTime);
  const job = await planned(sourceOf(of, join(of.folder, 'shards')), join(of.folder, 'job'), 2);
  await until(sourceOf(of, join(of.folder, 'shards')), job, step);
  const path = join(job.folder, name);
  const bytes = readFileSync(path);
  const [folder, file] = name.split('/') as [string, string];
  const refused = async () => (await failureOf(run(job))).join();
  writeFileSync(path, bytes.subarray(0, bytes.length - 8));
  expect(await refused()).toMatch(/^shards-damaged .* bytes instead of /);
  rmSync(path);
  expect(await refused()).toMatch(/^shards-damaged .* it does not exist/);
  writeFileSync(path, bytes);
  // A list of files that somebody has changed.
  const listPath = join(job.folder, folder, 'done.json');
  const list = readFileSync(listPath, 'utf8');
  if (!list.includes(`"${file}"`)) return;
  writeFileSync(listPath, list.replace(`"${file}"`, '"other"'));
  expect(await refused()).toMatch(/^shards-damaged .* it does not list /);
  writeFileSync(listPath, list.slice(0, 20));
  expect(await refused()).toMatch(/^shard-job-unfinished /);
  writeFileSync(listPath, list);
  await run(job);
});
