/** Samples rows of JSON: an object a line, an array of objects, or one object whose keys are those of rows. */
import { JsonArrayScanner, JsonLinesScanner } from '../files/records/json.ts';
import { plain, tableOfObjects } from './flat.ts';
import type { SampledTable } from './look_at_text.ts';
import { type Cell, cellOf, exactJson } from './looked_table.ts';
import type { FileSample } from './sample_bytes.ts';

const maxRows = 40_000;

/** @param isKnown true if the path has a known ending */
export function lookAtJson(sample: FileSample, isKnown: boolean): SampledTable | { readonly reason: string } {
  const text = sample.pieces[0]!.toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  const isArray = text.startsWith('[');
  const objects: Record<string, unknown>[] = [];
  let records = 0;
  let bad = 0;
  let bytes = 0;
  for (const [at, piece] of sample.pieces.entries()) {
    if (isArray && at > 0) break;
    const wholeRecords = at === 0 ? piece : piece.subarray(piece.indexOf(0x0a) + 1);
    const scanner = isArray ? new JsonArrayScanner() : new JsonLinesScanner();
    try {
      scanner.take(wholeRecords, sample.isWhole, (_line, from, to, problem) => {
        records++;
        bytes += to - from + 1;
        if (problem !== undefined) bad++;
        else if (objects.length < maxRows)
          objects.push(exactJson(wholeRecords.toString('utf8', from, to)) as Record<string, unknown>);
      });
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
  if (objects.length * 2 < records || objects.length === 0) {
    const map = sample.isWhole ? mapOf(text) : undefined;
    return map ?? { reason: 'it is JSON, and neither objects line by line nor an array of objects' };
  }
  const singleMap = objects.length === 1 && sample.isWhole ? mapOf(text) : undefined;
  if (singleMap) return singleMap;
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const rows = objects.map((object) => columns.map((name): Cell => cellOf(object[name])));
  const count = sample.isWhole ? records - bad : Math.round((records / bytes) * (sample.size ?? bytes));
  const sampledTable = { kind: 'json', columns, rows, count, isWhole: sample.isWhole, bad } as const;
  return tableOfObjects(sampledTable, objects, isKnown);
}

/** Returns the table of `{ "key": [ … ] }` or `{ "key": { … } }`. */
function mapOf(text: string): SampledTable | undefined {
  let value: unknown;
  try {
    value = exactJson(text);
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const nested = entries.filter(([, entryValue]) => entryValue !== null && typeof entryValue === 'object');
  if (entries.length < 3 || nested.length * 10 < entries.length * 9) return undefined;
  const { columns, rows } = rowsOfMap(value as Record<string, unknown>);
  const because = ['it is one JSON object, and a data block reads an object for each row'];
  return {
    kind: 'csv',
    columns,
    rows,
    count: rows.length,
    isWhole: true,
    bad: 0,
    rewrite: { ...plain, because, header: columns, isMap: true },
  };
}

/** Makes a list text with bars, which a data block splits again. */
export function rowsOfMap(map: Readonly<Record<string, unknown>>): {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
} {
  const hasLists = Object.values(map).some(Array.isArray);
  const names = hasLists
    ? ['values']
    : [...new Set(Object.values(map).flatMap((entryValue) => Object.keys(entryValue as object)))];
  const text = (value: unknown): string | null => {
    const cell = cellOf(value);
    return Array.isArray(cell) ? cell.map((entryValue) => String(entryValue ?? '')).join('|') : (cell as string | null);
  };
  const rows = Object.entries(map).map(([key, entryValue]) => [
    key,
    ...(hasLists ? [text(entryValue)] : names.map((name) => text((entryValue as Record<string, unknown>)[name]))),
  ]);
  return { columns: ['key', ...names], rows };
}
