/**
 * The items that a checked filter keeps. Logic has three values, as in SQL: a comparison with a missing value is neither true nor false, `not` of
 * it is neither, and a filter keeps the items for which it is true. Texts are in the order of their code points.
 */
import { Bits } from '../../scan/bits.ts';
import { makeKeyTable } from '../../text/key_table.ts';
import type { Condition, NumberValue, TextValue, TruthValue } from './check.ts';
import { type ItemColumn, wordOf } from './columns.ts';
import { numberComparisons, textComparisons } from './comparisons.ts';

/** Items for which a condition is true, and those for which it is false; neither: a value is missing. */
interface Truth {
  readonly yes: Bits;
  readonly no: Bits;
}

export const evaluate = (condition: Condition, rows: number): Bits => truthOf(condition, rows).yes;

function truthOf(condition: Condition, rows: number): Truth {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const isAnd = condition.kind === 'and';
      return condition.terms
        .map((term) => truthOf(term, rows))
        .reduce((a, b) => ({
          yes: isAnd ? a.yes.and(b.yes) : a.yes.or(b.yes),
          no: isAnd ? a.no.or(b.no) : a.no.and(b.no),
        }));
    }
    case 'not': {
      const { yes, no } = truthOf(condition.term, rows);
      return { yes: no, no: yes };
    }
    default:
      return eachRow(rows, testOf(condition));
  }
}

/** True, false, or undefined where a value is missing. */
type Test = (row: number) => boolean | undefined;

function eachRow(rows: number, test: Test): Truth {
  const yes = new Bits(rows);
  const no = new Bits(rows);
  for (let row = 0; row < rows; row++) {
    const is = test(row);
    if (is !== undefined) (is ? yes : no).add(row);
  }
  return { yes, no };
}

function testOf(condition: Exclude<Condition, { kind: 'and' | 'or' | 'not' }>): Test {
  switch (condition.kind) {
    case 'numbers': {
      const [left, right, compare] = [
        numbersOf(condition.left),
        numbersOf(condition.right),
        numberComparisons[condition.by],
      ];
      return (row) => {
        const [a, b] = [left(row), right(row)];
        return Number.isNaN(a) || Number.isNaN(b) ? undefined : compare(a, b);
      };
    }
    case 'texts': {
      const { left, right, by } = condition;
      const compare = textComparisons[by];
      if ('value' in right) return testWords(left, (word) => compare(word, right.value));
      if ('value' in left) return testWords(right, (word) => compare(left.value, word));
      return (row) => {
        const [a, b] = [wordAt(left.column, row), wordAt(right.column, row)];
        return a === undefined || b === undefined ? undefined : compare(a, b);
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

function truthsOf(value: TruthValue): Test {
  if ('value' in value) return () => value.value;
  const { values } = value.column;
  return (row) => (values[row]! < 0 ? undefined : values[row] === 1);
}

const wordAt = ({ codes, words }: Extract<ItemColumn, { kind: 'text' }>, row: number): string | undefined =>
  wordOf(words, codes[row]!);

/** Asks once for each word, not once for each item. */
function testWords(of: TextValue, test: (word: string) => boolean): Test {
  if ('value' in of) {
    const is = test(of.value);
    return () => is;
  }
  const { codes, words } = of.column;
  const is = words.map(test);
  return (row) => is[codes[row]!];
}

function testList(left: TextValue, { starts, ends, codes, words }: Extract<ItemColumn, { kind: 'texts' }>): Test {
  const places = makeKeyTable(words, words.length);
  const has = (row: number, code: number): boolean => {
    for (let at = starts[row]!; at < ends[row]!; at++) if (codes[at] === code) return true;
    return false;
  };
  if ('value' in left) {
    const code = places.rowOf(left.value);
    return (row) => (starts[row]! < 0 ? undefined : has(row, code));
  }
  const { column } = left;
  const codeOf = column.words.map(places.rowOf);
  return (row) => {
    const code = codeOf[column.codes[row]!];
    return starts[row]! < 0 || code === undefined ? undefined : has(row, code);
  };
}

function missingIn(column: ItemColumn): Test {
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
