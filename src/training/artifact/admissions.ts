/**
 * `admission.safetensors` of a run: its counts of values that are admitted, for the run that goes on from it. `compaction.json`: new codes for
 * those of the run before, where values have left and rows have moved.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading } from '../../base/diagnostics/system_reason.ts';
import { writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { readSafetensors, type Stored, writeSafetensors } from '../../base/storage/safetensors.ts';
import type { StoredTensor } from '../../base/storage/tensor_header.ts';
import { defined } from '../../base/util/defined.ts';
import type { Admission } from '../../data/columns/admission.ts';
import type { Dataset } from '../../data/dataset.ts';
import { tensorsOfTexts, textsInTensors } from './encoding_file.ts';

export const admissionFile = 'admission.safetensors';
export const compactionFile = 'compaction.json';

const admissionFormat = 'tower-admission-2';
const compactionFormat = 'tower-compaction-1';
/** The file of format 1. */
export const earlierAdmissionFile = 'admission.json';

/** @param from checksum of the run before */
export async function writeAdmissions(
  folder: string,
  { admissions, recoded }: Pick<Dataset, 'admissions' | 'recoded'>,
  from: string | undefined,
): Promise<void> {
  if (admissions) {
    const tensors = [...admissions].flatMap(([name, admission]) => tensorsOf(name, admission));
    const metadata = { format: admissionFormat, features: [...admissions.keys()].join(' ') };
    await writeDurably(join(folder, admissionFile), (sink) => writeSafetensors(sink, tensors, metadata));
  }
  if (recoded) {
    const value = { format: compactionFormat, from, codes: Object.fromEntries(recoded) };
    await writeTextDurably(join(folder, compactionFile), `${JSON.stringify(value)}\n`);
  }
}

function tensorsOf(feature: string, { seen, waiting }: Admission): StoredTensor[] {
  const numbers = { ...defined({ seen }), 'waiting/events': waiting.events, 'waiting/seen': waiting.seen };
  return [
    ...Object.entries(numbers).map(([name, data]) => ({ name: `${feature}/${name}`, shape: [data.length], data })),
    ...tensorsOfTexts(waiting.values, `${feature}/waiting/`),
  ];
}

/**
 * Reads those of a run whose checksums are checked; empty where it counted nothing.
 * @throws Failure `damaged-file`, `cannot-read`
 */
export async function readAdmissions(folder: string): Promise<ReadonlyMap<string, Admission>> {
  const fileNames = await reading(folder, readdir(folder));
  const damaged = (name: string, reason: string): Error =>
    failure('damaged-file', { path: join(folder, name), reason });
  if (fileNames.includes(earlierAdmissionFile)) {
    throw damaged(earlierAdmissionFile, 'it is of an earlier version of Tower');
  }
  if (!fileNames.includes(admissionFile)) return new Map();
  const stored = await readSafetensors(join(folder, admissionFile));
  const admissions = admissionsIn(stored);
  if (!admissions) throw damaged(admissionFile, 'an entry of it is missing or of another kind');
  return admissions;
}

function admissionsIn({ tensors, metadata }: Stored): ReadonlyMap<string, Admission> | undefined {
  if (metadata.format !== admissionFormat || metadata.features === undefined) return undefined;
  const admissions = new Map<string, Admission>();
  for (const feature of metadata.features.split(' ')) {
    const numbersOf = (name: string): Float64Array | undefined => {
      const data = tensors.get(`${feature}/${name}`)?.data;
      return data instanceof Float64Array && data.every(Number.isFinite) ? data : undefined;
    };
    const values = textsInTensors(tensors, `${feature}/waiting/`);
    const [events, last, seen] = [numbersOf('waiting/events'), numbersOf('waiting/seen'), numbersOf('seen')];
    if (!values || events?.length !== values.length || last?.length !== values.length) return undefined;
    if (!seen && tensors.has(`${feature}/seen`)) return undefined;
    admissions.set(feature, { waiting: { values, events, seen: last }, ...defined({ seen }) });
  }
  return admissions;
}
