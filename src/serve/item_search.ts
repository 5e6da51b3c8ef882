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

/** As titles are compared: one line, without accents and capital letters. */
export const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim();

type Titles = Pick<Snapshot, 'titleAt' | 'keyAt'>;

const textAt = (from: Titles, row: number): string => folded(from.titleAt(row) ?? from.keyAt(row));

/** Some rows as one text. */
async function foldRows(from: Titles, first: number, end: number): Promise<string> {
  const texts: string[] = [];
  for (let row = first; row < end; row++) {
    texts.push(textAt(from, row));
    if (texts.length % foldedOfTurn === 0) await turn();
  }
  return lines(texts);
}

/** @param base whose titles do not change: they are folded once, at the first search */
export function makeItemSearch(base: Pick<Snapshot, 'rows' | 'titleAt' | 'keyAt'>): ItemSearch {
  let parts: Promise<readonly string[]> | undefined;
  const fold = async (): Promise<readonly string[]> => {
    const made: string[] = [];
    for (let first = 0; first < base.rows; first += rowsOfPart) {
      made.push(await foldRows(base, first, Math.min(first + rowsOfPart, base.rows)));
      await turn();
    }
    return made;
  };
  const written = makeWrittenSearch();

  /** Rows whose titles contain a text, in the order of the items, at most so many. */
  const rowsWith = async (text: string, most: number, isThere: (row: number) => boolean, isOver: () => boolean) => {
    const rows: number[] = [];
    for (const [at, part] of (await (parts ??= fold())).entries()) {
      if (rows.length >= most || isOver()) break;
      for (const row of rowsIn(part, text, at * rowsOfPart)) {
        if (!isThere(row)) continue;
        if (rows.push(row) === most) break;
      }
      if (at % partsOfTurn === partsOfTurn - 1) await turn();
    }
    return rows;
  };

  return {
    async find(snapshot, text, most, isOver = () => false) {
      const wanted = folded(text);
      if (wanted === '') return [];
      const shown = (row: number): FoundItem => {
        const title = snapshot.titleAt(row);
        return { key: snapshot.keyAt(row), ...(title === undefined ? {} : { title }) };
      };
      const isThere = (row: number): boolean => snapshot.itemRow(base.keyAt(row)) === row;
      const found = new Set<number>();
      const own = snapshot.itemRow(text.trim());
      if (own >= 0) found.add(own);
      // Written items lie after those of the data: the latest come first.
      for await (const row of written.rowsWith(snapshot, wanted)) {
        if (found.size >= most || isOver()) break;
        if (snapshot.itemRow(snapshot.keyAt(row)) === row) found.add(row);
      }
      if (found.size < most) {
        const rows = await rowsWith(wanted, Math.max(few, most), isThere, isOver);
        const places = [`\n${wanted}`, ` ${wanted}`];
        // Of few rows the order is known. Of many, one more scan for each place finds the best.
        const isAll = rows.length < Math.max(few, most);
        for (const place of places) {
          if (found.size >= most || isOver()) break;
          const own = isAll
            ? rows.filter((row) => `\n${textAt(snapshot, row)}`.includes(place))
            : await rowsWith(place, most, isThere, isOver);
          for (const row of own) found.add(row);
        }
        for (const row of rows) found.add(row);
      }
      return [...found].slice(0, most).map(shown);
    },
  };
}

/** Finds items that were written. Rows that fill a text are folded once; of the last ones each search reads the titles. */
function makeWrittenSearch() {
  /** By what the rows are of: the texts of its first rows. */
  const known = new WeakMap<object, string[]>();
  return {
    /** Rows whose titles contain a text, the latest first. */
    async *rowsWith(snapshot: Snapshot, text: string): AsyncGenerator<number, void> {
      const { written = [] } = snapshot;
      for (const { of, first, rows } of written.toReversed()) {
        const parts = known.get(of) ?? [];
        known.set(of, parts);
        const whole = Math.floor(rows / rowsOfPart);
        for (let part = whole; part >= 0; part--) {
          const from = first + part * rowsOfPart;
          const end = Math.min(from + rowsOfPart, first + rows);
          const lines = parts[part] ?? (await foldRows(snapshot, from, end));
          if (part < whole) parts[part] = lines;
          yield* [...rowsIn(lines, text, from)].reverse();
          if (part % partsOfTurn === 0) await turn();
        }
      }
    },
  };
}

const lines = (texts: readonly string[]): string => `\n${texts.join('\n')}\n`;

/** The rows of the lines that have a text, each once. */
function* rowsIn(part: string, text: string, first: number): Generator<number> {
  let row = first - 1;
  let counted = 0;
  for (let at = part.indexOf(text); at >= 0; at = part.indexOf(text, counted)) {
    // A text that begins a line begins at the end of the line before.
    const start = at + (text.startsWith('\n') ? 1 : 0);
    for (let end = part.indexOf('\n', counted); end >= 0 && end < start; end = part.indexOf('\n', end + 1)) {
      row++;
      counted = end + 1;
    }
    yield row;
    const next = part.indexOf('\n', start);
    if (next < 0) return;
    counted = next;
  }
}

/** Browsers have no `setImmediate`. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
