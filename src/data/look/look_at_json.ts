/** Samples rows of JSON: one object in each line, an array of objects, or one object of rows. Fields of nested objects become columns: `user.id` is `user_id`. */
import { isObject } from '../../base/util/objects.ts';
import { JsonArrayScanner, JsonLinesScanner } from '../files/records/line_records.ts';
import type { FileSample } from '../files/records/scan_file.ts';
import { countIn, type SampledTable } from './look_at_text.ts';
import {
  type Cell,
  cellOf,
  exactJson,
  type FlatColumn,
  type LookedTable,
  objectsBecause,
  unknownEnding,
  unusedName,
} from './looked_table.ts';

const maxRows = 40_000;

/** @param isKnown true if the file has a known ending */
export function lookAtJson(sample: FileSample, isKnown: boolean): SampledTable | { readonly reason: string } {
  const text = sample.pieces[0]!.toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  const isArray = text.startsWith('[');
  const objects: Record<string, unknown>[] = [];
  let records = 0;
  let badLines = 0;
  let bytes = 0;
  for (const [index, piece] of sample.pieces.entries()) {
    if (isArray && index > 0) break;
    const wholeRecords = index === 0 ? piece : piece.subarray(piece.indexOf(0x0a) + 1);
    const scanner = isArray ? new JsonArrayScanner() : new JsonLinesScanner();
    try {
      scanner.scan(wholeRecords, sample.isWhole, (_line, from, to, problem) => {
        records++;
        bytes += to - from + 1;
        if (problem !== undefined) badLines++;
        else if (objects.length < maxRows)
          objects.push(exactJson(wholeRecords.toString('utf8', from, to)) as Record<string, unknown>);
      });
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
  const areRows = objects.length > 0 && objects.length * 2 >= records;
  const map = sample.isWhole && (!areRows || objects.length === 1) ? mapOf(text) : undefined;
  if (map) return map;
  if (!areRows) return { reason: 'it is JSON, and neither objects line by line nor an array of objects' };
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const rows = objects.map((object) => columns.map((name): Cell => cellOf(object[name])));
  const count = countIn(sample, sample.isWhole ? records - badLines : records, bytes);
  const sampledTable = { kind: 'json', columns, rows, count, isWhole: sample.isWhole, bad: badLines } as const;
  return tableOfObjects(sampledTable, objects, isKnown);
}

/** Returns the table in `{ "key": [ … ] }` or `{ "key": { … } }`. */
function mapOf(text: string): SampledTable | undefined {
  let value: unknown;
  try {
    value = exactJson(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const nested = entries.filter(([, entryValue]) => entryValue !== null && typeof entryValue === 'object');
  if (entries.length < 3 || nested.length * 10 < entries.length * 9) return undefined;
  const { columns, rows } = rowsOfMap(value);
  const because = ['it is one JSON object, and a data block reads an object for each row'];
  const rewrite = { ...plain, because, header: columns, isMap: true };
  return { kind: 'csv', columns, rows, count: rows.length, isWhole: true, bad: 0, rewrite };
}

/** Returns the entries as rows. A list becomes a text with `|`, which a data block splits again. */
export function rowsOfMap(map: JsonRow) {
  const values = Object.values(map);
  const hasLists = values.some(Array.isArray);
  const names = hasLists ? ['values'] : [...new Set(values.flatMap((value) => Object.keys(value as object)))];
  const text = (value: unknown): string | null => {
    const cell = cellOf(value);
    return Array.isArray(cell) ? cell.map((element) => String(element ?? '')).join('|') : (cell as string | null);
  };
  const rows = Object.entries(map).map(([key, value]) => [
    key,
    ...(hasLists ? [text(value)] : names.map((name) => text((value as JsonRow)[name]))),
  ]);
  return { columns: ['key', ...names], rows };
}

type JsonRow = Readonly<Record<string, unknown>>;

const maxDepth = 4;
/** An object with more fields is a map whose keys are values. */
const maxFields = 40;
const maxColumns = 300;

/** Returns the columns of flattened rows; undefined if no row contains an object. `isMap` is true for objects whose keys are values. */
function flatColumns(
  rows: readonly JsonRow[],
  isMap: (path: readonly string[]) => boolean = () => false,
): readonly FlatColumn[] | undefined {
  const paths: (readonly string[])[] = [];
  const visit = (objects: readonly JsonRow[], path: readonly string[]): void => {
    for (const field of new Set(objects.flatMap((object) => Object.keys(object)))) {
      const fieldPath = [...path, field];
      const values = objects.map((object) => object[field]).filter((value) => value !== null && value !== undefined);
      const objectValues = values.filter(isObject);
      const fields = new Set(objectValues.flatMap((object) => Object.keys(object)));
      const isRecord =
        objectValues.length > 0 && objectValues.length * 10 >= values.length * 9 && fields.size <= maxFields;
      // Readers differ in how they write the path of a field whose name contains quotes.
      const isPlain = [...fields].every((name) => !/["\\]/.test(name)) && !/["\\]/.test(field);
      if (isRecord && isPlain && fieldPath.length < maxDepth && !isMap(fieldPath)) visit(objectValues, fieldPath);
      else paths.push(fieldPath);
    }
  };
  visit(rows, []);
  if (paths.every(({ length }) => length === 1) || paths.length > maxColumns) return undefined;
  const usedNames = new Set<string>();
  return paths.map((path) => {
    const base = path.length === 1 ? path[0]! : path.join('_').replaceAll(/\W+/g, '_').replaceAll(/_{2,}/g, '_');
    return { name: unusedName(base, usedNames), path };
  });
}

/**
 * Makes a table of objects. If the ending of the file is unknown, a data block needs a copy. If rows contain objects, their fields become columns as well.
 * @param isMap see `flatColumns`
 */
export function tableOfObjects(
  seen: Omit<LookedTable, 'path' | 'rewrite' | 'flat'>,
  objects: readonly JsonRow[],
  isKnown: boolean,
  isMap?: Parameters<typeof flatColumns>[1],
): Omit<LookedTable, 'path'> {
  const because = isKnown ? [] : [unknownEnding];
  const table = isKnown ? seen : { ...seen, rewrite: { ...plain, because, header: [] } };
  const fields = flatColumns(objects, isMap);
  if (fields === undefined) return table;
  const header = fields.map(({ name }) => name);
  const { columns, types } = seen;
  // The types of fields are not read, because their values are enough.
  const typeOf = ({ path }: FlatColumn): string => (path.length === 1 ? types![columns.indexOf(path[0]!)]! : '');
  return {
    ...table,
    flat: {
      ...table,
      columns: header,
      types: types && fields.map(typeOf),
      rows: objects.map((object) => fields.map((field) => flatCell(object, field))),
      rewrite: { ...plain, because: [...because, objectsBecause], header, fields },
    },
  };
}

const plain = { encoding: 'utf-8', from: ',', to: ',', hasHeader: true } as const;

function flatCell(row: JsonRow, { path }: FlatColumn): Cell {
  let value: unknown = row;
  for (const field of path) value = isObject(value) ? value[field] : undefined;
  return cellOf(value);
}
