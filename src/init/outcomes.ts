/** What is learned from how events went: labels, a weight, and a condition that leaves out what is no sign of interest. */

import { sqlName, sqlText } from '../text/sql.ts';
import { numberSql } from './expressions.ts';
import { isNoInterest, isYes, kindsByStrength } from './guesses/labels.ts';
import type { Names } from './names.ts';
import { slug } from './names.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { Entry, Label } from './proposal.ts';
import type { Roles } from './roles.ts';
import { meansOf } from './words.ts';

/** Each is a task of the model, which has to stay small enough to read. */
const MOST_LABELS = 3;

export interface Outcomes {
  readonly labels: readonly Label[];
  readonly weight?: Label;
  readonly where?: Entry;
  /** What each column became. */
  readonly taken: ReadonlyMap<ColumnProfile, string>;
}

/** Names of actions that say whether the event was one at all. */
const gates: ReadonlySet<string> = new Set([
  'click',
  'clicked',
  'clicks',
  'watched',
  'label',
  'target',
  'geklickt',
  'is_read',
  'read_it',
]);

export function outcomesOf({ others }: Roles, table: TableProfile, names: Names, isText: boolean): Outcomes {
  const of = (role: string): ColumnProfile[] =>
    others.filter(({ guesses }) => guesses[0]?.role === role).map(({ column }) => column);
  const found: Found = { labels: [], conditions: [], taken: new Map() };
  if (isText) judgements(of('rating'), table, found);
  else ratings(rated(of('rating')), table, found);
  for (const column of of('action')) action(column, names, found);
  const [kinds] = of('kind');
  if (kinds) kindsOfEvents(kinds, found);
  const [count] = of('count');
  const weight = count && found.labels.length === 0 && !isText ? weightOf(count, table, found) : undefined;
  const [first] = found.conditions;
  const where = first && { value: found.conditions.map(({ value }) => value).join(' AND '), why: first.why };
  const { taken } = found;
  const labels = found.labels.slice(0, MOST_LABELS);
  for (const { name } of found.labels.slice(MOST_LABELS)) {
    for (const [column, as] of taken)
      if (as === `label ${name}` || as.startsWith(`label ${name} =`))
        taken.set(column, `left out: there are ${MOST_LABELS} labels already`);
  }
  return { labels, ...(weight ? { weight } : {}), ...(where ? { where } : {}), taken };
}

/** Columns that are named like ratings. One without a name may be a rating too; several are anything. */
function rated(columns: readonly ColumnProfile[]): readonly ColumnProfile[] {
  const named = columns.filter(({ name }) => meansOf(name, 'rating') !== undefined);
  return named.length > 0 || columns.length === 1 ? (named.length > 0 ? named : columns) : [];
}

interface Found {
  readonly labels: Label[];
  readonly conditions: Entry[];
  readonly taken: Map<ColumnProfile, string>;
}

const numberOf = (column: ColumnProfile, table: TableProfile): string =>
  numberSql(column, table) ?? sqlName(column.name);

const share = (part: number, whole: number): string =>
  `${Math.round((100 * part) / whole)} % of the events in the sample`;

function ratings(columns: readonly ColumnProfile[], table: TableProfile, { labels, taken }: Found): void {
  for (const column of columns) {
    const { threshold, share: high } = thresholdOf(column);
    const test = `${numberOf(column, table)} >= ${threshold}`;
    const own = columns.length === 1 ? 'liked' : `liked_${slug(column.name, 'rating')}`;
    labels.push({ name: own, kind: 'binary', sql: test, why: share(high, 1) });
    taken.set(column, `label ${own} = ${sqlName(column.name)} >= ${threshold}`);
  }
}

/** How well a text answers a question. */
function judgements([column]: readonly ColumnProfile[], table: TableProfile, { conditions, taken }: Found): void {
  if (column === undefined) return;
  const number = numberOf(column, table);
  const least = column.min <= 0 ? `${number} > 0` : `${number} >= ${thresholdOf(column).threshold}`;
  conditions.push({ value: least, why: 'judgements that found no relevance teach nothing here' });
  taken.set(column, `where ${least}`);
}

function action(column: ColumnProfile, names: Names, { labels, conditions, taken }: Found): void {
  const name = sqlName(column.name);
  const yes = column.top.find(([value]) => isYes(value)) ?? ['1', 0];
  const [word, count] = yes;
  const isBoolean = column.kind !== 'integer' && /^(true|false)$/i.test(word);
  const test = column.kind === 'integer' ? `${name} = 1` : isBoolean ? name : `${name} = ${sqlText(word)}`;
  const meaning = meansOf(column.name, 'action');
  if (conditions.length === 0 && meaning !== undefined && gates.has(meaning) && count < column.present * 0.95) {
    conditions.push({ value: test, why: 'the rows without it were shown, and not taken' });
    taken.set(column, `where ${test}`);
  } else if (count === column.present) taken.set(column, 'left out: it is always yes');
  else {
    const own = names.of(column.name, 'action');
    const isReadable = (column.kind === 'integer' || isBoolean) && own === column.name;
    labels.push({ name: own, kind: 'binary', ...(isReadable ? {} : { sql: test }), why: share(count, column.present) });
    taken.set(column, `label ${own}`);
  }
}

function kindsOfEvents(column: ColumnProfile, { labels, conditions, taken }: Found): void {
  const name = sqlName(column.name);
  const ordered = kindsByStrength(column);
  const shown = ordered.filter(isNoInterest);
  if (shown.length > 0 && shown.length < ordered.length) {
    conditions.push({
      value: `${name} NOT IN (${shown.map(sqlText).join(', ')})`,
      why: 'these are no sign of interest',
    });
  }
  const left = ordered.filter((value) => !shown.includes(value));
  const [strongest] = left;
  if (strongest === undefined || left.length < 2) return;
  const own = slug(strongest, 'strongest');
  labels.push({
    name: own,
    kind: 'binary',
    sql: `${name} = ${sqlText(strongest)}`,
    why: 'the strongest sign of interest',
  });
  taken.set(column, `label ${own} = '${strongest}'`);
}

function weightOf(column: ColumnProfile, table: TableProfile, { taken }: Found): Label {
  taken.set(column, 'weight of an event');
  const sql = `ln(1 + greatest(0, ${numberOf(column, table)}))`;
  return {
    name: 'strength',
    kind: 'number',
    sql,
    why: 'how much an event counts: it grows with the number, and ever more slowly',
  };
}

/** The value from which a rating is good: the one that comes nearest to half of the events. */
function thresholdOf(column: ColumnProfile): { readonly threshold: number; readonly share: number } {
  const values = column.top
    .map(([value, count]) => [column.number ? column.number.value(value) : Number(value), count] as const)
    .filter(([value]) => !Number.isNaN(value));
  const total = values.reduce((sum, [, count]) => sum + count, 0);
  const shares = [...new Set(values.map(([value]) => value))]
    .map((threshold) => ({
      threshold,
      share: values.filter(([value]) => value >= threshold).reduce((sum, [, count]) => sum + count, 0) / total,
    }))
    .filter(({ share }) => share < 1);
  return shares.reduce(
    (best, one) => (Math.abs(one.share - 0.5) < Math.abs(best.share - 0.5) ? one : best),
    shares[0] ?? { threshold: column.max, share: 0 },
  );
}
