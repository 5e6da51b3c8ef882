/** Lists the reader of each format. */
import { json } from './json_format.ts';
import { parquet } from './parquet_format.ts';
import type { FileReader } from './reader.ts';
import type { FileKind } from './table.ts';
import { csv, lines } from './text_formats.ts';

export const readers: Readonly<Record<FileKind, FileReader>> = { csv, json, lines, parquet };
