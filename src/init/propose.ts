/** From profiles of files to a starter project: what is guessed of each file comes together here. Long because each part of the answer rests on the parts before it. */

import { sqlName } from '../text/sql.ts';
import { type Describing, describe, elementsOf } from './describe.ts';
import {
  areSimultaneous,
  heldOut,
  isSorted,
  MANY,
  missingShare,
  namedFile,
  rejectOf,
  seenOf,
  splitOf,
  timeEntry,
  titleOf,
  whereOf,
} from './entries.ts';
import { listSql } from './expressions.ts';
import { filesOf } from './files.ts';
import { repeats } from './guesses/keys.ts';
import { baseOf, dependence, type Join, stemOf } from './joins.ts';
import { makeNames, slug } from './names.ts';
import { outcomesOf } from './outcomes.ts';
import { problemOfKeys, problemOfPairs, problemOfQuery, problemOfRows } from './problems.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { Answers, Case, Feature, Fed, NamedFile, Proposal, Question, Reason } from './proposal.ts';
import { eventsQuestion, keyQuestion, questionsOf } from './questions.ts';
import type { Chosen, Roles, Taken } from './roles.ts';
import { quoted } from './text.ts';
import { meansOf } from './words.ts';

const MOST_FEATURES = 10;
/** Comments with features to try: a model with more is not read. */
const MOST_IDEAS = 12;

/** Files that hold nothing to learn from; an answer may show that they do. */
export interface NoEvents {
  readonly problem: string;
  readonly questions: readonly Question[];
}

/**
 * Long because each part of the answer rests on the parts before it: keys and joins on files, features on keys.
 * @param nameOf how the data block names a file: from its folder
 */
export function propose(
  tables: readonly TableProfile[],
  answers: Answers,
  nameOf: (path: string) => string,
): Proposal | NoEvents {
  const chosen: Chosen = Object.fromEntries(
    ['user', 'item', 'time'].flatMap((id) => (answers[id] === undefined ? [] : [[id, answers[id]]])),
  );
  const files = filesOf(tables, chosen, answers.events);
  const { events, roles } = files;
  const without = (problem: string, questions: readonly Question[] = []): NoEvents => ({
    problem,
    questions: questions.filter(({ id, choices }) => answers[id] === undefined && choices.length > 1),
  });
  const unfit = problemOfRows(events);
  if (unfit !== undefined) return without(unfit);
  const names = makeNames(tables.flatMap(({ columns }) => columns.map(({ name }) => name)));
  const texts = textsOf(roles, events);
  const isText = texts !== undefined;
  const item = texts?.item ?? roles.item;
  const unpaired = isText ? undefined : problemOfPairs(events, roles);
  if (item === undefined || unpaired !== undefined)
    return without(unpaired ?? `no column of ${baseOf(events.path)} seems to name an item`, [
      eventsQuestion(files),
      ...(answers.user === undefined || answers.user === 'none' ? [] : [keyQuestion('item', files)]),
    ]);
  const user = roles.user;
  const outcomes = outcomesOf(roles, events, names, isText);
  const reasons: Reason[] = [];
  const reason = (table: TableProfile, column: string, taken: string, because: string): void => {
    reasons.push({ file: nameOf(table.path), column, taken, because });
  };

  const areLines = events.kind === 'lines';
  const known = roles.items?.column === item.column ? roles.items : undefined;
  const missing = missingShare(events, known);
  const keepsAll = (answers.missing ?? (missing > 0.5 ? 'keep' : 'leave')) === 'keep';
  const isDropped = keepsAll && missing > 0.05;
  const itemJoin = known && !isDropped ? apart(known, 'item') : undefined;
  const userJoin = roles.users && apart(roles.users, 'user');
  const isPerUser = areLines && files.parts !== undefined;
  const isBasket = !!user && !!roles.time && !areLines && areSimultaneous(events, user.column, roles.time.column);
  const hasOrder = areLines
    ? !isPerUser && (answers.order ?? (isSorted(events) ? 'no' : 'yes')) === 'yes'
    : roles.time !== undefined && !isBasket;
  const perUser = user ? repeats(user.column) : 0;
  const list = hasOrder || isText ? undefined : listedItems(events, roles, item.column);
  const kind: Case = isText
    ? 'text'
    : list
      ? 'listed'
      : !user
        ? 'context'
        : perUser < 1.5
          ? 'features'
          : hasOrder
            ? 'past'
            : 'others';

  const fed = (taken: Taken, otherwise: string): Fed => {
    const name = names.of(taken.column.name, otherwise);
    if (areLines) return { name: otherwise, sql: sqlName(taken.column.name) };
    return { name, ...(name === taken.column.name ? {} : { sql: taken.column.name }) };
  };
  // A text that is its own key has another name for the key.
  const itemFed: Fed = texts?.item ? { name: 'answer_id', sql: item.column.name } : fed(item, 'item_id');
  const userFed = user && fed(user, 'user_id');
  const time = hasOrder ? timeEntry(events, roles, areLines, answers) : undefined;

  if (user) reason(events, user.column.name, isText ? 'key of the question' : 'key of the user', user.guess.because);
  if (roles.item || !isText) reason(events, item.column.name, 'key of the item', item.guess.because);
  if (isBasket)
    reason(
      events,
      roles.time.column.name,
      'left out',
      `all events with the same \`${user.column.name}\` have one time, so none of them comes before another`,
    );
  else if (roles.time && !areLines) reason(events, roles.time.column.name, 'time', roles.time.guess.because);
  if (areLines) {
    reason(
      events,
      'position',
      hasOrder ? 'time' : 'left out',
      hasOrder
        ? 'the items of a line seem to be in the order of events'
        : 'the items of a line seem to be in no order of events',
    );
  }

  const features: Feature[] = [];
  const add = (
    table: TableProfile,
    column: ColumnProfile,
    side: Feature['side'],
    isFile: boolean,
    because = '',
  ): void => {
    const to: Describing = { table, side, names, readsText: isText, isFile };
    const { feature, taken, because: why } = describe(column, to);
    reason(
      table,
      column.name,
      feature ? `${side} feature: ${taken}` : taken,
      because === '' || !feature ? why : `${why}; ${because}`,
    );
    if (feature && !features.some(({ name }) => name.toLowerCase() === feature.name.toLowerCase()))
      features.push(feature);
  };
  let fold: ColumnProfile | undefined;
  const userKeys = user && !isText ? user.column : undefined;
  for (const { column, guesses } of roles.others) {
    if (areLines) break;
    const outcome = outcomes.taken.get(column);
    const guess = guesses[0]!;
    if (column === list)
      reason(events, column.name, 'history', 'its elements are items, and never the item of the row');
    else if (outcome) reason(events, column.name, outcome, guess.because);
    else if (guess.role === 'fold') {
      fold = column;
      reason(events, column.name, 'split', guess.because);
    } else if (column === item.column) continue;
    else if (isText) {
      const isQuery = column === texts.query;
      if (isQuery) add(events, column, 'query', false);
      else if (guess.role === 'text' && !itemJoin && texts.query !== column) add(events, column, 'item', false);
      else reason(events, column.name, 'left out', `a question and a text are enough to begin with; ${guess.because}`);
    } else placeColumn(column, guess.because);
  }
  function placeColumn(column: ColumnProfile, because: string): void {
    const describesItem = dependence(events, item!.column, column) >= 0.97 && !itemJoin;
    const describesUser = userKeys !== undefined && dependence(events, userKeys, column) >= 0.97;
    if (meansOf(column.name, 'outcome') && !describesItem && !describesUser) {
      reason(events, column.name, 'left out', 'it may be known only after the event');
    } else if (describesUser && !userJoin && !(describesItem && meansOf(column.name, 'item'))) {
      add(events, column, 'query', false, 'it is the same in all rows of a user');
    } else if (describesItem) {
      add(events, column, 'item', false, 'it is the same in all rows of an item');
    } else if (kind === 'context' || meansOf(column.name, 'context') !== undefined) {
      if (isMeasure(column, kind))
        reason(events, column.name, 'left out', `${because}, and it may be known only after the event`);
      else add(events, column, 'query', false, 'it seems to be known before the event');
    } else reason(events, column.name, 'left out', `${because}, and it may be known only after the event`);
  }
  const joined = (join: Join, side: Feature['side']): void => {
    reason(
      join.table,
      join.key.name,
      'joins',
      `${Math.round(join.overlap * 100)} % of \`${join.column.name}\` in the events have a row here`,
    );
    for (const column of join.table.columns) if (column !== join.key) add(join.table, column, side, true);
  };
  if (itemJoin) joined(itemJoin, 'item');
  if (userJoin) joined(userJoin, 'query');

  if (isText && !features.some(({ side, isIdea }) => side === 'item' && !isIdea)) {
    const answer = names.of(item.column.name, 'answer');
    features.push({
      name: answer,
      side: 'item',
      kind: 'text(words, hash: 30_000, dim: 64)',
      ...(answer === item.column.name ? {} : { sql: item.column.name }),
      why: 'its words, each with a vector',
    });
  }
  if (kind === 'context' && !features.some(({ side, isIdea }) => side === 'query' && !isIdea)) {
    return without(problemOfQuery(events), [keyQuestion('user', files)]);
  }
  const unrelated =
    kind === 'features' ? problemOfKeys(events, { user: user?.column, item: item.column }, features) : undefined;
  if (unrelated !== undefined) return without(unrelated);

  const shownFeatures = limited(features);
  const unshown = features.length - shownFeatures.length;
  const notes = [
    ...files.unused.map(({ table, because }) => `${baseOf(table.path)} is not used: ${because}.`),
    ...(unshown > 0
      ? [`${unshown} more columns could be features: the model leaves them out, so that it can be read.`]
      : []),
    ...(isText || roles.time || answers.time === 'none' ? [] : unreadTimes(events)),
    ...(kind === 'features' && perUser < 1.1 && !features.some(({ side, isIdea }) => side === 'query' && !isIdea)
      ? [
          `\`${user!.column.name}\` comes up about once for each user: a model cannot know what a user likes, and ranks nearly alike for all.`,
        ]
      : []),
    ...(!isDropped || !known
      ? []
      : [`${baseOf(known.table.path)} is not used: it has no row of ${Math.round(missing * 100)} % of the events.`]),
    ...files.spare.map(({ table, column }) => unusedJoin(baseOf(table.path), column, itemJoin, userJoin)),
  ];
  const size = {
    events: events.count + files.more.reduce((sum, { count }) => sum + count, 0),
    items: itemJoin?.table.count ?? item.column.distinct,
    perUser,
  };
  // `where` leaves one user in so many.
  const kept = user && size.events > MANY ? 1_000_000 : size.events;
  const title = titleOf(itemJoin?.table ?? events, itemJoin ? undefined : item.column);
  const named = (
    main: TableProfile,
    others: readonly TableProfile[],
    key?: { column: ColumnProfile; as: string },
  ): NamedFile => namedFile(main, others, nameOf, key);
  const rename = (join: Join): { column: ColumnProfile; as: string } | undefined =>
    join.key.name.toLowerCase() === join.column.name.toLowerCase()
      ? undefined
      : { column: join.key, as: join.column.name };
  return {
    case: kind,
    name: slug(stemOf(events.path), 'data'),
    events: named(events, files.more),
    ...(itemJoin ? { items: named(itemJoin.table, [], rename(itemJoin)) } : {}),
    ...(userJoin ? { users: named(userJoin.table, [], rename(userJoin)) } : {}),
    ...(userFed ? { user: userFed } : {}),
    item: itemFed,
    ...(list ? { history: listSql(list) ?? list.name } : {}),
    ...(time ? { time } : {}),
    split: splitOf(files, fold, hasOrder, areLines, nameOf, heldOut({ ...size, events: kept })),
    ...whereOf(outcomes.where, events.count, user?.column),
    seen: seenOf(events, user?.column, item.column, isText || kind === 'context'),
    ...rejectOf(events, [user?.column, item.column], hasOrder ? roles.time?.column : undefined, itemJoin ? missing : 0),
    perUser: isPerUser,
    ...(title === undefined ? {} : { title }),
    features: shownFeatures,
    labels: isText ? [] : outcomes.labels,
    ...(outcomes.weight ? { weight: outcomes.weight } : {}),
    size,
    reasons,
    questions: questionsOf(files, isText, missing, answers),
    notes,
  };
}

/** A joined file whose columns have names that no other file has: a file without names counts its columns as every other one does. */
function apart(join: Join, side: 'user' | 'item'): Join {
  const { table, key, column: own } = join;
  const hasNames = table.rewrite?.hasHeader ?? true;
  const columns = table.columns.map((column) => {
    const isTaken = !hasNames || column.name.toLowerCase() === own.name.toLowerCase();
    return column !== key && isTaken ? { ...column, name: `${side}_${column.place + 1}` } : column;
  });
  return { ...join, table: { ...table, columns } };
}

/** A list of items in each row: what else the user had, where a file keeps it so. A list of what was shown is none. */
function listedItems(events: TableProfile, { others }: Roles, item: ColumnProfile): ColumnProfile | undefined {
  return others
    .filter(({ guesses }) => guesses[0]?.role === 'list')
    .map(({ column }) => column)
    .find((column) => {
      if (/shown|impression|candidate|negative|expos|slate/i.test(column.name)) return false;
      let [elements, known, own] = [0, 0, 0];
      for (const row of events.rows.slice(0, 5000)) {
        const cell = row[column.place] ?? null;
        const list = Array.isArray(cell) ? cell.map(String) : elementsOf(String(cell ?? ''), column);
        elements += list.length;
        known += list.filter((each) => item.values.has(each)).length;
        if (list.includes(String(row[item.place]))) own++;
      }
      return known > elements * 0.5 && own < events.rows.length * 0.02;
    });
}

/** A column that is named like a time, and is none. */
function unreadTimes({ columns }: TableProfile): string[] {
  return columns
    .filter(({ name, kind, time, distinct }) => {
      const isValue = kind === 'text' || kind === 'integer' || kind === 'decimal';
      return isValue && time === undefined && distinct > 20 && meansOf(name, 'time') !== undefined;
    })
    .map(({ name, top }) => {
      const shown = top.slice(0, 2).map(([value]) => `\`${value.slice(0, 40)}\``);
      return `\`${name}\` is named like a time, and its values, such as ${shown.join(' and ')}, are in no form that \`tower init\` knows. If it is one, add \`time = ${quoted(`strptime(${sqlName(name)}, '…')`)}\` to the data block.`;
    });
}

/** A question and the text that answers it: pairs without a person, of a query or of a small table. */
function textsOf(
  roles: Roles,
  { kind, columns }: TableProfile,
): { readonly query: ColumnProfile; readonly item?: Taken } | undefined {
  const isPerson = roles.user && meansOf(roles.user.column.name, 'query') === undefined;
  if (isPerson || kind === 'lines') return undefined;
  const texts = roles.others.filter(({ guesses }) => guesses.some(({ role }) => role === 'text' || role === 'query'));
  const named = texts.find(({ guesses }) => guesses[0]!.role === 'query')?.column;
  const query = named ?? (columns.length <= 4 ? texts[0]?.column : undefined);
  if (query === undefined) return undefined;
  const { item, items } = roles;
  if (item && item.column !== query) {
    const isText = item.column.meanWords > 2;
    const hasText = isText || items?.table.columns.some((column) => column.kind === 'text' && column.meanWords > 1.5);
    const other = texts.some(({ column }) => column !== query);
    return hasText || other ? { query, ...(isText ? { item } : {}) } : undefined;
  }
  const answer = texts.find(({ column }) => column !== query)?.column;
  return (
    answer && {
      query,
      item: { column: answer, guess: { role: 'item', score: 0.5, because: 'it is the text that answers' } },
    }
  );
}

/** Numbers of an event without a user are mostly what came of it. */
function isMeasure({ kind, distinct }: ColumnProfile, of: Case): boolean {
  return of === 'context' && (kind === 'decimal' || (kind === 'integer' && distinct > 100));
}

/** Lists and categories come before numbers where there are many. */
function limited(features: readonly Feature[]): readonly Feature[] {
  const kept = new Set<Feature>();
  for (const side of ['query', 'item'] as const) {
    const own = features.filter((feature) => feature.side === side && !feature.isIdea);
    const ordered = [
      ...own.filter(({ kind }) => !kind.startsWith('number')),
      ...own.filter(({ kind }) => kind.startsWith('number')),
    ];
    for (const feature of [...ordered]
      .sort((a, b) => Number(b.kind.startsWith('list')) - Number(a.kind.startsWith('list')))
      .slice(0, MOST_FEATURES))
      kept.add(feature);
  }
  let ideas = 0;
  return features
    .map((feature) =>
      feature.isIdea || kept.has(feature)
        ? feature
        : { ...feature, isIdea: true, why: 'try it: there are many features already' },
    )
    .filter(({ isIdea }) => !isIdea || ++ideas <= MOST_IDEAS);
}

function unusedJoin(name: string, column: ColumnProfile, item: Join | undefined, user: Join | undefined): string {
  const first = [item, user].find((join) => join?.column === column);
  return first
    ? `${name} is not used: a data block joins one file by \`${column.name}\`. Put its columns into the other file.`
    : `${name} is not used: it describes \`${column.name}\`, which is neither the user nor the item.`;
}
