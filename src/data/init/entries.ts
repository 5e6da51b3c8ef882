/** Derives entries of the data block from the sampled rows: time, split, excluded rows, and the names of files. */
import { sqlName } from '../../base/text/sql.ts';
import { unusedName } from '../look/looked_table.ts';
import { joinedBecause } from './chains.ts';
import type { FileChoice } from './file_choice.ts';
import { dependence, type Join, stemOf } from './joins.ts';
import { type ColumnProfile, type TableProfile, timeSql, unmarkedName } from './profile.ts';
import type { Copy, DataEntry, InitAnswers, NamedFile, Proposal } from './proposal.ts';
import type { EventRoles } from './roles.ts';
import { doubtfulForms } from './times.ts';
import { meansOf } from './words.ts';

/** With more events the model trains on only a share of the users. */
export const MANY = 3_000_000;

export function timeEntry(
  events: TableProfile,
  { time }: EventRoles,
  areLines: boolean,
  answers: InitAnswers,
): DataEntry | undefined {
  if (areLines) return { value: 'position', why: 'the order of the items of a user; it is no moment' };
  if (!time) return undefined;
  const { column } = time;
  const timeForm = column.time;
  const otherForm = timeForm && doubtfulForms.get(timeForm.name);
  const value = timeSql(column, events);
  const orderedValue = otherForm !== undefined && answers.days === 'day' ? value.replace('%m/%d', '%d/%m') : value;
  return { value: orderedValue, why: timeForm?.doc ?? 'a time' };
}

export function splitOf(
  { parts }: FileChoice,
  fold: ColumnProfile | undefined,
  hasOrder: boolean,
  areLines: boolean,
  nameOf: (path: string) => string,
  share: number,
): DataEntry {
  if (parts) {
    const validation = parts.validation ? `validation: ${JSON.stringify(nameOf(parts.validation.path))}, ` : '';
    return {
      value: `files(${validation}test: ${JSON.stringify(nameOf(parts.test.path))})`,
      why: 'the set comes split',
    };
  }
  if (fold) return { value: `column(${JSON.stringify(fold.name)})`, why: 'the set comes split' };
  if (areLines && hasOrder)
    return { value: 'leave_one_out', why: 'the last item of each user is the test, the one before it validation' };
  return hasOrder
    ? {
        value: `by_time(validation: ${share}%, test: ${share}%)`,
        why: 'the last events are the test, as in production',
      }
    : { value: `random(validation: ${share}%, test: ${share}%, seed: 1)`, why: 'there is no time to split by' };
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
): { readonly where?: DataEntry } {
  if (count <= MANY || user === undefined) return where ? { where } : {};
  const share = Math.ceil(count / 1_000_000);
  const sample = `hash(${sqlName(user.name)}) % ${share} = 0`;
  const why = `one user in ${share}, for a quick start: remove it to train on all`;
  return {
    where: { value: where ? `${where.value} AND ${sample}` : sample, why: where ? `${where.why}; ${why}` : why },
  };
}

/** Returns the share of rows that may be rejected: broken rows, and events of items that are not in the file of items. */
export function rejectOf(
  { rows, bad }: TableProfile,
  keys: readonly (ColumnProfile | undefined)[],
  time: ColumnProfile | undefined,
  missing: number,
): { readonly reject?: DataEntry } {
  const brokenRows = rows.filter((row) => {
    const value = (column: ColumnProfile): string => String(row[column.place] ?? '').trim();
    return keys.some((key) => key && value(key) === '') || (time?.time !== undefined && !time.time.fits(value(time)));
  });
  const brokenShare = (bad + brokenRows.length) / Math.max(1, bad + rows.length);
  const share = brokenShare + missing;
  if (share <= 0.003) return {};
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  const why = [
    ...(brokenShare > 0 ? [`${percent(brokenShare)} of the rows in the sample are broken`] : []),
    ...(missing > 0 ? [`${percent(missing)} are of items or users without a row of their own`] : []),
  ];
  return {
    reject: {
      value: `${[2, 5, 10, 20, 50].find((maxHeldOut) => maxHeldOut >= share * 150) ?? 90}%`,
      why: why.join(', '),
    },
  };
}

/** Returns the share of events whose key is missing in the file. It needs the whole file as its sample. */
export function missingShare({ rows }: TableProfile, join: Join | undefined): number {
  if (!join?.table.isWhole) return 0;
  const { key, column } = join;
  const missing = rows.filter(
    (row) => !key.values.has(String(row[column.place] ?? '').trim()) && row[column.place] !== null,
  );
  return missing.length / Math.max(1, rows.length);
}

/** A file of keys that many events have no row in. */
export interface JoinGap {
  readonly join: Join;
  readonly share: number;
  /** The id of the question what happens to these events, and the likelier answer: `leave` them out, or `keep` them without the file. */
  readonly question: 'missing' | 'missing_users';
  readonly likely: 'leave' | 'keep';
}

export function gapsOf(events: TableProfile, { items, users }: EventRoles, item: ColumnProfile): readonly JoinGap[] {
  const gapOf = (join: Join | undefined, question: JoinGap['question'], least: number): JoinGap[] => {
    const share = missingShare(events, join);
    return join && share > 0.05 ? [{ join, share, question, likely: share > least ? 'keep' : 'leave' }] : [];
  };
  // A file of items is the corpus, while a history says more of a user than such a file.
  return [...gapOf(items?.column === item ? items : undefined, 'missing', 0.5), ...gapOf(users, 'missing_users', 0)];
}

/** True if most events have the same time as all other events of their user, as in a basket, so that no event precedes another. */
export function areSimultaneous({ rows }: TableProfile, user: ColumnProfile, time: ColumnProfile): boolean {
  const times = new Map<string, { readonly values: Set<string>; rows: number }>();
  for (const row of rows) {
    const userKey = String(row[user.place] ?? '');
    const userTimes = times.get(userKey) ?? { values: new Set(), rows: 0 };
    userTimes.values.add(String(row[time.place] ?? ''));
    userTimes.rows++;
    times.set(userKey, userTimes);
  }
  const usersWithSeveral = [...times.values()].filter((group) => group.rows > 1);
  const count = (groups: typeof usersWithSeveral): number => groups.reduce((sum, group) => sum + group.rows, 0);
  return count(usersWithSeveral.filter(({ values }) => values.size === 1)) > count(usersWithSeveral) * 0.5;
}

export function seenOf(
  { rows }: TableProfile,
  user: ColumnProfile | undefined,
  item: ColumnProfile,
  isKept: boolean,
): DataEntry {
  if (isKept || user === undefined) return { value: 'kept', why: 'what was found before may be found again' };
  const pairs = new Set(rows.map((row) => `${row[user.place]}\n${row[item.place]}`)).size;
  const repeatShare = 1 - pairs / Math.max(1, rows.length);
  return repeatShare > 0.1
    ? { value: 'kept', why: `${Math.round(repeatShare * 100)} % of the events are of an item that the user had before` }
    : { value: 'excluded', why: 'users seldom take the same item again' };
}

export function titleOf(table: TableProfile, key: ColumnProfile | undefined): string | undefined {
  const titles = table.columns.filter(
    (column) =>
      column.kind === 'text' &&
      column !== key &&
      meansOf(column.name, 'title') !== undefined &&
      meansOf(column.name, 'user') === undefined &&
      (key === undefined || dependence(table, key, column) > 0.97),
  );
  const [first] = titles.sort((a, b) => b.distinct - a.distinct);
  if (first === undefined || first.name.toLowerCase() === 'title') return undefined;
  return first.mark === undefined ? first.name : unmarkedName(first);
}

/** True for lines sorted by item id, whose order is not that of time. */
export function isSorted({ rows }: TableProfile): boolean {
  let [pairs, risingPairs] = [0, 0];
  for (let at = 1; at < rows.length; at++) {
    if (rows[at]![0] !== rows[at - 1]![0]) continue;
    pairs++;
    if (Number(rows[at]![1]) > Number(rows[at - 1]![1])) risingPairs++;
  }
  return pairs > 0 && risingPairs / pairs > 0.97;
}

/** @param key the column that gets the name of the events' column */
export function namedFile(
  main: TableProfile,
  { more = [], parts = [] }: { readonly more?: readonly TableProfile[]; readonly parts?: readonly TableProfile[] },
  nameOf: (path: string) => string,
  key?: { readonly column: ColumnProfile; readonly as: string },
): NamedFile {
  const read = [main, ...more];
  const sources = read.map(({ path }) => path);
  const pattern = (paths: readonly string[]): string => (paths.length === 1 ? paths[0]! : `{${paths.join(',')}}`);
  const isLines = main.kind === 'lines';
  const because = [
    ...(main.rewrite?.because ?? []),
    ...(main.melted
      ? ['it has a row for each user and a column for each item, and a data block reads a row for each event']
      : []),
    ...(main.joined ? [joinedBecause(main.joined)] : []),
    ...(key ? [`its key is called \`${key.column.name}\`, and that of the events \`${key.as}\``] : []),
  ];
  if (because.length === 0) return { path: pattern(sources.map(nameOf)), isLines, sources, copies: [] };
  const isDerived = main.joined !== undefined || main.melted !== undefined;
  const usedNames = new Set<string>();
  const ownColumns = main.columns.filter(({ source }) => source === undefined);
  const header = ownColumns.map((column) => (column === key?.column ? key.as : column.name));
  const copies = [...read, ...parts].map((table): Copy => {
    const { kind, rewrite: own, separator = ',' } = table;
    const to = isDerived ? ',' : (own?.to ?? separator);
    const fileEnding = kind === 'csv' ? (to === '\t' ? 'tsv' : 'csv') : kind === 'json' ? 'jsonl' : 'parquet';
    const plainRewrite = { encoding: 'utf-8', from: separator as ',', to: separator, hasHeader: true } as const;
    const { joined, melted } = main;
    const derived = isDerived && { joined, melted, own };
    return {
      from: table.path,
      to: `tables/${unusedName(stemOf(table.path), usedNames)}.${fileEnding}`,
      kind,
      rewrite: { ...(own ?? plainRewrite), header, because, ...(derived ? { derived } : {}) },
    };
  });
  return { path: pattern(copies.slice(0, read.length).map(({ to }) => to)), isLines, sources, copies };
}
