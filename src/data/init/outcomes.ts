/** Derives labels, a weight, and a condition that excludes events without interest from the outcome columns of events. */
import { quoteSqlName, quoteText } from '../../base/text/sql.ts';
import { type ColumnProfile, numberSql, textOf } from './column_profile.ts';
import { type ColumnNames, meansOf, slug } from './column_words.ts';
import { isNoInterest, isYes, kindsByStrength } from './guesses/label_guesses.ts';
import type { DataEntry, StarterLabel } from './proposal.ts';
import type { EventRoles } from './roles.ts';

/** Each label becomes a task, and the model should remain readable. */
const maxLabels = 3;

/** Names of action columns: a row without the action is not an event. */
const gates: ReadonlySet<string> = new Set(
  'click clicked clicks watched label target geklickt is_read read_it'.split(' '),
);

interface OutcomeDrafts {
  readonly labels: (StarterLabel & { readonly column: ColumnProfile })[];
  readonly conditions: DataEntry[];
  readonly taken: Map<ColumnProfile, string>;
}

export function outcomesOf({ others }: EventRoles, names: ColumnNames, isText: boolean) {
  const columnsWithRole = (role: string): ColumnProfile[] =>
    others.filter(({ guesses }) => guesses[0]?.role === role).map(({ column }) => column);
  const drafts: OutcomeDrafts = { labels: [], conditions: [], taken: new Map() };
  const { taken, conditions } = drafts;
  if (isText) judgements(columnsWithRole('rating'), drafts);
  else ratings(columnsWithRole('rating'), drafts);
  for (const column of columnsWithRole('action')) action(column, names, drafts);
  for (const column of columnsWithRole('kind').slice(0, 1)) kindsOfEvents(column, drafts);
  const [count] = drafts.labels.length === 0 && !isText ? columnsWithRole('count') : [];
  if (count) taken.set(count, 'weight of an event');
  const [first] = conditions;
  for (const { column } of drafts.labels.slice(maxLabels))
    taken.set(column, `left out: there are ${maxLabels} labels already`);
  return {
    labels: drafts.labels.slice(0, maxLabels).map(({ column, ...label }) => label),
    weight: count && {
      name: 'strength',
      kind: 'number' as const,
      sql: `ln(1 + greatest(0, ${numberOf(count)}))`,
      why: 'how much an event counts: it grows with the number, and ever more slowly',
    },
    where: first && { value: conditions.map(({ value }) => value).join(' AND '), why: first.why },
    taken,
  };
}

const numberOf = (column: ColumnProfile): string => numberSql(column) ?? quoteSqlName(column.name);

const share = (part: number, total: number): string =>
  `${Math.round((100 * part) / total)} % of the events in the sample`;

/** Makes labels of the columns that are named like ratings. If there are none, takes the only candidate, and nothing if there are several. */
function ratings(candidates: readonly ColumnProfile[], { labels, taken }: OutcomeDrafts): void {
  const ratingColumns = candidates.filter(({ name }) => meansOf(name, 'rating') !== undefined);
  const columns = ratingColumns.length === 0 && candidates.length === 1 ? candidates : ratingColumns;
  for (const column of columns) {
    const { threshold, share: highShare } = thresholdOf(column);
    const name = columns.length === 1 ? 'liked' : `liked_${slug(column.name, 'rating')}`;
    const sql = `${numberOf(column)} >= ${threshold}`;
    labels.push({ name, kind: 'binary', sql, why: share(highShare, 1), column });
    taken.set(column, `label ${name} = ${quoteSqlName(column.name)} >= ${threshold}`);
  }
}

function judgements([column]: readonly ColumnProfile[], { conditions, taken }: OutcomeDrafts): void {
  if (column === undefined) return;
  const condition =
    column.min <= 0 ? `${numberOf(column)} > 0` : `${numberOf(column)} >= ${thresholdOf(column).threshold}`;
  conditions.push({ value: condition, why: 'judgements that found no relevance teach nothing here' });
  taken.set(column, `where ${condition}`);
}

function action(column: ColumnProfile, names: ColumnNames, { labels, conditions, taken }: OutcomeDrafts): void {
  const sqlColumn = quoteSqlName(column.name);
  const [word, count] = column.top.find(([value]) => isYes(value)) ?? ['1', 0];
  const isBoolean = column.kind !== 'integer' && /^(true|false)$/i.test(word);
  const equals = `${sqlColumn} = ${column.kind === 'integer' ? 1 : quoteText(word)}`;
  const condition = isBoolean ? sqlColumn : equals;
  const meaning = meansOf(column.name, 'action');
  if (conditions.length === 0 && meaning !== undefined && gates.has(meaning) && count < column.present * 0.95) {
    conditions.push({ value: condition, why: 'the rows without it were shown, and not taken' });
    taken.set(column, `where ${condition}`);
  } else if (count === column.present) taken.set(column, 'left out: it is always yes');
  else {
    const name = names.of(column.name, 'action');
    const isReadable = (column.kind === 'integer' || isBoolean) && name === column.name;
    const sql = isReadable ? undefined : condition;
    labels.push({ name, kind: 'binary', sql, why: share(count, column.present), column });
    taken.set(column, `label ${name}`);
  }
}

function kindsOfEvents(column: ColumnProfile, { labels, conditions, taken }: OutcomeDrafts): void {
  const sqlColumn = quoteSqlName(column.name);
  const kinds = kindsByStrength(column);
  const shown = kinds.filter(isNoInterest);
  if (shown.length > 0 && shown.length < kinds.length) {
    const value = `${sqlColumn} NOT IN (${shown.map(quoteText).join(', ')})`;
    conditions.push({ value, why: 'these are no sign of interest' });
  }
  const [strongest, second] = kinds.filter((value) => !shown.includes(value));
  if (strongest === undefined || second === undefined) return;
  const name = slug(strongest, 'strongest');
  const sql = `${sqlColumn} = ${quoteText(strongest)}`;
  labels.push({ name, kind: 'binary', sql, why: 'the strongest sign of interest', column });
  taken.set(column, `label ${name} = '${strongest}'`);
}

/** Returns the threshold for a good rating: the value that splits the events most evenly. */
function thresholdOf({ cells, mark, max, number }: ColumnProfile) {
  const texts = cells.map(textOf).filter((text) => text !== '' && text !== mark);
  const values = texts.map((text) => number?.value(text) ?? Number(text)).filter((value) => !Number.isNaN(value));
  values.sort((a, b) => a - b);
  const shares = values.flatMap((threshold, index) =>
    index > 0 && threshold > values[index - 1]! ? [{ threshold, share: 1 - index / values.length }] : [],
  );
  const [best] = shares.sort((a, b) => Math.abs(a.share - 0.5) - Math.abs(b.share - 0.5));
  return best ?? { threshold: max, share: 0 };
}
