/**
 * Finds items by what a person types of their titles: small and capital letters, and accents, count as the same. Titles that begin with the text come first, then titles
 * with a word that begins with it, then others that contain it. The folded titles are texts of some thousand rows each, which the engine of JavaScript scans
 * at gigabytes a second: a million titles take some milliseconds, in slices, so that requests are answered between them. Pure: browsers have it too.
 */
import type { Snapshot } from './snapshot.ts';

interface FoundItem {
  readonly key: string;
  readonly title?: string;
}

export interface ItemSearch {
  /**
   * @param most items at most
   * @param isOver whether nobody waits for the answer any more
   */
  find(snapshot: Snapshot, text: string, most: number, isOver?: () => boolean): Promise<FoundItem[]>;
}

/** Rows of one text, which is scanned without a pause. */
const rowsOfPart = 4096;
/** Titles that are folded before requests get their turn: less than a millisecond. */
const foldedOfTurn = 512;
/** Rows that are put in order one by one. */
const few = 500;
/** Texts that are scanned before requests get their turn. */
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
    if (foldedTexts.length % foldedOfTurn === 0) await turn();
  }
  return lines(foldedTexts);
}

/** @param base whose titles do not change: they are folded once, at the first search */
export function makeItemSearch(base: Pick<Snapshot, 'rows' | 'titleAt' | 'keyAt'>): ItemSearch {
  let foldedParts: Promise<readonly string[]> | undefined;
  const fold = async (): Promise<readonly string[]> => {
    const foldedTitles: string[] = [];
    for (let first = 0; first < base.rows; first += rowsOfPart) {
      foldedTitles.push(await foldRows(base, first, Math.min(first + rowsOfPart, base.rows)));
      await turn();
    }
    return foldedTitles;
  };
  const writtenSearch = makeWrittenSearch();

  /** Rows whose titles contain a text, in the order of the items. */
  const rowsWith = async (text: string, most: number, isThere: (row: number) => boolean, isOver: () => boolean) => {
    const matchingRows: number[] = [];
    for (const [at, part] of (await (foldedParts ??= fold())).entries()) {
      if (matchingRows.length >= most || isOver()) break;
      for (const row of rowsIn(part, text, at * rowsOfPart)) {
        if (!isThere(row)) continue;
        if (matchingRows.push(row) === most) break;
      }
      if (at % partsOfTurn === partsOfTurn - 1) await turn();
    }
    return matchingRows;
  };

  return {
    async find(snapshot, text, most, isOver = () => false) {
      const foldedText = folded(text);
      if (foldedText === '') return [];
      const shownAt = (row: number): FoundItem => {
        const title = snapshot.titleAt(row);
        return { key: snapshot.keyAt(row), ...(title === undefined ? {} : { title }) };
      };
      const isThere = (row: number): boolean => snapshot.itemRow(base.keyAt(row)) === row;
      const foundRows = new Set<number>();
      const keyRow = snapshot.itemRow(text.trim());
      if (keyRow >= 0) foundRows.add(keyRow);
      // Written items lie after those of the data: the latest come first.
      for await (const row of writtenSearch.rowsWith(snapshot, foldedText)) {
        if (foundRows.size >= most || isOver()) break;
        if (snapshot.itemRow(snapshot.keyAt(row)) === row) foundRows.add(row);
      }
      if (foundRows.size < most) {
        const containingRows = await rowsWith(foldedText, Math.max(few, most), isThere, isOver);
        const wordStarts = [`\n${foldedText}`, ` ${foldedText}`];
        // Of few rows the order is known. Of many, one more scan for each place finds the best.
        const isAll = containingRows.length < Math.max(few, most);
        for (const place of wordStarts) {
          if (foundRows.size >= most || isOver()) break;
          const startRows = isAll
            ? containingRows.filter((row) => `\n${textAt(snapshot, row)}`.includes(place))
            : await rowsWith(place, most, isThere, isOver);
          for (const row of startRows) foundRows.add(row);
        }
        for (const row of containingRows) foundRows.add(row);
      }
      return [...foundRows].slice(0, most).map(shownAt);
    },
  };
}

/** Finds items that were written. Rows that fill a text are folded once; of the last ones each search reads the titles. */
function makeWrittenSearch() {
  /** The folded texts of the first rows, by their owner. */
  const textsByOwner = new WeakMap<object, string[]>();
  return {
    /** Rows whose titles contain a text, the latest first. */
    async *rowsWith(snapshot: Snapshot, text: string): AsyncGenerator<number, void> {
      const { written = [] } = snapshot;
      for (const { of, first, rows } of written.toReversed()) {
        const ownTexts = textsByOwner.get(of) ?? [];
        textsByOwner.set(of, ownTexts);
        const fullParts = Math.floor(rows / rowsOfPart);
        for (let part = fullParts; part >= 0; part--) {
          const firstRow = first + part * rowsOfPart;
          const end = Math.min(firstRow + rowsOfPart, first + rows);
          const lines = ownTexts[part] ?? (await foldRows(snapshot, firstRow, end));
          if (part < fullParts) ownTexts[part] = lines;
          yield* [...rowsIn(lines, text, firstRow)].reverse();
          if (part % partsOfTurn === 0) await turn();
        }
      }
    },
  };
}

const lines = (texts: readonly string[]): string => `\n${texts.join('\n')}\n`;

function* rowsIn(part: string, text: string, first: number): Generator<number> {
  let row = first - 1;
  let countedTo = 0;
  for (let at = part.indexOf(text); at >= 0; at = part.indexOf(text, countedTo)) {
    // A text that begins a line begins at the end of the line before.
    const start = at + (text.startsWith('\n') ? 1 : 0);
    for (let end = part.indexOf('\n', countedTo); end >= 0 && end < start; end = part.indexOf('\n', end + 1)) {
      row++;
      countedTo = end + 1;
    }
    yield row;
    const lineEnd = part.indexOf('\n', start);
    if (lineEnd < 0) return;
    countedTo = lineEnd;
  }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
