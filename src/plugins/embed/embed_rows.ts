/**
 * Computes a vector for the text of each row of a file, by an endpoint that speaks OpenAI's protocol or by a model on this machine. Each batch is stored in a
 * cache before the next is requested, by a hash of model and text: a run that was killed goes on where it was, and a changed file costs only its new texts.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Embedded, EmbedRequest } from '../../app/api/embed.ts';
import { awaitRead, type Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { lockFolder } from '../../base/storage/lock.ts';
import { makeLogFiles } from '../../base/storage/record_log/lines.ts';
import { openRecordLog } from '../../base/storage/record_log/record_log.ts';
import { computeChecksumOfHandle } from '../../base/storage/run_files.ts';
import { littleEndian, openTextRows, writeNpy, writeVectorRecord } from '../../data/files/vector_files.ts';
import { embedFailure, endpointOf, openTextModel } from './text_model.ts';

/** @throws Failure `embed-failed`, `embed-key`, `no-transformers`, `unknown-name`, `run-in-use`, an error of a file; the reason of the signal */
export async function embed(request: EmbedRequest): Promise<Embedded> {
  const { file, columns, out, key, signal, onProgress } = request;
  const isParquet = out.endsWith('.parquet');
  const source = await openTextRows(file, signal);
  try {
    const values = await source.texts(columns);
    const keys = key === undefined ? undefined : checkedKeys((await source.texts([key]))[0]!, key, file);
    const texts = Array.from({ length: source.rows }, (_, row) => textOf(values.map((column) => column[row]!)));
    const distinct = new Set(texts.filter((text) => text !== ''));
    const cache = await openVectorCache(request, distinct);
    const { computed } = cache;
    try {
      await computeMissing(request, cache, onProgress);
    } finally {
      await cache.close();
    }
    const { vectors } = cache;
    const width = vectors.values().next().value?.length;
    if (width === undefined)
      throw embedFailure(request, `no row of ${file} has a text`, 'name other columns with `--column`');
    const data = new Float32Array(texts.length * width);
    for (const [row, text] of texts.entries()) if (text !== '') data.set(vectors.get(text)!, row * width);
    const matrix = { data, rows: texts.length, width };
    if (isParquet) await source.writeParquet(out, request.as ?? 'embedding', matrix, key);
    else await writeNpy(out, matrix);
    const keyFile = keys && !isParquet ? `${out.replace(/\.npy$/, '')}.keys.txt` : undefined;
    if (keyFile !== undefined) await writeTextDurably(keyFile, keys!.map((value) => `${value}\n`).join(''));
    const { model, url, prefix } = request;
    const record = await writeVectorRecord(out, {
      model,
      columns,
      width,
      rows: texts.length,
      url: url && endpointOf(request, url).href,
      prefix,
    });
    const empty = texts.filter((text) => text === '').length;
    return { out, record, rows: texts.length, width, empty, texts: distinct.size, computed, keys: keyFile };
  } finally {
    source.close();
  }
}

const textOf = (values: readonly (string | null)[]): string =>
  values
    .map((value) => value?.trim() ?? '')
    .filter((value) => value !== '')
    .join('\n');

function checkedKeys(keys: readonly (string | null)[], column: string, path: string): readonly string[] {
  const rowByKey = new Map<string, number>();
  for (const [index, key] of keys.entries()) {
    const refuse = (reason: string): Failure => failure('embed-key', { column, path, row: index + 1, reason });
    if (key === null || key === '') throw refuse('has no value');
    if (/[\r\n]/.test(key)) throw refuse('has a line end');
    const earlierRow = rowByKey.get(key);
    if (earlierRow !== undefined) throw refuse(`is that of row ${earlierRow}`);
    rowByKey.set(key, index + 1);
  }
  return keys as readonly string[];
}

type VectorCache = Awaited<ReturnType<typeof openVectorCache>>;

/**
 * Opens the cache, and takes the vectors of these texts from it. A record is a hash and the numbers of its vector, as texts in Base64. The hash covers what the
 * vector depends on, so that one folder can serve several files and models.
 */
async function openVectorCache(request: EmbedRequest, texts: ReadonlySet<string>) {
  const { out, cache = `${out}.cache`, model, dimensions, prefix, url, pooling } = request;
  const version = url === undefined ? await folderVersion(model, request.signal) : undefined;
  const identity = JSON.stringify([model, dimensions, prefix, pooling, version]);
  const hashOf = (text: string): string => createHash('sha256').update(`${identity}\0${text}`).digest('base64');
  const textByHash = new Map([...texts].map((text) => [hashOf(text), text]));
  const vectors = new Map<string, Float32Array>();
  const lock = await lockFolder(cache, { purpose: 'tower embed' });
  const format = { name: 'vectors', version: 1, decode: decodeVector };
  const { log } = await openRecordLog(makeLogFiles(cache), format, ([hash, numbers]: CachedVector) => {
    const text = textByHash.get(hash);
    if (text === undefined) return;
    const bytes = Buffer.from(numbers, 'base64');
    vectors.set(
      text,
      new Float32Array(bytes.length / 4).map((_, index) => bytes.readFloatLE(4 * index)),
    );
  }).catch(async (error) => {
    await lock.release();
    throw error;
  });
  // Texts of one length in a batch need no padding.
  const missing = [...texts].filter((text) => !vectors.has(text)).sort((a, b) => a.length - b.length);
  return {
    /** By text. */
    vectors,
    missing,
    computed: missing.length,
    async add(batch: readonly string[], batchVectors: readonly Float32Array[]): Promise<void> {
      await log.append(
        batch.map((text, index): CachedVector => [hashOf(text), littleEndian(batchVectors[index]!).toString('base64')]),
      );
      for (const [index, text] of batch.entries()) vectors.set(text, batchVectors[index]!);
    },
    async close(): Promise<void> {
      await log.close();
      await lock.release();
    },
  };
}

type CachedVector = readonly [hash: string, numbers: string];

function decodeVector(value: unknown): { readonly record: CachedVector } | { readonly reason: string } {
  const isVector =
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((text) => typeof text === 'string' && text !== '' && /^[\w+/]*={0,2}$/.test(text)) &&
    Buffer.byteLength(value[1], 'base64') % 4 === 0;
  return isVector ? { record: value as unknown as CachedVector } : { reason: 'it is no vector' };
}

/** Returns the checksums of the files of a model, which change when it is trained or saved again; undefined for a model of the hub. */
async function folderVersion(model: string, signal?: AbortSignal): Promise<string | undefined> {
  if (!existsSync(join(model, 'config.json'))) return undefined;
  const sums: string[] = [];
  for (const name of readdirSync(model, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(model, name);
    if (!statSync(path).isFile()) continue;
    const handle = await awaitRead(path, open(path));
    const { sha256 } = await awaitRead(path, computeChecksumOfHandle(handle, signal)).finally(() => handle.close());
    sums.push(`${name} ${sha256}`);
  }
  return sums.join('\n');
}

/** Bytes of the texts of a request. A text that is longer is a request of its own. */
const batchBytes = 2 ** 20;

async function computeMissing(
  request: EmbedRequest,
  { missing, vectors, add }: VectorCache,
  onProgress?: EmbedRequest['onProgress'],
): Promise<void> {
  if (missing.length === 0) return;
  const { batch: batchRows = 64, signal } = request;
  const model = await openTextModel(request);
  const total = vectors.size + missing.length;
  for (let first = 0; first < missing.length; ) {
    signal?.throwIfAborted();
    let end = first;
    for (let bytes = 0; end < missing.length && end - first < batchRows; end++) {
      bytes += Buffer.byteLength(missing[end]!);
      if (end > first && bytes > batchBytes) break;
    }
    const batch = missing.slice(first, end);
    const batchVectors = await model.embed(batch);
    const width = vectors.values().next().value?.length ?? batchVectors[0]!.length;
    const other = batchVectors.find((vector) => vector.length !== width);
    if (other) {
      const reason = `a vector has ${other.length} numbers, and those before it have ${width}`;
      throw embedFailure(request, reason, 'name another `--cache` if the model has changed');
    }
    await add(batch, batchVectors);
    first = end;
    onProgress?.(total - missing.length + end, total);
  }
}

export { openTextModel } from './text_model.ts';
