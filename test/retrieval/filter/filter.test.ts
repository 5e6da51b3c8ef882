/** Filters: what they keep, against another evaluator; what is refused, with its place; and that no text breaks the parser. */
import { describe, expect, it } from 'vitest';
import { readFilter } from '../../../grammar/filter.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { compareCodePoints, makeFilters } from '../../../src/retrieval/filter/filter.ts';
import { type ItemColumns, textColumn, textsColumn } from '../../../src/retrieval/filter/filter_columns.ts';
import fc from '../../fast_check.ts';

interface Item {
  readonly year: number | null;
  readonly price: number | null;
  readonly country: string | null;
  readonly genres: readonly string[] | null;
  readonly color: boolean | null;
}

const words = ['Drama', 'Comedy', "it's", 'größe', 'a b'];
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 4 });
const item: fc.Arbitrary<Item> = fc.record({
  year: optional(fc.integer({ min: 1988, max: 1992 })),
  price: optional(fc.constantFrom(0, 0.5, -1, 1e3)),
  country: optional(fc.constantFrom(...words)),
  genres: optional(fc.subarray(words)),
  color: optional(fc.boolean()),
});

const columnsOf = (items: readonly Item[]): ItemColumns =>
  new Map([
    ['year', { kind: 'number', values: Float64Array.from(items, ({ year }) => year ?? Number.NaN) }],
    ['price', { kind: 'number', values: Float64Array.from(items, ({ price }) => price ?? Number.NaN) }],
    ['country', textColumn(items.map(({ country }) => country))],
    ['genres', textsColumn(items.map(({ genres }) => genres))],
    ['color', { kind: 'truth', values: Int8Array.from(items, ({ color }) => (color === null ? -1 : color ? 1 : 0)) }],
  ]);

const kept = (items: readonly Item[], text: string): number[] => {
  const bits = makeFilters(columnsOf(items), items.length).itemsOf(text);
  return items.flatMap((_, row) => (bits.has(row) ? row : []));
};

/** A filter as text, and what it says of an item: null where that is not known. */
interface Said {
  readonly text: string;
  readonly of: (item: Item) => boolean | null;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "\\'")}'`;
const signs = { '=': 0, '!=': 0, '<': 0, '<=': 0, '>': 0, '>=': 0 };
function compare(by: string, a: number | string | null, b: number | string | null): boolean | null {
  if (a === null || b === null) return null;
  const order = a < b ? -1 : a > b ? 1 : 0;
  return { '=': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[
    by
  ]!;
}
const sign = fc.constantFrom(...Object.keys(signs));
const years = fc.integer({ min: 1988, max: 1992 });
const word = fc.constantFrom(...words, 'absent');
const simple: fc.Arbitrary<Said> = fc.oneof(
  fc.tuple(sign, years).map(([by, n]) => ({ text: `year ${by} ${n}`, of: ({ year }: Item) => compare(by, year, n) })),
  fc
    .tuple(sign, years)
    .map(([by, n]) => ({ text: `${n} ${by} \`year\``, of: ({ year }: Item) => compare(by, n, year) })),
  sign.map((by) => ({ text: `year${by}price`, of: ({ year, price }: Item) => compare(by, year, price) })),
  fc
    .tuple(sign, word)
    .map(([by, w]) => ({ text: `country ${by} ${quoted(w)}`, of: ({ country }: Item) => compare(by, country, w) })),
  fc
    .array(years, { minLength: 1 })
    .map((list) => ({
      text: `year in (${list.join(', ')})`,
      of: ({ year }: Item) => (year === null ? null : list.includes(year)),
    })),
  fc
    .array(word, { minLength: 1 })
    .map((list) => ({
      text: `country NOT IN [${list.map(quoted).join(',')}]`,
      of: ({ country }: Item) => (country === null ? null : !list.includes(country)),
    })),
  word.map((w) => ({
    text: `"${w}" in genres`,
    of: ({ genres }: Item) => (genres === null ? null : genres.includes(w)),
  })),
  fc.constant<Said>({
    text: 'country in genres',
    of: ({ country, genres }) => (genres === null || country === null ? null : genres.includes(country)),
  }),
  fc
    .constantFrom('year', 'price', 'country', 'genres', 'color')
    .chain((name) =>
      fc
        .boolean()
        .map((is) => ({
          text: `${name} is ${is ? '' : 'not '}null`,
          of: (each: Item) => (each[name as keyof Item] === null) === is,
        })),
    ),
  fc.constant<Said>({ text: 'color', of: ({ color }) => color }),
  fc
    .boolean()
    .map((is) => ({ text: `color != ${is}`, of: ({ color }: Item) => (color === null ? null : color !== is) })),
  fc.boolean().map((is) => ({ text: `${is}`, of: () => is })),
);
const said = fc.letrec<{ said: Said }>((tie) => ({
  said: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'said' },
    simple,
    fc.tuple(tie('said'), tie('said')).map(([a, b]) => ({
      text: `(${a.text}) and (${b.text})`,
      of: (each: Item) => {
        const both = [a.of(each), b.of(each)];
        return both.includes(false) ? false : both.includes(null) ? null : true;
      },
    })),
    fc.tuple(tie('said'), tie('said')).map(([a, b]) => ({
      text: `(${a.text}) OR (${b.text})`,
      of: (each: Item) => {
        const both = [a.of(each), b.of(each)];
        return both.includes(true) ? true : both.includes(null) ? null : false;
      },
    })),
    tie('said').map((a) => ({
      text: `not (${a.text})`,
      of: (each: Item) => {
        const is = a.of(each);
        return is === null ? null : !is;
      },
    })),
  ),
})).said;

describe('a filter', () => {
  it('keeps the items for which it is true, in the logic of three values', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 80 }), said, (items, { text, of }) => {
        expect(kept(items, text), text).toEqual(items.flatMap((each, row) => (of(each) === true ? row : [])));
      }),
      { numRuns: 400 },
    );
  });

  it('joins by `and` before `or`, and negates what comes next', () => {
    const items: Item[] = [1988, 1990, 1992].map((year) => ({
      year,
      price: 1,
      country: null,
      genres: [],
      color: true,
    }));
    expect(kept(items, 'year = 1988 or year = 1990 and color = false')).toEqual([0]);
    expect(kept(items, 'not year = 1988 and color')).toEqual([1, 2]);
    expect(kept(items, 'price = 100% and year == 1_990')).toEqual([1]);
    expect(kept(items, "'x' in genres")).toEqual([]);
    expect(kept(items, "not 'x' in genres")).toEqual([0, 1, 2]);
  });

  it('reads escapes, and quotes of both kinds', () => {
    const column = (texts: string[]): ItemColumns => new Map([['a b', textColumn(texts)]]);
    const filters = makeFilters(column(["it's", 'a\n"b"', '😀']), 3);
    expect(filters.itemsOf("`a b` = 'it\\'s'").has(0)).toBe(true);
    expect(filters.itemsOf('`a b` = "a\\n\\"b\\""').has(1)).toBe(true);
    expect(filters.itemsOf("`a b` = '\\u{1F600}'").has(2)).toBe(true);
  });

  it('gives the same set for the same text', () => {
    const filters = makeFilters(columnsOf([]), 0);
    expect(filters.itemsOf('year > 1')).toBe(filters.itemsOf('year > 1'));
    const first = filters.itemsOf('year > 1');
    for (let i = 0; i < 200; i++) filters.itemsOf(`year > ${i + 2}`);
    expect(filters.itemsOf('year > 1')).not.toBe(first);
  });
});

const refusal = (text: string): string => {
  try {
    makeFilters(columnsOf([]), 0).itemsOf(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics
      .map(({ code, message, hint, at }) => `${code} ${at?.start}–${at?.end}: ${message}; ${hint}`)
      .join('\n');
  }
  return 'no mistake';
};

describe('texts', () => {
  it('are in the order of their code points', () => {
    const points = ['', '\u0001', 'a', '\ud7ff', '\ue000', '\ufffd', '\u{10000}', '\u{10ffff}'];
    const parts = points.flatMap((a) => points.map((b) => a + b));
    const inOrder = (a: string, b: string): number => {
      const [x, y] = [[...a], [...b]].map((all) => all.map((each) => each.codePointAt(0)!)) as [number[], number[]];
      const at = x.findIndex((each, i) => each !== y[i]);
      return at < 0 ? x.length - y.length : x[at]! - (y[at] ?? -1);
    };
    for (const a of parts)
      for (const b of parts)
        expect([a, b, Math.sign(compareCodePoints(a, b))]).toEqual([a, b, Math.sign(inOrder(a, b))]);
  });
  it('that are empty are missing, in lists too', () => {
    const columns: ItemColumns = new Map([['genres', textsColumn([['', 'Drama'], [''], undefined])]]);
    const keep = (text: string): number[] => {
      const bits = makeFilters(columns, 3).itemsOf(text);
      return [0, 1, 2].filter((row) => bits.has(row));
    };
    expect(keep("'absent' in genres")).toEqual([]);
    expect(keep("'' in genres")).toEqual([]);
    expect(keep("'Drama' not in genres")).toEqual([1]);
  });
});

describe('a filter that has no meaning is refused with its place', () => {
  it.each([
    ['yaer > 1990', 'unknown-name 0–4: there is no column of the items called `yaer`; did you mean `year`?'],
    ['year > ', 'filter-syntax 7–7: the filter has no more text where a column, a number or a text is expected'],
    [
      'year > 1 && color',
      'filter-syntax 9–11: the filter has `&&` where `and`, `or` or the end of the filter is expected; write `and`',
    ],
    ["year > 'x'", "filter-type 0–4: `year` is a number, and `'x'` is a text; write a number"],
    [
      "genres = 'Drama'",
      "filter-type 0–6: `genres` is a list of texts, which `=` does not compare; search the list: `'Drama' in genres`",
    ],
    ["country in 'NL'", "filter-type 11–15: `'NL'` is a text, not a list; write a list, such as `country in ('NL')`"],
    ['country in (NL)', "filter-type 12–14: `NL` is a name, and a list has values; write texts in quotes: `'NL'`"],
    ["year in (1990, 'x')", "filter-type 15–18: `'x'` is a text, and `year` is a number; write a number"],
    [
      'genres in (1)',
      'filter-type 0–6: `genres` is a list of texts, which is in no list of values; write a comparison for each value: `1 in genres`',
    ],
    ['1 in genres', 'filter-type 0–1: `1` is a number, and `genres` is a list of texts; write a text in quotes'],
    ['color < true', 'filter-type 0–5: `color` is true or false, which `<` does not compare; write `=` or `!=`'],
    ['year', 'filter-type 0–4: `year` is a number, not a condition; compare it, such as `year > 0`'],
    ['1 is null', 'filter-type 0–1: `1` is a value, which is never missing; name a column'],
    ['year > 12px', 'filter-type 7–11: `12px` is not a number; write digits, such as `1990` or `0.5`'],
    [
      "country = 'a\\q'",
      "filter-type 10–15: `'a\\q'` has an unknown escape; write `\\\\` for a backslash, and `\\'` for a quote",
    ],
    [
      "country = 'NL",
      'filter-syntax 10–13: the filter has a text without its closing quote where a closing quote is expected',
    ],
    ['', 'filter-syntax 0–0: the filter has no more text where a column, a number or a text is expected'],
    [
      'year > 1 year',
      'filter-syntax 9–13: the filter has `year` where `and`, `or` or the end of the filter is expected',
    ],
    [
      `${'('.repeat(20_000)}`,
      'filter-syntax undefined–undefined: the filter has 20,000 characters where a text of at most 10,000 is expected; write a shorter filter',
    ],
    [
      `${'('.repeat(5000)}`,
      'filter-syntax 100–101: the filter has `(` where at most 100 parentheses and `not` inside each other is expected',
    ],
    [
      `${'not '.repeat(500)} color`,
      'filter-syntax 400–403: the filter has `not` where at most 100 parentheses and `not` inside each other is expected',
    ],
    [
      `color${' and color'.repeat(100)}`,
      'filter-syntax 996–999: the filter has `and` where the end of a filter of at most 100 conditions is expected; write several values of a column as `in (…)`',
    ],
    [
      'yaer > 1 and cuontry = 2',
      'unknown-name 0–4: there is no column of the items called `yaer`; did you mean `year`?\nunknown-name 13–20: there is no column of the items called `cuontry`; did you mean `country`?',
    ],
  ])('%s', (text, expected) => {
    expect(refusal(text)).toContain(expected);
  });
});

it('no text breaks the parser', () => {
  const pieces = fc.constantFrom(
    'year',
    'genres',
    'country',
    'color',
    'and',
    'or',
    'not',
    'in',
    'is',
    'null',
    'true',
    '(',
    ')',
    '[',
    ']',
    ',',
    '-',
    '=',
    '<',
    '>=',
    '!=',
    "'x'",
    '"',
    "'",
    '`',
    '1',
    '2.5e3',
    '1_',
    '.5',
    '$',
    '\u0000',
    '用户',
    '\n',
    '\\',
    '😀',
    '\ud800',
    '%',
    '..',
    '->',
    '#',
    '//',
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((all) => all.join(' ')),
    fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const read = readFilter(text);
      if ('mistake' in read) {
        const { start, end, found, expected } = read.mistake;
        expect(0 <= start && start <= end && end <= text.length, text).toBe(true);
        expect(found !== '' && expected !== '').toBe(true);
      }
      expect(typeof refusal(text)).toBe('string');
    }),
    { numRuns: 400 },
  );
});
