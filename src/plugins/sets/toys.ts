import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DataSetRequest } from '../../app/api/data_sets.ts';
import { dataSet, readOriginals, refuseDamaged, termsIfPublished, writeCsv } from './set.ts';

const originals = ['Toys_and_Games.txt', 'Toys_and_Games_item2attributes.json'] as const;
const home = 'https://github.com/RUCAIBox/CIKM2020-S3Rec/tree/master/data';

/**
 * Amazon Toys & Games, 5-core, as S3-Rec prepared it: the items of 19,412 people in the order of time, and attributes of 11,924 items.
 *
 * Each user has a line of items in the order of time, and each item has attributes. Other sets of the same source have the same format, so `--from`
 * may also name one of them, with its attributes in the file next to it.
 */
export const toys = dataSet({
  originals,
  isForm: true,
  async make(options) {
    const { folder, names } = originalsOf(options);
    const [linesName, attributesName] = names;
    const texts = readOriginals('toys', names, home, { ...options, ...(folder === undefined ? {} : { from: folder }) });
    const lines = readUserLines(texts[linesName]!, (reason) => refuseDamaged(folder, linesName, reason));
    const refuseAttributes = (reason: string): never => refuseDamaged(folder, attributesName, reason);
    const attributesOf = readAttributes(texts[attributesName]!, refuseAttributes);
    const items = [...new Set(lines.flatMap(({ items }) => items))];
    const rows = items.map((item) => [item, attributesOf.get(item)?.join('|')]);
    const describedItems = items.filter((item) => attributesOf.has(item)).length;
    if (describedItems < items.length)
      options.log(`${items.length - describedItems} of ${items.length} items have no attributes`);
    return {
      from: join(folder!, linesName),
      holds: `${count(eventsIn(lines))} events of ${count(lines.length)} people and ${count(items.length)} items`,
      terms: termsIfPublished(
        texts[linesName]!,
        '176c680c688d497598c4a89a03b402c0fe78d795e5db335c2e78dd5f2d778a3f',
        'Amazon review data, for research: McAuley, Targett, Shi & van den Hengel, SIGIR 2015; prepared by Zhou et al., "S3-Rec", CIKM 2020',
      ),
      files: { 'sequences.txt': writeUserLines(lines), 'items.csv': writeCsv(['item', 'attributes'], rows) },
    };
  },
});

/** Returns the folder of the originals, and their names in it: those of this set, or those that follow from the file in `--from`. */
function originalsOf({ from }: DataSetRequest): { folder: string | undefined; names: readonly [string, string] } {
  if (from === undefined || !statSync(from, { throwIfNoEntry: false })?.isFile())
    return { folder: from, names: originals };
  const textName = basename(from);
  return { folder: dirname(from), names: [textName, `${textName.replace(/\.txt$/, '')}_item2attributes.json`] };
}

export interface UserLine {
  readonly user: string;
  readonly items: readonly string[];
}

/**
 * Returns the lines, each with a user and at least one item. A user may have only one line, because the order across lines would be unknown.
 * @param wrong called with the error of a line
 */
export function readUserLines(text: string, wrong: (reason: string) => never): readonly UserLine[] {
  const lines: UserLine[] = [];
  const lineOf = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.includes('\0')) wrong(`line ${index + 1} holds a zero byte`);
    if (line.includes('\uFFFD')) wrong(`line ${index + 1} is not UTF-8`);
    const [user = '', ...items] = line.trim().split(/[ \t]+/);
    if (user === '') continue;
    const earlierLine = lineOf.get(user);
    if (earlierLine !== undefined)
      wrong(`lines ${earlierLine} and ${index + 1} are of the same user, ${shortened(user)}`);
    lineOf.set(user, index + 1);
    if (items.length === 0) wrong(`line ${index + 1} has a user, ${shortened(user)}, and no item`);
    lines.push({ user, items });
  }
  if (lines.length === 0) wrong('it has no lines of a user and items');
  return lines;
}

export const writeUserLines = (lines: readonly UserLine[]): string =>
  lines.map(({ user, items }) => `${user} ${items.join(' ')}\n`).join('');

export const eventsIn = (lines: readonly UserLine[]): number => lines.reduce((sum, { items }) => sum + items.length, 0);

const shortened = (word: string): string => (word.length <= 40 ? word : `${word.slice(0, 40)}…`);

/** Parses `{"4": [1, 2, 3], …}`: the numbers or names of attributes by item. */
function readAttributes(text: string, wrong: (reason: string) => never): ReadonlyMap<string, readonly string[]> {
  let parsedValue: unknown;
  try {
    parsedValue = JSON.parse(text);
  } catch (error) {
    wrong(`it is no JSON: ${shortened((error as Error).message)}`);
  }
  if (typeof parsedValue !== 'object' || parsedValue === null || Array.isArray(parsedValue)) {
    return wrong('it is no object of items and their attributes');
  }
  const attributes = new Map<string, readonly string[]>();
  for (const [item, list] of Object.entries(parsedValue)) {
    if (!Array.isArray(list)) return wrong(`the attributes of item ${shortened(item)} are no list`);
    const attributeWords = list.map((attribute: unknown) => {
      const word = typeof attribute === 'number' && Number.isFinite(attribute) ? String(attribute) : attribute;
      if (typeof word === 'string' && word !== '' && !/[|\r\n\0]/.test(word)) return word;
      return wrong(`an attribute of item ${shortened(item)} is no number and no text without a bar or a line end`);
    });
    attributes.set(item, attributeWords);
  }
  return attributes;
}

const count = (number: number): string => number.toLocaleString('en');
