/** Derives labels, a weight, and a condition that excludes events without interest from the outcome columns of events. */
import { sqlName, sqlText } from '../../base/text/sql.ts';
import { isNoInterest, isYes, kindsByStrength } from './guesses/labels.ts';
import { type ColumnProfile, numberSql, type TableProfile } from './profile.ts';
import type { DataEntry, StarterLabel } from './proposal.ts';
import type { EventRoles } from './roles.ts';
import { type ColumnNames, meansOf, slug } from './words.ts';

/** Each label becomes a task, and the model should remain readable. */
const maxLabels = 3;

export interface Outcomes {
  readonly labels: readonly StarterLabel[];
  readonly weight?: StarterLabel;
  readonly where?: DataEntry;
  readonly taken: ReadonlyMap<ColumnProfile, string>;
}

/** Names of action columns: a row without the action is not an event. */
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

export function outcomesOf({ others }: EventRoles, table: TableProfile, names: ColumnNames, isText: boolean): Outcomes {
  const of = (role: string): ColumnProfile[] =>
    others.filter(({ guesses }) => guesses[0]?.role === role).map(({ column }) => column);
  const drafts: OutcomeDrafts = { labels: [], conditions: [], taken: new Map() };
  if (isText) judgements(of('rating'), table, drafts);
  else ratings(ratingColumns(of('rating')), table, drafts);
  for (const column of of('action')) action(column, names, drafts);
  const [kinds] = of('kind');
  if (kinds) kindsOfEvents(kinds, drafts);
  const [count] = of('count');
  const weight = count && drafts.labels.length === 0 && !isText ? weightOf(count, table, drafts) : undefined;
  const [first] = drafts.conditions;
  const where = first && { value: drafts.conditions.map(({ value }) => value).join(' AND '), why: first.why };
  const { taken } = drafts;
  const labels = drafts.labels.slice(0, maxLabels);
  for (const { name } of drafts.labels.slice(maxLabels)) {
    for (const [column, as] of taken)
      if (as === `label ${name}` || as.startsWith(`label ${name} =`))
        taken.set(column, `left out: there are ${maxLabels} labels already`);
  }
  return { labels, ...(weight ? { weight } : {}), ...(where ? { where } : {}), taken };
}

/** Returns the columns that are named like ratings. If there are none, returns the only candidate, and nothing if there are several. */
function ratingColumns(columns: readonly ColumnProfile[]): readonly ColumnProfile[] {
  const named = columns.filter(({ name }) => meansOf(name, 'rating') !== undefined);
  return named.length > 0 || columns.length === 1 ? (named.length > 0 ? named : columns) : [];
}

interface OutcomeDrafts {
  readonly labels: StarterLabel[];
  readonly conditions: DataEntry[];
  readonly taken: Map<ColumnProfile, string>;
}

const numberOf = (column: ColumnProfile, table: TableProfile): string =>
  numberSql(column, table) ?? sqlName(column.name);

const share = (part: number, whole: number): string =>
  `${Math.round((100 * part) / whole)} % of the events in the sample`;

function ratings(columns: readonly ColumnProfile[], table: TableProfile, { labels, taken }: OutcomeDrafts): void {
  for (const column of columns) {
    const { threshold, share: highShare } = thresholdOf(column, table);
    const conditionSql = `${numberOf(column, table)} >= ${threshold}`;
    const labelName = columns.length === 1 ? 'liked' : `liked_${slug(column.name, 'rating')}`;
    labels.push({ name: labelName, kind: 'binary', sql: conditionSql, why: share(highShare, 1) });
    taken.set(column, `label ${labelName} = ${sqlName(column.name)} >= ${threshold}`);
  }
}

function judgements(
  [column]: readonly ColumnProfile[],
  table: TableProfile,
  { conditions, taken }: OutcomeDrafts,
): void {
  if (column === undefined) return;
  const number = numberOf(column, table);
  const condition = column.min <= 0 ? `${number} > 0` : `${number} >= ${thresholdOf(column, table).threshold}`;
  conditions.push({ value: condition, why: 'judgements that found no relevance teach nothing here' });
  taken.set(column, `where ${condition}`);
}

function action(column: ColumnProfile, names: ColumnNames, { labels, conditions, taken }: OutcomeDrafts): void {
  const name = sqlName(column.name);
  const yesValue = column.top.find(([value]) => isYes(value)) ?? ['1', 0];
  const [word, count] = yesValue;
  const isBoolean = column.kind !== 'integer' && /^(true|false)$/i.test(word);
  const conditionSql = column.kind === 'integer' ? `${name} = 1` : isBoolean ? name : `${name} = ${sqlText(word)}`;
  const meaning = meansOf(column.name, 'action');
  if (conditions.length === 0 && meaning !== undefined && gates.has(meaning) && count < column.present * 0.95) {
    conditions.push({ value: conditionSql, why: 'the rows without it were shown, and not taken' });
    taken.set(column, `where ${conditionSql}`);
  } else if (count === column.present) taken.set(column, 'left out: it is always yes');
  else {
    const labelName = names.of(column.name, 'action');
    const isReadable = (column.kind === 'integer' || isBoolean) && labelName === column.name;
    labels.push({
      name: labelName,
      kind: 'binary',
      ...(isReadable ? {} : { sql: conditionSql }),
      why: share(count, column.present),
    });
    taken.set(column, `label ${labelName}`);
  }
}

function kindsOfEvents(column: ColumnProfile, { labels, conditions, taken }: OutcomeDrafts): void {
  const name = sqlName(column.name);
  const orderedKinds = kindsByStrength(column);
  const shownKinds = orderedKinds.filter(isNoInterest);
  if (shownKinds.length > 0 && shownKinds.length < orderedKinds.length) {
    conditions.push({
      value: `${name} NOT IN (${shownKinds.map(sqlText).join(', ')})`,
      why: 'these are no sign of interest',
    });
  }
  const interestKinds = orderedKinds.filter((value) => !shownKinds.includes(value));
  const [strongest] = interestKinds;
  if (strongest === undefined || interestKinds.length < 2) return;
  const labelName = slug(strongest, 'strongest');
  labels.push({
    name: labelName,
    kind: 'binary',
    sql: `${name} = ${sqlText(strongest)}`,
    why: 'the strongest sign of interest',
  });
  taken.set(column, `label ${labelName} = '${strongest}'`);
}

function weightOf(column: ColumnProfile, table: TableProfile, { taken }: OutcomeDrafts): StarterLabel {
  taken.set(column, 'weight of an event');
  const sql = `ln(1 + greatest(0, ${numberOf(column, table)}))`;
  return {
    name: 'strength',
    kind: 'number',
    sql,
    why: 'how much an event counts: it grows with the number, and ever more slowly',
  };
}

/** Returns the threshold for a good rating: the value that splits the events most evenly. */
function thresholdOf(
  { place, mark, max, number }: ColumnProfile,
  { rows }: TableProfile,
): { readonly threshold: number; readonly share: number } {
  const texts = rows.map((row) => String(row[place] ?? '').trim()).filter((text) => text !== '' && text !== mark);
  const values = texts.map((text) => number?.value(text) ?? Number(text)).filter((value) => !Number.isNaN(value));
  values.sort((a, b) => a - b);
  const shares = values.flatMap((threshold, at) =>
    at > 0 && threshold > values[at - 1]! ? [{ threshold, share: 1 - at / values.length }] : [],
  );
  return shares.reduce(
    (best, candidate) => (Math.abs(candidate.share - 0.5) < Math.abs(best.share - 0.5) ? candidate : best),
    shares[0] ?? { threshold: max, share: 0 },
  );
}
