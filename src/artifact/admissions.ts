/**
 * `admission.json` of a run: what it counted of values that are admitted, for the run that goes on from it. `compaction.json`: what became of
 * the codes of the run before, where values have left and rows have moved.
 */
import { join } from 'node:path';
import type { Admission } from '../data/columns/admission.ts';
import type { Dataset } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import { writeTextDurably } from '../storage/durable.ts';
import { readJsonFile } from '../storage/run_files.ts';

export const admissionFile = 'admission.json';
export const compactionFile = 'compaction.json';

const admissionFormat = 'tower-admission-1';
const compactionFormat = 'tower-compaction-1';

/** @param from checksum of the run before */
export async function writeAdmissions(
  folder: string,
  { admissions, recoded }: Pick<Dataset, 'admissions' | 'recoded'>,
  from: string | undefined,
): Promise<void> {
  const write = (file: string, value: unknown): Promise<void> =>
    writeTextDurably(join(folder, file), `${JSON.stringify(value)}\n`);
  if (admissions) await write(admissionFile, { format: admissionFormat, features: Object.fromEntries(admissions) });
  if (recoded) await write(compactionFile, { format: compactionFormat, from, codes: Object.fromEntries(recoded) });
}

/**
 * Of a run whose checksums are checked; empty where it counted nothing.
 * @throws Failure `damaged-file`, `cannot-read`
 */
export async function readAdmissions(folder: string): Promise<ReadonlyMap<string, Admission>> {
  const value = (await readJsonFile(folder, admissionFile, 'optional')) as Partial<Record<string, unknown>> | undefined;
  if (value === undefined) return new Map();
  const features = Object.entries((value?.features ?? {}) as Record<string, unknown>);
  if (value?.format !== admissionFormat || !features.every(([, each]) => isAdmission(each))) {
    throw failure('damaged-file', {
      path: join(folder, admissionFile),
      reason: 'an entry of it is missing or of another kind',
    });
  }
  return new Map(features as [string, Admission][]);
}

function isAdmission(value: unknown): value is Admission {
  const { seen, waiting } = (value ?? {}) as Partial<Record<keyof Admission, unknown>>;
  const isWaiting = (each: unknown): boolean =>
    Array.isArray(each) &&
    each.length === 3 &&
    typeof each[0] === 'string' &&
    Number.isFinite(each[1]) &&
    Number.isFinite(each[2]);
  return (
    Array.isArray(waiting) &&
    waiting.every(isWaiting) &&
    (seen === undefined || (Array.isArray(seen) && seen.every((time) => Number.isFinite(time))))
  );
}
