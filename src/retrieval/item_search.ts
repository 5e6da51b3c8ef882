/**
 * Finds items by a part of their titles, ignoring case and accents. Titles that begin with the text come first, then titles
 * with a word that begins with it, then others that contain it. Thousands of folded titles are joined into one text, which JavaScript engines scan at
 * gigabytes a second: a million titles take a few milliseconds, in slices, so that requests are answered between them. It runs in browsers too.
 */
import { yieldToEventLoop } from '../base/util/objects.ts';
import type { OwnedRows, Snapshot } from './snapshot.ts';
import { type Item, itemAt } from './top_request.ts';

export interface ItemSearch {
  /** @param limit maximum number of items @param isOver true if nobody waits for the answer any more */
  find(snapshot: Snapshot, text: string, limit: number, isOver?: () => boolean): Promise<Item[]>;
}

/** Number of titles in one text, which is scanned without a pause. */
const rowsOfPart = 4096;
/** Number of titles that are folded before other requests get a turn: less than a millisecond. */
const titlesOfTurn = 512;
/** Up to this many matches are ranked by looking at their titles. More are ranked by a further scan. */
const maxSorted = 500;
/** Number of texts that are scanned before other requests get a turn. */
const partsOfTurn = 32;

/** Normalizes a text for comparison: one line, without accents and capital letters. */
export const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim();

type Titles = Pick<Snapshot, 'titleAt' | 'keyAt'>;

const textAt = (from: Titles, row: number): string => folded(from.titleAt(row) ?? from.keyAt(row));

async function foldRows(from: Titles, first: number, end: number): Promise<string> {
  const foldedTexts: string[] = [];
  for (let row = first; row < end; row++) {
    foldedTexts.push(textAt(from, row));
    if (foldedTexts.length % titlesOfTurn === 0) await yieldToEventLoop();
  }
  return `\n${foldedTexts.join('\n')}\n`;
}

/** @param base items whose titles do not change. Their titles are folded and cached at the first search, and so are full parts of written items */
export function makeItemSearch(base: Pick<Snapshot, 'rows' | 'titleAt' | 'keyAt'>): ItemSearch {
  const textsByOwner = new WeakMap<object, string[]>();

  /** Yields the rows whose titles contain a text, in the order of the items or the latest first. */
  async function* rowsWith(
    from: Titles,
    groups: readonly OwnedRows[],
    text: string,
    { isLatestFirst, isOver }: { readonly isLatestFirst: boolean; readonly isOver: () => boolean },
  ): AsyncGenerator<number, void> {
    for (const { of, first, rows } of isLatestFirst ? groups.toReversed() : groups) {
      const ownTexts = textsByOwner.get(of) ?? [];
      textsByOwner.set(of, ownTexts);
      const partCount = Math.ceil(rows / rowsOfPart);
      for (let i = 0; i < partCount && !isOver(); i++) {
        const part = isLatestFirst ? partCount - 1 - i : i;
        const firstRow = first + part * rowsOfPart;
        const end = Math.min(firstRow + rowsOfPart, first + rows);
        const partText = ownTexts[part] ?? (await foldRows(from, firstRow, end));
        if (of === base || end - firstRow === rowsOfPart) ownTexts[part] = partText;
        const matchingRows = [...rowsIn(partText, text, firstRow)];
        yield* isLatestFirst ? matchingRows.reverse() : matchingRows;
        if (i % partsOfTurn === partsOfTurn - 1) await yieldToEventLoop();
      }
    }
  }

  return {
    async find(snapshot, text, maxItems, isOver = () => false) {
      const foldedText = folded(text);
      if (foldedText === '') return [];
      const isThere = (row: number): boolean => snapshot.itemRow(snapshot.keyAt(row)) === row;
      const baseRows = async (part: string, limit: number): Promise<readonly number[]> => {
        const matchingRows: number[] = [];
        const baseGroups = [{ of: base, first: 0, rows: base.rows }];
        for await (const row of rowsWith(base, baseGroups, part, { isLatestFirst: false, isOver })) {
          if (isThere(row) && matchingRows.push(row) >= limit) break;
        }
        return matchingRows;
      };
      const foundRows = new Set<number>();
      const keyRow = snapshot.itemRow(text.trim());
      if (keyRow >= 0) foundRows.add(keyRow);
      // Written items come after those of the data. The latest come first.
      const { written = [] } = snapshot;
      for await (const row of rowsWith(snapshot, written, foldedText, { isLatestFirst: true, isOver })) {
        if (foundRows.size >= maxItems) break;
        if (isThere(row)) foundRows.add(row);
      }
      if (foundRows.size < maxItems) {
        const containingRows = await baseRows(foldedText, Math.max(maxSorted, maxItems));
        // A few rows are sorted in memory. If there are more, one further scan for each rank finds the best.
        const isAll = containingRows.length < Math.max(maxSorted, maxItems);
        for (const wordStart of [`\n${foldedText}`, ` ${foldedText}`]) {
          if (foundRows.size >= maxItems || isOver()) break;
          const startRows = isAll
            ? containingRows.filter((row) => `\n${textAt(snapshot, row)}`.includes(wordStart))
            : await baseRows(wordStart, maxItems);
          for (const row of startRows) foundRows.add(row);
        }
        for (const row of containingRows) foundRows.add(row);
      }
      return [...foundRows].slice(0, maxItems).map((row) => itemAt(row, snapshot));
    },
  };
}

function* rowsIn(part: string, text: string, first: number): Generator<number> {
  let row = first - 1;
  let countedTo = 0;
  for (let index = part.indexOf(text); index >= 0; index = part.indexOf(text, countedTo)) {
    // A search text that begins with a line break matches at the end of the previous line.
    const matchStart = index + (text.startsWith('\n') ? 1 : 0);
    for (let end = part.indexOf('\n', countedTo); end >= 0 && end < matchStart; end = part.indexOf('\n', end + 1)) {
      row++;
      countedTo = end + 1;
    }
    yield row;
    const lineEnd = part.indexOf('\n', matchStart);
    if (lineEnd < 0) return;
    countedTo = lineEnd;
  }
}
