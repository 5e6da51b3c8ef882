/** Laws of all formats of files, and one small file of each. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { fileKinds, formatOf, formats, isCompressed } from '../../../../src/data/files/formats/table.ts';
import { csvText, eventsIn, folderWithFile, seenIn } from './support.ts';

const named = fileKinds.filter((kind) => formats[kind].endings.length > 0);

it('is in the guide, with its endings', () => {
  const table = readFileSync('docs/guide/data.md', 'utf8').split('\n| ending | format |\n')[1]!.split('\n\n')[0]!;
  const rows = named.map((kind) => {
    const endings = formats[kind].endings.map((ending) => `\`.${ending}\``).join(', ');
    return `| ${endings}${formats[kind].isPackable ? ', each also `.gz`' : ''} | `;
  });
  expect(rows.filter((row) => !table.includes(row))).toEqual([]);
});

it('is known by its endings, in any case, and one ending means one format', () => {
  const endings = named.flatMap((kind) => formats[kind].endings);
  expect(new Set(endings).size).toBe(endings.length);
  for (const kind of named) {
    for (const ending of formats[kind].endings) {
      expect([formatOf(`a.b.${ending}`), formatOf(`a.${ending.toUpperCase()}`)]).toEqual([kind, kind]);
      expect(formatOf(`a.${ending}.gz`)).toBe(formats[kind].isPackable ? kind : undefined);
    }
  }
  expect([formatOf('a.gz'), formatOf('a.xlsx'), formatOf('csv')]).toEqual([undefined, undefined, undefined]);
  expect(isCompressed('a.csv.GZ')).toBe(true);
});

it.each([
  ['events.csv.gz', gzipSync(csvText)],
  ['events.parquet', (csv: string, to: string) => `COPY (FROM read_csv('${csv}')) TO '${to}'`],
  ['events.jsonl', (csv: string, to: string) => `COPY (FROM read_csv('${csv}')) TO '${to}'`],
] as const)('%s has the rows of the same file in CSV', async (name, write) => {
  const folder = await folderWithFile(name, write);
  expect(await eventsIn(folder, name)).toEqual(await eventsIn(folder, 'events.csv'));
  expect(await seenIn(folder, name)).toEqual(await seenIn(folder, 'events.csv'));
});
