/** Writes a copy that a data block can read of a file that it cannot: with names, in UTF-8, with one sign between values. */
import { createReadStream } from 'node:fs';
import { copyFile, open, readFile } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { openDatabase, quoteName, quotePath, quoteText } from '../files/duckdb.ts';
import { rowsOfMap } from './look_at_json.ts';
import { separated } from './look_at_text.ts';
import type { LookedTable, Rewrite } from './looked_table.ts';

export interface Rewriting {
  readonly from: string;
  /** A new file, in a folder that exists. */
  readonly to: string;
  readonly kind: LookedTable['kind'];
  readonly rewrite: Rewrite;
  readonly signal?: AbortSignal | undefined;
}

/** @throws what the file system throws, and the reason of `signal` */
export async function rewrite(work: Rewriting): Promise<void> {
  if (work.kind === 'csv') return work.rewrite.isMap ? rewriteMap(work) : rewriteText(work);
  if (work.rewrite.header.length === 0) return copyFile(work.from, work.to);
  return renameColumns(work);
}

async function rewriteMap({ from, to, rewrite }: Rewriting): Promise<void> {
  const { rows } = rowsOfMap(JSON.parse((await readFile(from, 'utf8')).replace(/^\uFEFF/, '')));
  const handle = await open(to, 'wx');
  try {
    await handle.write(rowText(rewrite.header, ','));
    for (const row of rows)
      await handle.write(
        rowText(
          row.map((value) => value ?? ''),
          ',',
        ),
      );
  } finally {
    await handle.close();
  }
}

async function rewriteText({ from, to, rewrite, signal }: Rewriting): Promise<void> {
  const { encoding, hasHeader, header, from: sign, to: separator } = rewrite;
  const decoder = new TextDecoder(encoding);
  const handle = await open(to, 'wx');
  let rest = '';
  let isFirst = true;
  const take = async (text: string, isLast: boolean): Promise<void> => {
    rest += text;
    if (isFirst) {
      // The header may have quotes, and the first piece is longer than it.
      rest = rest.replace(/^\uFEFF/, '').replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/, '');
      if (hasHeader) rest = rest.slice(pastFirstLine(rest));
      await handle.write(rowText(header, separator));
      isFirst = false;
    }
    const end = isLast ? rest.length : rest.lastIndexOf('\n') + 1;
    const whole = rest.slice(0, end);
    rest = rest.slice(end);
    if (whole !== '')
      await handle.write(sign === separator ? whole : `${separated(whole.replace(/\r?\n$/, ''), sign)}\n`);
  };
  try {
    const raw = createReadStream(from, { highWaterMark: 4 << 20 });
    for await (const piece of from.toLowerCase().endsWith('.gz')
      ? raw.pipe(createGunzip({ chunkSize: 1 << 20 }))
      : raw) {
      signal?.throwIfAborted();
      await take(decoder.decode(piece as Buffer, { stream: true }), false);
    }
    await take(decoder.decode(), true);
  } finally {
    await handle.close();
  }
}

function pastFirstLine(text: string): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text[at] === '\n') return at + 1;
    else if (!isQuoted && text[at] === '\r') return text[at + 1] === '\n' ? at + 2 : at + 1;
  }
  return text.length;
}

function rowText(values: readonly string[], separator: string): string {
  const quoted = values.map((value) => (/[",;|\t\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value));
  return `${quoted.join(separator)}\n`;
}

async function renameColumns({ from, to, kind, rewrite, signal }: Rewriting): Promise<void> {
  const database = await openDatabase(signal);
  try {
    const source =
      kind === 'parquet'
        ? `read_parquet([${quotePath(from)}], hive_partitioning = false)`
        : `read_json([${quotePath(from)}], hive_partitioning = false)`;
    const described = await database.rows(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${source})`);
    const known = described.map((row) => String(row.column_name));
    const columns = known.map((name, at) => `${quoteName(name)} AS ${quoteName(rewrite.header[at] ?? name)}`);
    const format = kind === 'parquet' ? 'PARQUET' : 'JSON';
    await database.run(`COPY (SELECT ${columns.join(', ')} FROM ${source}) TO ${quoteText(to)} (FORMAT ${format})`);
  } finally {
    database.close();
  }
}
