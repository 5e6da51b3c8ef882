/** What a run counted of its values, for the run that goes on from it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeDurably } from '../../../src/base/storage/durable.ts';
import { readSafetensors, writeSafetensors } from '../../../src/base/storage/safetensors.ts';
import { packTexts } from '../../../src/base/text/texts.ts';
import type { Admission } from '../../../src/data/dataset.ts';
import { readAdmissions, writeAdmissions } from '../../../src/training/artifact/encoding_file.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const folder = temporaryFolder();
const file = join(folder, 'admission.safetensors');

const admission = (values: readonly string[], seen?: readonly number[]): Admission => ({
  ...(seen ? { seen: Float64Array.from(seen) } : {}),
  waiting: {
    values: packTexts(values),
    eventCounts: Float64Array.from(values, (_, at) => at + 1),
    seen: Float64Array.from(values, (_, at) => 1e9 + at / 2),
  },
});
const back = async (admissions: ReadonlyMap<string, Admission>) => {
  await writeAdmissions(folder, { admissions }, undefined);
  const read = await readAdmissions(folder);
  expect(read).toEqual(admissions);
  return read;
};

it('comes back as it was, whatever texts the values are', async () => {
  await back(
    new Map([
      ['movie_id', admission(['', 'é🎬', '\ud800', '\ufeffx'], [1, 2.5])],
      ['tag', admission([])],
    ]),
  );
});

it('holds the values of a long tail', async () => {
  // More than the 64 MiB that the small files of a run may have, in few values.
  const values = Array.from({ length: 70 }, (_, at) => `${at}`.padEnd(2 ** 20, 'x'));
  const read = await back(new Map([['movie_id', admission(values)]]));
  expect(read.get('movie_id')!.waiting.values.length).toBe(70);
  rmSync(file);
  expect(await readAdmissions(folder)).toEqual(new Map());
});

it.each([
  ['seen', Float64Array.of(Number.NaN)],
  ['waiting/events', undefined],
  ['waiting/seen', Float64Array.of(1)],
  ['waiting/lengths', Int32Array.of(1, 2)],
  ['features', undefined],
])('is refused where %s is missing, of another size, or no number', async (name, data) => {
  await writeAdmissions(folder, { admissions: new Map([['movie_id', admission(['a', 'b'], [1])]]) }, undefined);
  const { tensors, metadata } = await readSafetensors(file);
  const own = `movie_id/${name}`;
  const kept = [...tensors.values()].filter((tensor) => tensor.name !== own);
  const changed = data ? [...kept, { name: own, shape: [data.length], data }] : kept;
  const texts = name === 'features' ? {} : metadata;
  await writeDurably(file, (sink) => writeSafetensors(sink, changed, texts));
  await expect(readAdmissions(folder)).rejects.toMatchObject({ diagnostics: [{ code: 'damaged-file' }] });
});
