/** Derives entries of the data block from the sampled rows: time, split, excluded rows, and the names of files. */

import { quoteSqlName, quoteText } from '../../base/text/sql.ts';
import { unusedName } from '../look/looked_table.ts';
import { type ColumnProfile, numberSql, type TableProfile, textOf, timeSql, unmarkedSql } from './column_profile.ts';
import { type ColumnNames, meansOf, slug } from './column_words.ts';
import { isNoInterest, isYes, kindsByStrength } from './guesses/label_guesses.ts';
import { dependence, groupsByKey, type Join, stemOf } from './joins.ts';
import type { Copy, DataEntry, InitAnswers, NamedFile, Proposal, StarterLabel } from './proposal.ts';
import { type EventRoles, type FileChoice, joinedBecause } from './roles.ts';
import { isDoubtful } from './times.ts';
import { present } from './tower_lines.ts';

/** With more events the model trains on only a share of the users. */
export const MANY = 3_000_000;

export function timeEntry({ time }: EventRoles, areLines: boolean, answers: InitAnswers): DataEntry | undefined {
  if (areLines) return { value: 'position', why: 'the order of the items of a user; it is no moment' };
  if (!time) return undefined;
  const form = time.column.time;
  const value = timeSql(time.column);
  const isDayFirst = form !== undefined && isDoubtful(form) && answers.days === 'day';
  return { value: isDayFirst ? value.replace('%m/%d', '%d/%m') : value, why: form?.doc ?? 'a time' };
}

export function splitOf(
  { parts }: FileChoice,
  fold: ColumnProfile | undefined,
  hasOrder: boolean,
  areLines: boolean,
  nameOf: (path: string) => string,
  share: number,
): DataEntry {
  const file = ({ path }: TableProfile): string => JSON.stringify(nameOf(path));
  if (parts) {
    const validation = parts.validation ? `validation: ${file(parts.validation)}, ` : '';
    return { value: `files(${validation}test: ${file(parts.test)})`, why: 'the set comes split' };
  }
  if (fold) return { value: `column(${JSON.stringify(fold.name)})`, why: 'the set comes split' };
  if (areLines && hasOrder)
    return { value: 'leave_one_out', why: 'the last item of each user is the test, the one before it validation' };
  const shares = `validation: ${share}%, test: ${share}%`;
  return hasOrder
    ? { value: `by_time(${shares})`, why: 'the last events are the test, as in production' }
    : { value: `random(${shares}, seed: 1)`, why: 'there is no time to split by' };
}

/** Returns the percentage of events in each held-out part, so that the first ranking of many events and items does not take minutes. */
export function heldOut({ events, items }: Pick<Proposal['size'], 'events' | 'items'>): number {
  const maxHeldOut = Math.min(20_000, 4e8 / Math.max(1, items));
  return Math.max(1, Math.min(10, Math.round((100 * maxHeldOut) / Math.max(1, events))));
}

export function whereOf(
  where: DataEntry | undefined,
  count: number,
  user: ColumnProfile | undefined,
): DataEntry | undefined {
  if (count <= MANY || user === undefined) return where;
  const share = Math.ceil(count / 1_000_000);
  const sample = `hash(${quoteSqlName(user.name)}) % ${share} = 0`;
  const why = `one user in ${share}, for a quick start: remove it to train on all`;
  return where ? { value: `${where.value} AND ${sample}`, why: `${where.why}; ${why}` } : { value: sample, why };
}

/** Returns the share of rows that may be rejected: broken rows, and events of items that are not in the file of items. */
export function rejectOf(
  { rows, bad }: TableProfile,
  keys: readonly ColumnProfile[],
  time: ColumnProfile | undefined,
  missingRows: number,
): DataEntry | undefined {
  const form = time?.time;
  const isBroken = (row: number): boolean =>
    keys.some(({ cells }) => textOf(cells[row]) === '') || (form !== undefined && !form.fits(textOf(time!.cells[row])));
  const brokenRows = rows.filter((_, row) => isBroken(row)).length;
  const brokenShare = (bad + brokenRows) / Math.max(1, bad + rows.length);
  const share = brokenShare + missingRows;
  if (share <= 0.003) return undefined;
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  const why = [
    ...(brokenShare > 0 ? [`${percent(brokenShare)} of the rows in the sample are broken`] : []),
    ...(missingRows > 0 ? [`${percent(missingRows)} are of items or users without a row of their own`] : []),
  ];
  const allowed = [2, 5, 10, 20, 50].find((percentage) => percentage >= share * 150) ?? 90;
  return { value: `${allowed}%`, why: why.join(', ') };
}

/** Returns the share of events whose key is missing in the file. It needs the whole file as its sample. */
export function missingShare(join: Join | undefined): number {
  if (!join?.table.isWhole) return 0;
  const { key, column } = join;
  const missingCells = column.cells.filter((cell) => cell !== null && !key.values.has(textOf(cell)));
  return missingCells.length / Math.max(1, column.cells.length);
}

/** A file of keys that many events have no row in. */
export interface JoinGap {
  readonly join: Join;
  readonly share: number;
  /** The id of the question what happens to these events, and the likelier answer: `leave` them out, or `keep` them without the file. */
  readonly question: 'missing' | 'missing_users';
  readonly likely: 'leave' | 'keep';
}

export function gapsOf({ items, users }: EventRoles, item: ColumnProfile): readonly JoinGap[] {
  const gapOf = (join: Join | undefined, question: JoinGap['question'], shareToKeep: number): JoinGap[] => {
    const share = missingShare(join);
    return join && share > 0.05 ? [{ join, share, question, likely: share > shareToKeep ? 'keep' : 'leave' }] : [];
  };
  // A file of items is the corpus, while a history says more of a user than such a file.
  return [...gapOf(items?.column === item ? items : undefined, 'missing', 0.5), ...gapOf(users, 'missing_users', 0)];
}

/** True if most events have the same time as all other events of their user, as in a basket, so that no event precedes another. */
export function areSimultaneous(user: ColumnProfile, time: ColumnProfile): boolean {
  const groups = groupsByKey(user, time).filter(({ rows }) => rows > 1);
  const rowsIn = (subset: typeof groups): number => subset.reduce((sum, { rows }) => sum + rows, 0);
  return rowsIn(groups.filter(({ isConstant }) => isConstant)) > rowsIn(groups) * 0.5;
}

export function seenOf(user: ColumnProfile | undefined, item: ColumnProfile, isKept: boolean): DataEntry {
  if (isKept || user === undefined) return { value: 'kept', why: 'what was found before may be found again' };
  const pairs = new Set(user.cells.map((cell, row) => `${cell}\n${item.cells[row]}`)).size;
  const repeatShare = 1 - pairs / Math.max(1, user.cells.length);
  return repeatShare > 0.1
    ? { value: 'kept', why: `${Math.round(repeatShare * 100)} % of the events are of an item that the user had before` }
    : { value: 'excluded', why: 'users seldom take the same item again' };
}

export function titleOf({ columns }: TableProfile, key: ColumnProfile | undefined): string | undefined {
  const titles = columns.filter(
    (column) =>
      column.kind === 'text' &&
      column !== key &&
      meansOf(column.name, 'title') !== undefined &&
      meansOf(column.name, 'user') === undefined &&
      (key === undefined || dependence(key, column) > 0.97),
  );
  const [first] = titles.sort((a, b) => b.distinct - a.distinct);
  return first && first.name.toLowerCase() !== 'title' ? (unmarkedSql(first) ?? first.name) : undefined;
}

/** True for lines sorted by item id, whose order is not that of time. */
export function isSorted({ rows }: TableProfile): boolean {
  const pairs = rows.slice(1).flatMap(([user, item], index) => {
    const [earlierUser, earlierItem] = rows[index]!;
    return user === earlierUser ? [Number(item) > Number(earlierItem)] : [];
  });
  return pairs.length > 0 && pairs.filter((isRising) => isRising).length / pairs.length > 0.97;
}

/**
 * @param more files with further rows @param parts files of other parts of a split set @param join for a file that is joined: its key gets the name of the
 * column of the events
 */
export function namedFile(
  main: TableProfile,
  nameOf: (path: string) => string,
  more: readonly TableProfile[],
  parts: readonly TableProfile[],
  join?: Join,
): NamedFile {
  const tables = [main, ...more];
  const sources = tables.map(({ path }) => path);
  const pattern = (paths: readonly string[]): string => (paths.length === 1 ? paths[0]! : `{${paths.join(',')}}`);
  const isLines = main.kind === 'lines';
  const { joined, melted } = main;
  const renamedJoin = join?.key.name.toLowerCase() === join?.column.name.toLowerCase() ? undefined : join;
  const because = present([
    ...(main.rewrite?.because ?? []),
    melted && 'it has a row for each user and a column for each item, and a data block reads a row for each event',
    joined && joinedBecause(joined),
    renamedJoin &&
      `its key is called \`${renamedJoin.key.name}\`, and that of the events \`${renamedJoin.column.name}\``,
  ]);
  if (because.length === 0) return { path: pattern(sources.map(nameOf)), isLines, sources, copies: [] };
  const isDerived = joined !== undefined || melted !== undefined;
  const usedNames = new Set<string>();
  const ownColumns = main.columns.filter(({ file }) => file.path === main.path);
  const header = ownColumns.map((column) => (column === renamedJoin?.key ? renamedJoin.column.name : column.name));
  const copies = [...tables, ...parts].map((table): Copy => {
    const { kind, rewrite: ownRewrite, separator = ',' } = table;
    const to = isDerived ? ',' : (ownRewrite?.to ?? separator);
    const textEnding = to === '\t' ? 'tsv' : 'csv';
    const ending = { csv: textEnding, json: 'jsonl', parquet: 'parquet', lines: 'parquet' }[kind];
    const plainRewrite = { encoding: 'utf-8', from: separator as ',', to: separator, hasHeader: true } as const;
    const derived = isDerived ? { joined, melted, own: ownRewrite } : undefined;
    return {
      from: table.path,
      to: `tables/${unusedName(stemOf(table.path), usedNames)}.${ending}`,
      kind,
      rewrite: { ...(ownRewrite ?? plainRewrite), header, because, derived },
    };
  });
  return { path: pattern(copies.slice(0, tables.length).map(({ to }) => to)), isLines, sources, copies };
}

// Derives labels, a weight, and a condition that excludes events without interest from the outcome columns of events.

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
