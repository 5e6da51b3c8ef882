/**
 * Reads the rows of one file as texts, and writes a vector for each: as an array of NumPy, or as a Parquet file of the same rows with one more column. The record
 * `FILE.json` beside the vectors names the model that made them, so that the protocol of a run can name it too.
 */

import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { writeDurably, writeTextDurably } from '../../base/storage/durable.ts';
import { findNearest } from '../../base/text/nearest.ts';
import { makeSource } from '../../base/text/source.ts';
import { quoteName } from '../../base/text/sql.ts';
import { parseJsonObject } from '../../base/util/http.ts';
import { pathKind } from './access.ts';
import { describeSources } from './data_source.ts';
import { Copies, castToText, copyToParquet, isNumber, openDatabase } from './duckdb.ts';
import type { DescribedFile, FileColumn } from './find_files.ts';
import { endingChoice, formatOf, isCompressed } from './formats/table.ts';

/** float32 [rows, width] */
export interface RowVectors {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

export interface RowTexts {
  readonly rows: number;
  /** Returns the values of each column in the order of the rows, null for missing ones. @throws Failure `unknown-name` */
  texts(columns: readonly string[]): Promise<readonly (readonly (string | null)[])[]>;
  /**
   * Writes all columns of the file, and the vectors as the last one. @param key a column that stays a text, so that items with other keys can be written later
   * @throws Failure `repeated-name`, `cannot-write`
   */
  writeParquet(path: string, column: string, vectors: RowVectors, key?: string): Promise<void>;
  close(): void;
}

/** @throws Failure `cannot-read`, `data-file-kind`, `data-file-shape`, `data-file-damaged`, `data-file-unreadable`; the reason of the signal */
export async function openTextRows(path: string, signal?: AbortSignal): Promise<RowTexts> {
  const pathType = pathKind(path);
  if (pathType !== 'file') {
    throw failure('cannot-read', { path, reason: pathType === undefined ? 'it does not exist' : `it is ${pathType}` });
  }
  const kind = formatOf(path);
  if (kind === undefined) throw failure('data-file-kind', { path, endings: endingChoice.split('|') });
  const described = { path, span: { source: makeSource(path, ''), start: 0, end: 0 } };
  const file: DescribedFile = { path, name: path, kind, compressed: isCompressed(path), described };
  const database = await openDatabase(signal);
  const copies = new Copies();
  const close = (): void => {
    database.close();
    copies.discard();
  };
  try {
    const input = { role: 'items', described, files: [file] } as const;
    const { output, diagnostics } = await describeSources(database, [input], copies, signal);
    if (diagnostics.length > 0) throw new Failure(diagnostics);
    const source = output.get('items')!;
    const { columns } = source;
    const isText = kind === 'csv';
    const types = new Map(columns.map(({ name, type }) => [name, isText ? 'VARCHAR' : type]));
    const { rows, broken } = await source.opened.get(path)!.load({ database, source, types, signal }, 0);
    const [badRow] = broken;
    if (badRow !== undefined) {
      // Each row needs its vector, so no row is left out.
      const line = 'line' in badRow.at ? badRow.at.line : badRow.at.record + 1;
      throw failure('data-file-shape', { path, line, reason: badRow.reason });
    }
    return {
      rows,
      async texts(names) {
        const selected = names.map((name) => columnNamed(columns, name).name);
        const sql = selected.map((name) => castToText(quoteName(name), types.get(name)!)).join(', ');
        const texts = names.map((): (string | null)[] => []);
        await database.stream(`SELECT ${sql} FROM items`, (chunk) => {
          for (const [index, values] of texts.entries()) {
            const vector = chunk.getColumnVector(index);
            for (let row = 0; row < chunk.rowCount; row++) values.push(vector.getItem(row) as string | null);
          }
        });
        return texts;
      },
      async writeParquet(out, column, vectors, key) {
        const existingColumn = columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
        if (existingColumn) throw failure('repeated-name', { what: 'column', name: column, other: 'column' });
        await database.createTable('vectors', [{ name: column, numbers: vectors.data, width: vectors.width }], rows);
        const columnsSql: string[] = [];
        const textKey = key === undefined ? undefined : columnNamed(columns, key);
        for (const fileColumn of columns) {
          const needsType = isText && fileColumn !== textKey;
          columnsSql.push(needsType ? await typedColumn(fileColumn) : quoteName(fileColumn.name));
        }
        const sql = `SELECT ${[...columnsSql, quoteName(column)].join(', ')} FROM items POSITIONAL JOIN vectors`;
        await copyToParquet(database, out, sql);
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }

  /** Gives a column of texts the type of its sample, if no value changes by it: `007` stays a text. */
  async function typedColumn({ name, type }: FileColumn): Promise<string> {
    const column = quoteName(name);
    if (type === 'VARCHAR') return column;
    const value = `TRY_CAST(${column} AS ${type})`;
    const changes = isNumber(type) && type !== 'DOUBLE' ? ` OR CAST(${value} AS VARCHAR) <> ${column}` : '';
    const [countRow] = await database.rows(
      `SELECT count(*) AS changed FROM items WHERE ${column} IS NOT NULL AND (${value} IS NULL${changes})`,
    );
    return Number(countRow!.changed) === 0 ? `${value} AS ${column}` : column;
  }
}

function columnNamed(columns: readonly FileColumn[], name: string): FileColumn {
  const lowerName = name.toLowerCase();
  const column =
    columns.find((candidate) => candidate.name === name) ??
    columns.find((candidate) => candidate.name.toLowerCase() === lowerName);
  if (column) return column;
  const known = columns.map((candidate) => candidate.name);
  throw failure('unknown-name', { what: 'column', name, nearest: findNearest(name, known), known });
}

/** @throws Failure `cannot-write` */
export async function writeNpy(path: string, { data, rows, width }: RowVectors): Promise<void> {
  await writeDurably(path, async (sink) => {
    await sink.write(npyHeader(rows, width));
    await sink.write(littleEndian(data));
  });
}

/** Returns a header of version 1.0 of the format. It ends at a multiple of 64 bytes, so that the numbers can be mapped into memory. */
function npyHeader(rows: number, columns: number): Buffer {
  const headerText = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const headerLength = Math.ceil((10 + headerText.length + 1) / 64) * 64;
  const header = Buffer.alloc(headerLength, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(headerLength - 10, 8);
  header.write(headerText, 10, 'latin1');
  header.write('\n', headerLength - 1);
  return header;
}

/** Returns the bytes of float32 numbers, little-endian on any machine. */
export function littleEndian({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

/** What made the vectors of a file. */
export interface VectorRecord {
  readonly model: string;
  /** The columns whose values, one a line, are the text of a row. */
  readonly columns: readonly string[];
  readonly width: number;
  readonly rows: number;
  /** The address of the endpoint. Absent if the model ran on this machine. */
  readonly url?: string;
  /** Words before each text. */
  readonly prefix?: string;
}

const recordOf = (path: string): string => `${path}.json`;

/** @returns the path of the record @throws Failure `cannot-write` */
export async function writeVectorRecord(path: string, record: VectorRecord): Promise<string> {
  await writeTextDurably(recordOf(path), `${JSON.stringify({ tower: 'vectors', version: 1, ...record }, null, 2)}\n`);
  return recordOf(path);
}

/** Returns a sentence about the model that made the vectors of a file; undefined without a record that can be read. */
export function sentenceOfRecord(path: string, name: string): string | undefined {
  if (!existsSync(recordOf(path))) return undefined;
  const { tower, model, columns, width } = parseJsonObject(readFileSync(recordOf(path), 'utf8')) ?? {};
  if (tower !== 'vectors' || typeof model !== 'string' || !Array.isArray(columns)) return undefined;
  return `The vectors of ${name} are ${String(width)} numbers of \`${model}\`, from ${columns.map((column) => `\`${String(column)}\``).join(', ')}.`;
}
