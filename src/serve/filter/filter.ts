/**
 * Filters of items: `year >= 1990 and 'Drama' in genres`, `not (country in ('NL', 'BE'))`, `title is not null`. A filter is read, checked against the columns, and
 * evaluated to a set of items once. It is never run as code, and never given to a database as it is.
 */
import { readFilter } from '../../../grammar/filter.ts';
import { diagnose } from '../../diagnostics/diagnose.ts';
import { Failure } from '../../diagnostics/failure.ts';
import type { Bits } from '../../scan/bits.ts';
import { makeSource } from '../../text/source.ts';
import { type Condition, checkFilter } from './check.ts';
import type { ItemColumns } from './columns.ts';
import { evaluate } from './evaluate.ts';

/** Characters of a filter. */
const longest = 10_000;
/** Filters whose items are kept, the latest used. */
const mostKept = 128;

export interface Filters {
  /** @throws Failure `filter-syntax`, `filter-type`, `unknown-name` */
  itemsOf(text: string): Bits;
}

export function makeFilters(columns: ItemColumns, rows: number): Filters {
  const kept = new Map<string, Bits>();
  return {
    itemsOf(text) {
      const bits = kept.get(text) ?? itemsOf(text, columns, rows);
      kept.delete(text);
      kept.set(text, bits);
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
      return bits;
    },
  };
}

/** Signs that other languages have for a word. */
const foreign: Readonly<Record<string, string>> = {
  '`&&`': '`and`',
  '`||`': '`or`',
  '`!`': '`not`',
  '`&`': '`and`',
  '`|`': '`or`',
};

const itemsOf = (text: string, columns: ItemColumns, rows: number): Bits => evaluate(conditionOf(text, columns), rows);

/** A filter as what can be evaluated, or put in the words of a database. @throws Failure `filter-syntax`, `filter-type`, `unknown-name` */
export function conditionOf(text: string, columns: ItemColumns): Condition {
  const source = makeSource('filter', text);
  if (text.length > longest) {
    const found = `${text.length.toLocaleString('en')} characters`;
    const expected = `a text of at most ${longest.toLocaleString('en')}`;
    throw new Failure([diagnose('filter-syntax', undefined, { found, expected, advice: 'write a shorter filter' })]);
  }
  const read = readFilter(text);
  if ('mistake' in read) {
    const { found, expected, start, end } = read.mistake;
    const advice = read.mistake.advice ?? (foreign[found] && `write ${foreign[found]}`);
    throw new Failure([diagnose('filter-syntax', { source, start, end }, { found, expected, advice })]);
  }
  const { condition, mistakes } = checkFilter(read.tree, source, columns);
  if (!condition) throw new Failure(mistakes);
  return condition;
}
