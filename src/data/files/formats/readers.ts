/** Lists the reader of each format. */
import { csv } from './csv_format.ts';
import { json } from './json_format.ts';
import { lines } from './lines_format.ts';
import { parquet } from './parquet_format.ts';
import type { FileReader } from './reader.ts';
import type { FileKind } from './table.ts';

export const readers: Readonly<Record<FileKind, FileReader>> = { csv, json, lines, parquet };
