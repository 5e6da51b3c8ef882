/** Files of a config as files that Tower reads: with a header, and with a separator that it finds. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading } from '../../base/diagnostics/system_reason.ts';
import { writeDurably } from '../../base/storage/durable.ts';
import type { ItemsPath } from './data_paths.ts';

/** Separators that Tower finds in a header by itself. */
const found: ReadonlySet<string> = new Set([',', ';', '\t', '|']);

const BUFFER = 1 << 16;

export interface CopyRows {
  readonly from: readonly string[];
  readonly to: string;
  readonly columns: readonly string[];
  readonly delimiter: string;
  readonly signal?: AbortSignal | undefined;
}

/** The first line of a file, cut after 64 KiB. */
export async function firstLine(path: string): Promise<string> {
  if (/\.gz$/.test(path)) {
    for await (const line of linesOf(path)) return line;
    return '';
  }
  return reading(
    path,
    open(path, 'r').then(async (handle) => {
      const bytes = new Uint8Array(BUFFER);
      const { bytesRead } = await handle.read(bytes, 0, BUFFER, 0).finally(() => handle.close());
      return new TextDecoder()
        .decode(bytes.subarray(0, bytesRead))
        .split(/\r?\n/)[0]!
        .replace(/^\uFEFF/, '');
    }),
  );
}

/** A header before the rows. Rows stay as they are where Tower finds their separator. */
export async function copyRows({ from, to, columns, delimiter, signal }: CopyRows): Promise<void> {
  const isPlain = found.has(delimiter);
  const sign = isPlain ? delimiter : ',';
  await written(to, async (write) => {
    await write(`${columns.map((name) => csvText(name, sign)).join(sign)}\n`);
    for (const path of from) {
      for await (const line of linesOf(path)) {
        signal?.throwIfAborted();
        await write(
          `${
            isPlain
              ? line
              : line
                  .split(delimiter)
                  .map((each) => csvText(each, sign))
                  .join(sign)
          }\n`,
        );
      }
    }
  });
}

export interface ItemRows {
  readonly count: number;
  /** Lines with another number of attributes. */
  readonly left: number;
  /** True if the sampler draws all items alike. */
  readonly isUniform: boolean;
}

/**
 * The items of a negative sampler: `id`, `weight` and `attributes` of a line become columns.
 * @throws Failure `config-items` where most lines have another number of attributes
 */
export async function copyItems(items: ItemsPath, path: string, to: string, signal?: AbortSignal): Promise<ItemRows> {
  const { key, attributes, attributeDelimiter, delimiter } = items;
  const otherAttributes = attributes.filter((name) => name !== key);
  const keyAt = attributes.indexOf(key);
  const weights = new Set<string>();
  let [count, left] = [0, 0];
  const seenKeys = new Set<string>();
  await written(to, async (write) => {
    await write(`${[key, ...otherAttributes].map((name) => csvText(name, ',')).join(',')}\n`);
    for await (const line of linesOf(path)) {
      signal?.throwIfAborted();
      // The first line of a local file is its schema: `id:int64 weight:float attrs:string`.
      if (count + left === 0 && /^\w+:\w+/.test(line) && /:(float|double|string)\b/.test(line)) continue;
      const [id = '', weight = '', text = ''] = line.split(
        delimiter.length > 0 && line.includes(delimiter) ? delimiter : '\t',
      );
      const values = text.split(attributeDelimiter);
      if (values.length !== attributes.length) {
        left++;
        continue;
      }
      const ownKey = keyAt >= 0 ? values[keyAt]! : id;
      if (seenKeys.has(ownKey)) continue;
      seenKeys.add(ownKey);
      count++;
      if (weights.size < 2) weights.add(weight);
      const otherValues = otherAttributes.map((name) => values[attributes.indexOf(name)]!);
      await write(`${[ownKey, ...otherValues].map((each) => csvText(each, ',')).join(',')}\n`);
    }
    if (count === 0 || left > count) {
      throw failure('config-items', {
        path,
        reason: `${left} of ${count + left} lines do not have ${attributes.length} attributes`,
      });
    }
  });
  return { count, left, isUniform: weights.size < 2 };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input = /\.gz$/.test(path) ? file.pipe(createGunzip()) : file;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const streamFailed = new Promise<never>((_, reject) => {
    file.on('error', reject);
    input.on('error', reject);
  });
  streamFailed.catch(() => {});
  const iterator = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      const nextLine = await reading(path, Promise.race([iterator.next(), streamFailed])).catch(
        (error: NodeJS.ErrnoException) => {
          throw error.code?.startsWith('Z_')
            ? failure('cannot-read', { path, reason: 'it is cut off, or not gzip' })
            : error;
        },
      );
      if (nextLine.done) return;
      if (nextLine.value !== '') yield nextLine.value;
    }
  } finally {
    lines.close();
    file.destroy();
  }
}

/** The file is there once it is whole. Lines are written in pieces. */
function written(to: string, body: (write: (text: string) => Promise<void>) => Promise<void>): Promise<void> {
  return writeDurably(to, async (sink) => {
    let pendingPieces: string[] = [];
    let size = 0;
    const flush = async (): Promise<void> => {
      await sink.write(Buffer.from(pendingPieces.join('')));
      [pendingPieces, size] = [[], 0];
    };
    await body(async (text) => {
      pendingPieces.push(text);
      size += text.length;
      if (size > BUFFER) await flush();
    });
    await flush();
  });
}

const csvText = (text: string, sign: string): string =>
  text.includes(sign) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
