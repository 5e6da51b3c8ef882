/** Lists the reader of each format. */
import { csv } from './csv.ts';
import { json } from './json.ts';
import { lines } from './lines.ts';
import { parquet } from './parquet.ts';
import type { FileReader } from './reader.ts';
import type { FileKind } from './table.ts';

export const readers: Readonly<Record<FileKind, FileReader>> = { csv, json, lines, parquet };
