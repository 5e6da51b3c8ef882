/** Derives entries of the data block from the sampled rows: time, split, excluded rows, and the names of files. */
import { quoteSqlName } from '../../base/text/sql.ts';
import { unusedName } from '../look/looked_table.ts';
import { joinedBecause } from './chains.ts';
import { type ColumnProfile, type TableProfile, textOf, timeSql, unmarkedSql } from './column_profile.ts';
import { meansOf } from './column_words.ts';
import type { FileChoice } from './file_choice.ts';
import { dependence, groupsByKey, type Join, stemOf } from './joins.ts';
import type { Copy, DataEntry, InitAnswers, NamedFile, Proposal } from './proposal.ts';
import type { EventRoles } from './roles.ts';
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
