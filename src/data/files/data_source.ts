/** Finds the columns and types of one role's files from headers and a sample, before any rows are read. */

import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { FileShapeError } from '../csv/csv_records.ts';
import { type Copies, type Database, isNumber } from './duckdb.ts';
import type { DescribedFile, FileColumn, InputFiles, Role } from './find_files.ts';
import { json } from './formats/json_format.ts';
import { parquet } from './formats/parquet_format.ts';
import type { FileReader, OpenedFile } from './formats/reader.ts';
import type { FileKind } from './formats/table.ts';
import { csv, lines } from './formats/text_formats.ts';
import { stampOf } from './records/scan_file.ts';

export interface DataSource extends InputFiles {
  readonly columns: readonly FileColumn[];
  /** By path. */
  readonly opened: ReadonlyMap<string, OpenedFile>;
  /** By path, a text that changes if the file is written again: see `stampOf`. */
  readonly stamps: ReadonlyMap<string, string>;
}

/** Reads the headers of all sources. A source with an error is absent. */
export async function describeSources(
  database: Database,
  inputs: readonly InputFiles[],
  copies: Copies,
  signal?: AbortSignal,
): Promise<{ readonly output: ReadonlyMap<Role, DataSource>; readonly diagnostics: readonly Diagnostic[] }> {
  const output = new Map<Role, DataSource>();
  const diagnostics: Diagnostic[] = [];
  for (const input of inputs) {
    const opened = new Map<string, OpenedFile>();
    const stamps = new Map<string, string>();
    const columnsOfFiles: (readonly FileColumn[])[] = [];
    const errorsBefore = diagnostics.length;
    for (const file of input.files) {
      try {
        stamps.set(file.path, stampOf(file));
        const openFile = await readers[file.kind].open(file, { database, copies, signal });
        if (openFile.columns.length === 0) throw new Error('it is empty, and its first line should name its columns');
        opened.set(file.path, openFile);
        columnsOfFiles.push(openFile.columns);
      } catch (error) {
        database.rethrowUnlessSql(error);
        diagnostics.push(unreadableFileError(error, file));
      }
    }
    if (diagnostics.length === errorsBefore)
      for (const difference of reportHeaderDifferences(input, columnsOfFiles)) diagnostics.push(difference);
    if (diagnostics.length === errorsBefore)
      output.set(input.role, { ...input, columns: mergeColumns(columnsOfFiles), opened, stamps });
  }
  return { output, diagnostics };
}

/** Distinguishes a damaged file from one without read permission, and from one with an error on a single line. */
export function unreadableFileError(error: unknown, file: DescribedFile): Diagnostic {
  if (error instanceof FileShapeError) {
    return diagnose('data-file-shape', file.described.span, {
      path: file.name,
      line: error.line,
      reason: error.reason,
    });
  }
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const isDamaged = !/EACCES|EISDIR|EPERM|Permission/.test(reason);
  const facts = { path: file.name, reason: reason.replace(/^[A-Z]\w+( \w+)? Error: /, '') };
  return diagnose(isDamaged ? 'data-file-damaged' : 'data-file-unreadable', file.described.span, facts);
}

/** All files of a pattern must have the columns of the first. */
function reportHeaderDifferences(input: InputFiles, columnsOfFiles: readonly (readonly FileColumn[])[]): Diagnostic[] {
  const firstColumns = columnsOfFiles[0]!;
  return columnsOfFiles.flatMap((columns, fileIndex) => {
    const names = new Set(columns.map((column) => column.name.toLowerCase()));
    const missingColumn = firstColumns.find((column) => !names.has(column.name.toLowerCase()));
    if (missingColumn === undefined) return [];
    const { name, described } = input.files[fileIndex]!;
    const facts = { path: name, first: input.files[0]!.name, column: missingColumn.name };
    return [diagnose('data-file-headers', described.span, facts)];
  });
}

/** Merges the columns of files. If their types differ, the wider one is used; a file without values is ignored. */
const mergeColumns = (columnsOfFiles: readonly (readonly FileColumn[])[]): FileColumn[] =>
  columnsOfFiles[0]!.map((column) => {
    const versions = columnsOfFiles.map(
      (columns) => columns.find(({ name }) => name.toLowerCase() === column.name.toLowerCase())!,
    );
    const typedVersions = versions.filter(({ unknown }) => unknown !== true);
    const types = [...new Set((typedVersions.length > 0 ? typedVersions : versions).map(({ type }) => type))];
    const type = types.length === 1 ? types[0]! : widestType(types);
    return {
      name: column.name,
      type,
      mixed: typedVersions.some(({ mixed }) => mixed),
      unknown: typedVersions.length === 0,
      types: types.length === 1 ? undefined : versions.map((version) => version.type),
    };
  });

function widestType(types: readonly string[]): string {
  if (types.every((type) => /^U?(TINY|SMALL|BIG)?INT(EGER)?$|^HUGEINT$/.test(type))) return 'HUGEINT';
  return types.every(isNumber) ? 'DOUBLE' : 'VARCHAR';
}

export const readers: Readonly<Record<FileKind, FileReader>> = { csv, json, lines, parquet };
