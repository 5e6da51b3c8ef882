/**
 * Reads and writes the encodings of a run, and its counts for the admission of values. Most encodings are JSON. A large vocabulary is a safetensors file with
 * the length of each value in bytes of UTF-8, and the bytes of all values.
 */
import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitRead, failure } from '../../base/diagnostics/diagnostic.ts';
import { isPartialOf, writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { isFolder, parseJson, readRunFile } from '../../base/storage/run_files.ts';
import { readSafetensors, writeSafetensors } from '../../base/storage/safetensors.ts';
import type { StoredNumbers, StoredTensor, StoredTensors } from '../../base/storage/tensor_header.ts';
import { makeKeyTable } from '../../base/text/key_table.ts';
import { batchTexts, hasSurrogates, isTexts, PackedTexts, packTexts, type Texts } from '../../base/text/texts.ts';
import type { Admission, Dataset, Encoding } from '../../data/dataset.ts';
import { refuseUnlessValid } from './validate.ts';

/**
 * `admission.safetensors` of a run has the counts for the admission of values, for a run that continues from it. `compaction.json` maps the codes of the base
 * run to new codes, if values have left and rows have moved.
 */
export const admissionFile = 'admission.safetensors';
export const compactionFile = 'compaction.json';

/** @param from checksum of the base run */
export async function writeAdmissions(
  folder: string,
  { admissions, recoded }: Pick<Dataset, 'admissions' | 'recoded'>,
  from: string | undefined,
): Promise<void> {
  if (admissions) {
    const tensors = [...admissions].flatMap(([name, admission]) => tensorsOf(name, admission));
    const metadata = { features: [...admissions.keys()].join(' ') };
    await writeDurably(join(folder, admissionFile), (sink) => writeSafetensors(sink, tensors, metadata));
  }
  if (recoded) {
    const compaction = { from, codes: Object.fromEntries(recoded) };
    await writeTextDurably(join(folder, compactionFile), `${JSON.stringify(compaction)}\n`);
  }
}

function tensorsOf(feature: string, { seen, waiting }: Admission): StoredTensor[] {
  const numbers = { seen, 'waiting/events': waiting.eventCounts, 'waiting/seen': waiting.seen };
  return [
    ...Object.entries(numbers).flatMap(([name, data]) =>
      data === undefined ? [] : [{ name: `${feature}/${name}`, shape: [data.length], data }],
    ),
    ...tensorsOfTexts(waiting.values, `${feature}/waiting/`),
  ];
}

/** Reads the counts of a run whose checksums have been verified. Returns an empty map if it has none. @throws Failure `damaged-file`, `cannot-read` */
export async function readAdmissions(folder: string): Promise<ReadonlyMap<string, Admission>> {
  const fileNames = await awaitRead(folder, readdir(folder));
  if (!fileNames.includes(admissionFile)) return new Map();
  const path = join(folder, admissionFile);
  const admissions = admissionsIn(await readSafetensors(path));
  if (!admissions) throw failure('damaged-file', { path, reason: 'an entry of it is missing or of another kind' });
  return admissions;
}

function admissionsIn({ tensors, metadata }: StoredTensors): ReadonlyMap<string, Admission> | undefined {
  if (metadata.features === undefined) return undefined;
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
    admissions.set(feature, { waiting: { values, eventCounts: events, seen: last }, seen });
  }
  return admissions;
}

/** The folder in which a run caches what a start has read. It is not part of the model, and nobody but Tower uses it. */
export const startCacheFolder = 'cache';

export const cachePath = (engine: string): string => `${startCacheFolder}/${engine}.safetensors`;

/** True for a file of the cache, and for a partial one that a killed process may have left. */
function isCacheFile(name: string): boolean {
  const finalName = name.replace(/^\.([a-z]+\.safetensors)\..*$/, '$1');
  return /^[a-z]+\.safetensors$/.test(finalName) && (name === finalName || isPartialOf(name, finalName));
}

export async function cacheFilesIn(folder: string): Promise<string[]> {
  const cachePathOfRun = join(folder, startCacheFolder);
  if (!(await isFolder(cachePathOfRun))) return [];
  const cacheNames = await readdir(cachePathOfRun).catch(() => []);
  return cacheNames.filter(isCacheFile).map((name) => `${startCacheFolder}/${name}`);
}

/** Number of values that are compared or hashed at a time: the JSON of a whole vocabulary may exceed the longest string of JavaScript. */
const valuesAtOnce = 65_536;

/** Yields the text of `JSON.stringify(encoding)` in pieces. */
export function* jsonPieces(encoding: Encoding | undefined): Iterable<string> {
  if (encoding === undefined || !('values' in encoding) || (encoding.values?.length ?? 0) <= valuesAtOnce) {
    yield JSON.stringify(encoding ?? null);
    return;
  }
  let separator = '{';
  for (const [name, value] of Object.entries(encoding)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (!isTexts(value)) yield JSON.stringify(value);
    else {
      let listSeparator = '[';
      for (const slice of batchTexts(value, valuesAtOnce)) {
        yield `${listSeparator}${JSON.stringify(slice).slice(1, -1)}`;
        listSeparator = ',';
      }
      yield ']';
    }
  }
  yield '}';
}

export function sameEncoding(one: Encoding | undefined, other: Encoding | undefined): boolean {
  const [left, right] = [jsonPieces(one)[Symbol.iterator](), jsonPieces(other)[Symbol.iterator]()];
  for (;;) {
    const [a, b] = [left.next(), right.next()];
    if (a.done || b.done) return a.done === b.done;
    if (a.value !== b.value) return false;
  }
}

/** True if a value occurs twice. Many values do not go into a `Set`, because V8 limits it to 2²⁴ entries. */
export function hasRepeats(values: Texts): boolean {
  if (values.length <= valuesAtOnce) return new Set(values).size < values.length;
  const keyTable = makeKeyTable(values, values.length);
  return keyTable.rowsOf(values).some((known, row) => known !== row);
}

const usualJsonValues = 2 ** 20;
let maxJsonValues = usualJsonValues;

/** For tests: sets the number of values above which a vocabulary is a safetensors file. */
export function limitJsonValues(count: number = usualJsonValues): void {
  maxJsonValues = count;
}

export const encodingPath = (feature: string, encoding: Encoding): string =>
  `encodings/${feature}.${isLong(encoding) ? 'keys' : 'json'}`;

type Vocabulary = Extract<Encoding, { kind: 'vocabulary' }>;

/** True if a vocabulary is stored as safetensors. Values with lone surrogates need JSON, because UTF-8 cannot represent them. */
const isLong = (encoding: Encoding): encoding is Vocabulary =>
  encoding.kind === 'vocabulary' && encoding.values.length > maxJsonValues && !hasSurrogates(encoding.values);

/** @throws Failure `cannot-write` */
export async function writeKeys(folder: string, path: string, { values }: Vocabulary): Promise<void> {
  const tensors = tensorsOfTexts(values);
  await writeDurably(join(folder, path), (sink) => writeSafetensors(sink, tensors));
}

export const isKeysFile = (path: string): boolean => path.endsWith('.keys');

/** Reads an encoding of a run's folder, from JSON or safetensors. @throws Failure `lost-file`, `damaged-file`, `cannot-read` */
export async function readEncoding(folder: string, path: string): Promise<Encoding> {
  const encodingFile = join(folder, path);
  if (isKeysFile(path)) return readKeys(encodingFile);
  const value = parseJson(await readRunFile(folder, path), encodingFile);
  await refuseUnlessValid('encoding', value, encodingFile);
  const encoding = value as Encoding;
  return 'values' in encoding && encoding.values ? { ...encoding, values: packTexts(encoding.values) } : encoding;
}

/** Reads a file without verifying a checksum: the caller has done so, or there is none yet. */
export async function readKeys(path: string): Promise<Encoding> {
  const damaged = (reason: string): Error => failure('damaged-file', { path, reason });
  const { tensors } = await readSafetensors(path);
  const values = textsInTensors(tensors);
  if (!values) throw damaged('its lengths and its bytes do not fit each other');
  if (!isUtf8(values.bytes) || hasSplitCharacters(values))
    throw damaged(`value ${firstInvalidText(values) + 1} is no UTF-8`);
  return { kind: 'vocabulary', values };
}

/** True if a value begins in the middle of a character, although all bytes together are valid UTF-8. */
const hasSplitCharacters = ({ bytes, ends }: PackedTexts): boolean =>
  ends.some((end) => end < bytes.length && (bytes[end]! & 0xc0) === 0x80);

const firstInvalidText = (values: PackedTexts): number =>
  values.ends.findIndex((end, row) => !isUtf8(values.bytes.subarray(values.startOf(row), end)));

/**
 * Tensors of a safetensors file. Texts are two of them: the length of each text in bytes, and the bytes of all. JSON is limited to 2²⁹ units, and would create
 * an object for each text twice.
 */
type TensorsByName = ReadonlyMap<string, { readonly data: StoredNumbers }>;

/** @param prefix the prefix of the names of the tensors, such as `movie_id/` */
function tensorsOfTexts(texts: Texts, prefix = ''): StoredTensor[] {
  const packedTexts = packTexts(texts, texts.length);
  const lengths = new Int32Array(packedTexts.length);
  for (let index = 0; index < lengths.length; index++)
    lengths[index] = packedTexts.ends[index]! - packedTexts.startOf(index);
  return [
    { name: `${prefix}lengths`, shape: [lengths.length], data: lengths },
    { name: `${prefix}bytes`, shape: [packedTexts.bytes.length], data: packedTexts.bytes },
  ];
}

/** Returns undefined if the tensors are missing or inconsistent. */
function textsInTensors(tensors: TensorsByName, prefix = ''): PackedTexts | undefined {
  const [lengths, bytes] = [tensors.get(`${prefix}lengths`)?.data, tensors.get(`${prefix}bytes`)?.data];
  if (!(lengths instanceof Int32Array) || !(bytes instanceof Uint8Array)) return undefined;
  const ends = new Uint32Array(lengths.length);
  let lastEnd = 0;
  for (let row = 0; row < lengths.length; row++) {
    const end = lastEnd + lengths[row]!;
    if (end < lastEnd || end > bytes.length) return undefined;
    ends[row] = lastEnd = end;
  }
  return lastEnd === bytes.length ? new PackedTexts(bytes, ends) : undefined;
}
