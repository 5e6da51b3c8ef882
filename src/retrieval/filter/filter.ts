/**
 * Filters items: `year >= 1990 and 'Drama' in genres`, `not (country in ('NL', 'BE'))`, `title is not null`. A filter is parsed, checked against the columns,
 * and evaluated once to a set of items. It is never run as code, and never passed to a database unchanged.
 */
import { type Comparison, readFilter } from '../../../grammar/filter.ts';
import { diagnose, Failure } from '../../base/diagnostics/diagnostic.ts';
import { makeKeyTable } from '../../base/text/key_table.ts';
import { makeSource } from '../../base/text/source.ts';
import { Bits } from '../scan/bits.ts';
import { type Condition, checkFilter, type NumberValue, type TextValue, type TruthValue } from './check_filter.ts';
import { type ItemColumn, type ItemColumns, wordOf } from './filter_columns.ts';

const maxFilterLength = 10_000;
/** Maximum number of filters whose items are cached, the latest used. */
const maxCachedFilters = 128;

export interface Filters {
  /** @throws Failure `filter-syntax`, `filter-type`, `unknown-name` */
  itemsOf(text: string): Bits;
}

export function makeFilters(columns: ItemColumns, rows: number): Filters {
  const itemsByFilter = new Map<string, Bits>();
  return {
    itemsOf(text) {
      const bits = itemsByFilter.get(text) ?? filterRows(conditionOf(text, columns), rows);
      itemsByFilter.delete(text);
      itemsByFilter.set(text, bits);
      if (itemsByFilter.size > maxCachedFilters) itemsByFilter.delete(itemsByFilter.keys().next().value!);
      return bits;
    },
  };
}

const ownWords: Readonly<Record<string, string>> = {
  '`&&`': '`and`',
  '`||`': '`or`',
  '`!`': '`not`',
  '`&`': '`and`',
  '`|`': '`or`',
};

/** Reads and checks a filter. @throws Failure `filter-syntax`, `filter-type`, `unknown-name` */
export function conditionOf(text: string, columns: ItemColumns): Condition {
  const source = makeSource('filter', text);
  if (text.length > maxFilterLength) {
    const found = `${text.length.toLocaleString('en')} characters`;
    const expected = `a text of at most ${maxFilterLength.toLocaleString('en')}`;
    throw new Failure([diagnose('filter-syntax', undefined, { found, expected, advice: 'write a shorter filter' })]);
  }
  const filterTree = readFilter(text);
  if ('mistake' in filterTree) {
    const { found, expected, start, end } = filterTree.mistake;
    const advice = filterTree.mistake.advice ?? (ownWords[found] && `write ${ownWords[found]}`);
    throw new Failure([diagnose('filter-syntax', { source, start, end }, { found, expected, advice })]);
  }
  const { condition, mistakes } = checkFilter(filterTree.tree, source, columns);
  if (!condition) throw new Failure(mistakes);
  return condition;
}

// Evaluates a checked filter. Logic has three values, as in SQL: a comparison with a missing value is unknown, `not` of it is unknown too, and a filter keeps
// the items for which it is true. Texts are ordered by code points.

/** The items for which a condition is true, and those for which it is false. For an item in neither, a value is missing. */
interface ConditionRows {
  readonly yes: Bits;
  readonly no: Bits;
}

export const filterRows = (condition: Condition, rows: number): Bits => conditionRows(condition, rows).yes;

function conditionRows(condition: Condition, rows: number): ConditionRows {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const isAnd = condition.kind === 'and';
      return condition.terms
        .map((term) => conditionRows(term, rows))
        .reduce((a, b) => ({
          yes: isAnd ? a.yes.and(b.yes) : a.yes.or(b.yes),
          no: isAnd ? a.no.or(b.no) : a.no.and(b.no),
        }));
    }
    case 'not': {
      const { yes, no } = conditionRows(condition.term, rows);
      return { yes: no, no: yes };
    }
    default:
      return eachRow(rows, testOf(condition));
  }
}

/** Tests a row; undefined if a value is missing. */
type RowTest = (row: number) => boolean | undefined;

function eachRow(rows: number, test: RowTest): ConditionRows {
  const trueRows = new Bits(rows);
  const falseRows = new Bits(rows);
  for (let row = 0; row < rows; row++) {
    const isTrue = test(row);
    if (isTrue !== undefined) (isTrue ? trueRows : falseRows).add(row);
  }
  return { yes: trueRows, no: falseRows };
}

function testOf(condition: Exclude<Condition, { kind: 'and' | 'or' | 'not' }>): RowTest {
  switch (condition.kind) {
    case 'numbers': {
      const [left, right] = [numbersOf(condition.left), numbersOf(condition.right)];
      const compare = numberComparisons[condition.by];
      return (row) => {
        const [a, b] = [left(row), right(row)];
        return Number.isNaN(a) || Number.isNaN(b) ? undefined : compare(a, b);
      };
    }
    case 'texts': {
      const { left, right, by } = condition;
      if ('value' in right) return testWords(left, (word) => compareTexts(by, word, right.value));
      if ('value' in left) return testWords(right, (word) => compareTexts(by, left.value, word));
      return (row) => {
        const [a, b] = [wordAt(left.column, row), wordAt(right.column, row)];
        return a === undefined || b === undefined ? undefined : compareTexts(by, a, b);
      };
    }
    case 'truths': {
      const [left, right] = [truthsOf(condition.left), truthsOf(condition.right)];
      return (row) => {
        const [a, b] = [left(row), right(row)];
        return a === undefined || b === undefined ? undefined : (a === b) === condition.isSame;
      };
    }
    case 'number in': {
      const left = numbersOf(condition.left);
      return (row) => {
        const value = left(row);
        return Number.isNaN(value) ? undefined : condition.values.has(value);
      };
    }
    case 'text in':
      return testWords(condition.left, (word) => condition.values.has(word));
    case 'text of':
      return testList(condition.left, condition.list);
    case 'missing':
      return missingIn(condition.column);
    case 'truth':
      return truthsOf(condition.value);
  }
}

function numbersOf(value: NumberValue): (row: number) => number {
  if ('value' in value) return () => value.value;
  const { values } = value.column;
  return (row) => values[row]!;
}

function truthsOf(value: TruthValue): RowTest {
  if ('value' in value) return () => value.value;
  const { values } = value.column;
  return (row) => (values[row]! < 0 ? undefined : values[row] === 1);
}

const wordAt = ({ codes, words }: Extract<ItemColumn, { kind: 'text' }>, row: number): string | undefined =>
  wordOf(words, codes[row]!);

/** Tests each distinct word once, instead of each item. */
function testWords(value: TextValue, test: (word: string) => boolean): RowTest {
  if ('value' in value) {
    const isTrue = test(value.value);
    return () => isTrue;
  }
  const { codes, words } = value.column;
  const isTrueOf = words.map(test);
  return (row) => isTrueOf[codes[row]!];
}

function testList(left: TextValue, { starts, ends, codes, words }: Extract<ItemColumn, { kind: 'texts' }>): RowTest {
  const codeOfWord = makeKeyTable(words, words.length);
  const hasCode = (row: number, code: number): boolean => {
    for (let index = starts[row]!; index < ends[row]!; index++) if (codes[index] === code) return true;
    return false;
  };
  if ('value' in left) {
    const code = codeOfWord.rowOf(left.value);
    return (row) => (starts[row]! < 0 ? undefined : hasCode(row, code));
  }
  const { column } = left;
  const codeOf = column.words.map(codeOfWord.rowOf);
  return (row) => {
    const code = codeOf[column.codes[row]!];
    return starts[row]! < 0 || code === undefined ? undefined : hasCode(row, code);
  };
}

function missingIn(column: ItemColumn): RowTest {
  switch (column.kind) {
    case 'number':
      return (row) => Number.isNaN(column.values[row]);
    case 'text':
      return (row) => column.codes[row]! < 0;
    case 'texts':
      return (row) => column.starts[row]! < 0;
    case 'truth':
      return (row) => column.values[row]! < 0;
  }
}

export const numberComparisons: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Compares two texts by their order of code points, as in SQL's collation "C", Python and Rust. */
export const compareTexts = (by: Comparison, a: string, b: string): boolean =>
  numberComparisons[by](compareCodePoints(a, b), 0);

/**
 * Returns a negative number if `a` comes first, and 0 if both are equal. UTF-16 units sort like code points except for surrogates, which are parts of the
 * largest code points. So the code points that contain the first different units are compared.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a.charCodeAt(index) === b.charCodeAt(index)) continue;
    const earlierDifference = index === 0 ? 0 : a.codePointAt(index - 1)! - b.codePointAt(index - 1)!;
    return earlierDifference || a.codePointAt(index)! - b.codePointAt(index)!;
  }
  return a.length - b.length;
}
