/** Converts files of a config to files that Tower reads: with a header, and with a separator that it detects. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { awaitRead, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeDurably } from '../../base/storage/durable.ts';
import { formatRecord } from '../../data/csv/dialect.ts';
import type { ConfigPart } from './part.ts';
import { type ConfigDialect, samplers } from './scoring.ts';

/** Separators that Tower detects in a header. */
const detectedDelimiters: ReadonlySet<string> = new Set([',', ';', '\t', '|']);

const bufferBytes = 1 << 16;

export interface CopyRows {
  readonly from: readonly string[];
  readonly to: string;
  readonly columns: readonly string[];
  readonly delimiter: string;
  readonly signal?: AbortSignal | undefined;
}

/** Returns the first line of a file, cut after 64 KiB. */
export async function firstLineOf(path: string): Promise<string> {
  if (/\.gz$/.test(path)) {
    for await (const line of linesOf(path)) return line;
    return '';
  }
  return awaitRead(
    path,
    open(path, 'r').then(async (handle) => {
      const bytes = new Uint8Array(bufferBytes);
      const { bytesRead } = await handle.read(bytes, 0, bufferBytes, 0).finally(() => handle.close());
      return new TextDecoder()
        .decode(bytes.subarray(0, bytesRead))
        .split(/\r?\n/)[0]!
        .replace(/^\uFEFF/, '');
    }),
  );
}

/** Writes a header before the rows. Rows are copied unchanged if Tower recognizes their separator. */
export async function copyRows({ from, to, columns, delimiter, signal }: CopyRows): Promise<void> {
  const isPlain = detectedDelimiters.has(delimiter);
  const sign = isPlain ? delimiter : ',';
  await writeLines(to, async (write) => {
    await write(formatRecord(columns, sign, [sign]));
    for (const path of from) {
      for await (const line of linesOf(path)) {
        signal?.throwIfAborted();
        await write(isPlain ? `${line}\n` : formatRecord(line.split(delimiter), sign, [sign]));
      }
    }
  });
}

export interface ItemRows {
  readonly count: number;
  /** Number of lines that were left out, because they have another number of attributes. */
  readonly left: number;
  /** True if the sampler draws all items with equal probability. */
  readonly isUniform: boolean;
}

/**
 * Writes the items of a negative sampler: `id`, `weight` and `attributes` of a line become columns.
 * @throws Failure `config-items` if most lines have another number of attributes
 */
export async function copyItems(items: ItemsPath, path: string, to: string, signal?: AbortSignal): Promise<ItemRows> {
  const { key, attributes, attributeDelimiter, delimiter } = items;
  const otherAttributes = attributes.filter((name) => name !== key);
  const keyAt = attributes.indexOf(key);
  const weights = new Set<string>();
  let [count, left] = [0, 0];
  const seenKeys = new Set<string>();
  await writeLines(to, async (write) => {
    await write(formatRecord([key, ...otherAttributes], ',', [',']));
    for await (const line of linesOf(path)) {
      signal?.throwIfAborted();
      // The first line of a local file may be its schema: `id:int64 weight:float attrs:string`.
      if (count + left === 0 && /^\w+:\w+/.test(line) && /:(float|double|string)\b/.test(line)) continue;
      const [id = '', weight = '', text = ''] = line.split(
        delimiter.length > 0 && line.includes(delimiter) ? delimiter : '\t',
      );
      const attributeValues = text.split(attributeDelimiter);
      if (attributeValues.length !== attributes.length) {
        left++;
        continue;
      }
      const ownKey = keyAt >= 0 ? attributeValues[keyAt]! : id;
      if (seenKeys.has(ownKey)) continue;
      seenKeys.add(ownKey);
      count++;
      if (weights.size < 2) weights.add(weight);
      const otherValues = otherAttributes.map((name) => attributeValues[attributes.indexOf(name)]!);
      await write(formatRecord([ownKey, ...otherValues], ',', [',']));
    }
    if (count === 0 || left > count) {
      const reason = `${left} of ${count + left} lines do not have ${attributes.length} attributes`;
      throw failure('config-items', { path, reason });
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
      const nextLine = await awaitRead(path, Promise.race([iterator.next(), streamFailed])).catch(
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

/** Writes a file atomically. Lines are written in pieces. */
function writeLines(to: string, body: (write: (text: string) => Promise<void>) => Promise<void>): Promise<void> {
  return writeDurably(to, async (sink) => {
    let pendingPieces: string[] = [];
    let pendingSize = 0;
    const flush = async (): Promise<void> => {
      await sink.write(Buffer.from(pendingPieces.join('')));
      [pendingPieces, pendingSize] = [[], 0];
    };
    await body(async (text) => {
      pendingPieces.push(text);
      pendingSize += text.length;
      if (pendingSize > bufferBytes) await flush();
    });
    await flush();
  });
}

/** The file of a negative sampler: one line per item, with its id, weight and attributes. */
interface ItemsPath {
  readonly path: string;
  readonly key: string;
  readonly attributes: readonly string[];
  readonly attributeDelimiter: string;
  readonly delimiter: string;
}

export interface DataPaths {
  readonly train: string | undefined;
  readonly test: string | undefined;
  readonly items: ItemsPath | undefined;
  /** Columns in the order of the file, for files without a header. */
  readonly columns: readonly string[];
  readonly delimiter: string;
  readonly hasHeader: boolean;
  readonly isCsv: boolean;
}

export function dataPathsOf(root: ConfigPart, dialect: ConfigDialect): DataPaths {
  const data = root.part('data_config');
  const fields = data?.parts('input_fields') ?? [];
  const columns = fields.map((field) => {
    field.skip('input_type', 'input_dim', 'input_shape');
    const defaultText = field.text('default_val');
    if (defaultText !== undefined && defaultText !== '' && !/^0(\.0*)?$/.test(defaultText)) {
      field.at('default_val').differs('a missing value has a row of its own, or is 0 as a number');
    }
    return field.text('input_name') ?? '';
  });
  const shortFields = (data?.text('input_fields_str') ?? '').split(';').map((field) => field.split(':')[0]!.trim());
  const kind = data?.text('input_type') ?? data?.text('dataset_type') ?? '';
  return {
    train: pathOf(root, ['train_input_path', 'parquet_train_input']),
    test: pathOf(root, ['eval_input_path', 'parquet_eval_input']),
    items: itemsOf(data),
    columns: columns.length > 0 ? columns : shortFields.filter((name) => name !== ''),
    delimiter: data?.text('separator') ?? data?.text('delimiter') ?? ',',
    hasHeader: data?.flag('with_header', false) ?? false,
    isCsv: dialect === 'EasyRec' ? !/Parquet|TFRecord/i.test(kind) : /csv/i.test(kind),
  };
}

/** Returns the path of a file; undefined for tables of a warehouse and for streams. */
function pathOf(root: ConfigPart, names: readonly string[]): string | undefined {
  const pathName = names.find((name) => (root.text(name) ?? '') !== '');
  const namedPath = pathName === undefined ? undefined : root.text(pathName);
  if (namedPath === undefined || !/^\w+:\/\//.test(namedPath)) return namedPath;
  root.at(pathName!).leftOut('Tower reads files: export the table as Parquet or CSV');
  return undefined;
}

function itemsOf(data: ConfigPart | undefined): ItemsPath | undefined {
  const part = data?.oneOf(samplers)?.part;
  if (!part) return undefined;
  const itemsPath = part.text('input_path') ?? part.text('item_input_path');
  const attributes = part.texts('attr_fields');
  const attributeDelimiter = part.text('attr_delimiter') ?? ':';
  const delimiter = part.text('field_delimiter') ?? '\t';
  part.skip('item_id_delim');
  const key = part.text('item_id_field');
  if (itemsPath === undefined || key === undefined) return undefined;
  return { path: itemsPath, key, attributes, attributeDelimiter, delimiter };
}
