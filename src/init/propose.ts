/** From profiles of files to a starter project: what is guessed of each file comes together here. Long because each part of the answer rests on the parts before it. */
import { type Describing, describe, elementsOf } from './describe.ts';
import { listSql, timeSql, withoutMark } from './expressions.ts';
import { type Files, filesOf } from './files.ts';
import { repeats } from './guesses/keys.ts';
import { dependence, isOf, type Join, stemOf } from './joins.ts';
import { makeNames, slug } from './names.ts';
import { outcomesOf } from './outcomes.ts';
import { problemOfKeys, problemOfPairs, problemOfQuery, problemOfRows } from './problems.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { Case, Entry, Feature, Fed, NamedFile, Proposal, Question, Reason } from './proposal.ts';
import { type Chosen, type Roles, rolesOf, type Taken } from './roles.ts';
import { sqlName } from './sql.ts';
import { quoted } from './text.ts';
import { doubtfulForms } from './times.ts';
import { meansOf } from './words.ts';

/** Answers to questions, by their id. */
export type Answers = Readonly<Record<string, string>>;

export interface Proposing {
  /** How the data block names a file: from its folder. */
  readonly nameOf: (path: string) => string;
}

/** More events than these train on a share of the users. */
const MANY = 3_000_000;
const MOST_FEATURES = 10;
/** Comments with features to try: a model with more is not read. */
const MOST_IDEAS = 12;

/**
 * Where no file has pairs to learn from, `problem` says why. Long because each part of the answer rests on the parts before it: keys on
 * joins, features on keys.
 */
export function propose(
  tables: readonly TableProfile[],
  answers: Answers,
  { nameOf }: Proposing,
): Proposal | { readonly problem: string } {
  const files = filesOf(tables, answers.events);
  const { events } = files;
  const chosen: Chosen = Object.fromEntries(
    ['user', 'item', 'time'].flatMap((id) => (answers[id] === undefined ? [] : [[id, answers[id]]])),
  );
  const roles = withJoins(rolesOf(events, chosen), files, events, chosen);
  const names = makeNames(tables.flatMap(({ columns }) => columns.map(({ name }) => name)));
  const texts = textsOf(roles, files);
  const isText = texts !== undefined;
  const item = texts?.item ?? roles.item;
  const describes = !isText && !roles.user && item !== undefined && repeats(item.column) < 1.1;
  const unfit = problemOfRows(events);
  if (unfit !== undefined) return { problem: unfit };
  if (item === undefined || describes) return { problem: problemOfPairs(events, roles) };
  const user = roles.user;
  const outcomes = outcomesOf(roles, events, names, isText);
  const reasons: Reason[] = [];
  const reason = (table: TableProfile, column: string, taken: string, because: string): void => {
    reasons.push({ file: nameOf(table.path), column, taken, because });
  };

  const itemJoin = files.joins.find((join) => join.column === item.column);
  const userJoin = user && files.joins.find((join) => join.column === user.column);
  const areLines = events.kind === 'lines';
  const isPerUser = areLines && files.parts !== undefined;
  const hasOrder = areLines
    ? !isPerUser && (answers.order ?? (isSorted(events) ? 'no' : 'yes')) === 'yes'
    : roles.time !== undefined;
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
    if (areLines) return { name: otherwise, sql: taken.column.name === 'user' ? 'events.user' : taken.column.name };
    return { name, ...(name === taken.column.name ? {} : { sql: taken.column.name }) };
  };
  // A text that is its own key has another name for the key.
  const itemFed: Fed = texts?.item ? { name: 'answer_id', sql: item.column.name } : fed(item, 'item_id');
  const userFed = user && fed(user, 'user_id');
  const time = hasOrder ? timeEntry(events, roles, areLines, answers) : undefined;

  if (user) reason(events, user.column.name, isText ? 'key of the question' : 'key of the user', user.guess.because);
  if (roles.item || !isText) reason(events, item.column.name, 'key of the item', item.guess.because);
  if (roles.time && !areLines) reason(events, roles.time.column.name, 'time', roles.time.guess.because);
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
    return { problem: problemOfQuery(events) };
  }
  const unrelated =
    kind === 'features' ? problemOfKeys(events, { user: user?.column, item: item.column }, features) : undefined;
  if (unrelated !== undefined) return { problem: unrelated };

  const shownFeatures = limited(features);
  const unshown = features.length - shownFeatures.length;
  const bad = brokenShare(events, [user?.column, item.column], hasOrder ? roles.time?.column : undefined);
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
    ...files.joins
      .filter((join) => join !== itemJoin && join !== userJoin)
      .map(({ table, column }) => unusedJoin(baseOf(table.path), column, itemJoin, userJoin)),
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
    ...(bad > 0.003
      ? {
          reject: {
            value: `${[2, 5, 10, 20, 50].find((most) => most >= bad * 150) ?? 50}%`,
            why: `${(bad * 100).toFixed(1)} % of the rows in the sample are broken`,
          },
        }
      : {}),
    perUser: isPerUser,
    ...(title === undefined ? {} : { title }),
    features: shownFeatures,
    labels: isText ? [] : outcomes.labels,
    ...(outcomes.weight ? { weight: outcomes.weight } : {}),
    size,
    reasons,
    questions: questionsOf(tables, files, roles, isText, areLines, answers),
    notes,
  };
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

/** A column that joins a file of users or items says what it is, where its name does not. */
function withJoins(roles: Roles, { joins }: Files, events: TableProfile, chosen: Chosen): Roles {
  let { user, item } = roles;
  for (const { column, table, overlap } of joins) {
    const because = `${Math.round(overlap * 100)} % of its values are keys of ${table.path.replace(/^.*[/\\]/, '')}`;
    const isPerson = table.columns.some(({ name }) => /^(age|gender|sex|birth|alter$|geschlecht|geburt)/i.test(name));
    // Where the item is known, a file of another key that comes up again describes who takes it.
    const isOther = item !== undefined && column !== item.column && isOfNoItem(table, column);
    const isUser = isOf(table.path, 'user') || isPerson || isOther;
    if (isUser && !user && !chosen.user && column !== item?.column)
      user = { column, guess: { role: 'user', score: 0.6, because } };
    else if (!isUser && !item && !chosen.item && column !== user?.column)
      item = { column, guess: { role: 'item', score: 0.6, because } };
  }
  const own = [user?.column, item?.column, roles.time?.column];
  const freed = rolesOf(events, chosen).others.filter(({ column }) => !own.includes(column));
  return { ...roles, ...(user ? { user } : {}), ...(item ? { item } : {}), others: freed };
}

const isOfNoItem = (table: TableProfile, column: ColumnProfile): boolean =>
  !isOf(table.path, 'item') &&
  meansOf(column.name, 'item') === undefined &&
  meansOf(column.name, 'context') === undefined &&
  repeats(column) >= 1.3;

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

/** A question and the text that answers it: pairs without a person. */
function textsOf(roles: Roles, files: Files): { readonly query: ColumnProfile; readonly item?: Taken } | undefined {
  const isPerson = roles.user && meansOf(roles.user.column.name, 'query') === undefined;
  if (isPerson || files.events.kind === 'lines') return undefined;
  const texts = roles.others.filter(({ guesses }) => guesses.some(({ role }) => role === 'text' || role === 'query'));
  const query = texts.find(({ guesses }) => guesses[0]!.role === 'query')?.column ?? texts[0]?.column;
  if (query === undefined) return undefined;
  const join = files.joins.find(({ column }) => column === roles.item?.column);
  if (roles.item && roles.item.column !== query) {
    const hasText =
      roles.item.column.meanWords > 2 ||
      join?.table.columns.some((column) => column.kind === 'text' && column.meanWords > 1.5);
    const other = texts.some(({ column }) => column !== query);
    return hasText || other ? { query, ...(roles.item.column.meanWords > 2 ? { item: roles.item } : {}) } : undefined;
  }
  const answer = texts.find(({ column }) => column !== query)?.column;
  return (
    answer && {
      query,
      item: { column: answer, guess: { role: 'item', score: 0.5, because: 'it is the text that answers' } },
    }
  );
}

function timeEntry(events: TableProfile, { time }: Roles, areLines: boolean, answers: Answers): Entry | undefined {
  if (areLines) return { value: 'position', why: 'the order of the items of a user; it is no moment' };
  if (!time) return undefined;
  const { column } = time;
  const form = column.time;
  const other = form && doubtfulForms.get(form.name);
  const value = timeSql(column, events);
  const swapped = other !== undefined && answers.days === 'day' ? value.replace('%m/%d', '%d/%m') : value;
  return { value: swapped, why: form?.doc ?? 'a time' };
}

function splitOf(
  { parts }: Files,
  fold: ColumnProfile | undefined,
  hasOrder: boolean,
  areLines: boolean,
  nameOf: (path: string) => string,
  share: number,
): Entry {
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

/** Percent of the events for each held-out part: a first ranking of many events and items would take minutes. */
function heldOut({ events, items }: Pick<Proposal['size'], 'events' | 'items'>): number {
  const most = Math.min(20_000, 4e8 / Math.max(1, items));
  return Math.max(1, Math.min(10, Math.round((100 * most) / Math.max(1, events))));
}

function whereOf(where: Entry | undefined, count: number, user: ColumnProfile | undefined): { readonly where?: Entry } {
  if (count <= MANY || user === undefined) return where ? { where } : {};
  const share = Math.ceil(count / 1_000_000);
  const sample = `hash(${sqlName(user.name)}) % ${share} = 0`;
  const why = `one user in ${share}, for a quick start: remove it to train on all`;
  return {
    where: { value: where ? `${where.value} AND ${sample}` : sample, why: where ? `${where.why}; ${why}` : why },
  };
}

const baseOf = (path: string): string => path.replace(/^.*[/\\]/, '');

/** The share of rows in the sample that are none, or have no key or no time. */
function brokenShare(
  { rows, bad }: TableProfile,
  keys: readonly (ColumnProfile | undefined)[],
  time: ColumnProfile | undefined,
): number {
  const fails = rows.filter((row) => {
    const value = (column: ColumnProfile): string => String(row[column.place] ?? '').trim();
    return keys.some((key) => key && value(key) === '') || (time?.time !== undefined && !time.time.fits(value(time)));
  });
  return (bad + fails.length) / Math.max(1, bad + rows.length);
}

/** Whether pairs come up again. */
function seenOf({ rows }: TableProfile, user: ColumnProfile | undefined, item: ColumnProfile, isKept: boolean): Entry {
  if (isKept || user === undefined) return { value: 'kept', why: 'what was found before may be found again' };
  const pairs = new Set(rows.map((row) => `${row[user.place]}\n${row[item.place]}`)).size;
  const again = 1 - pairs / Math.max(1, rows.length);
  return again > 0.1
    ? { value: 'kept', why: `${Math.round(again * 100)} % of the events are of an item that the user had before` }
    : { value: 'excluded', why: 'users seldom take the same item again' };
}

function titleOf(table: TableProfile, key: ColumnProfile | undefined): string | undefined {
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
  return first.mark === undefined ? first.name : withoutMark(first);
}

/** Lines that are in the order of their ids are in no order of time. */
function isSorted({ rows }: TableProfile): boolean {
  let [pairs, rising] = [0, 0];
  for (let at = 1; at < rows.length; at++) {
    if (rows[at]![0] !== rows[at - 1]![0]) continue;
    pairs++;
    if (Number(rows[at]![1]) > Number(rows[at - 1]![1])) rising++;
  }
  return pairs > 0 && rising / pairs > 0.97;
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

function namedFile(
  main: TableProfile,
  others: readonly TableProfile[],
  nameOf: (path: string) => string,
  key: { readonly column: ColumnProfile; readonly as: string } | undefined,
): NamedFile {
  const sources = [main, ...others].map(({ path }) => path);
  const path = others.length === 0 ? nameOf(main.path) : `{${sources.map(nameOf).join(',')}}`;
  const isLines = main.kind === 'lines';
  const because = [
    ...(main.rewrite?.because ?? []),
    ...(key ? [`its key is called \`${key.column.name}\`, and that of the events \`${key.as}\``] : []),
  ];
  if (because.length === 0) return { path, isLines, sources };
  const ending =
    main.kind === 'csv' ? (main.rewrite?.to === '\t' ? 'tsv' : 'csv') : main.kind === 'parquet' ? 'parquet' : 'jsonl';
  const to = `tables/${stemOf(main.path)}.${ending}`;
  const base = main.rewrite ?? {
    encoding: 'utf-8',
    from: (main.separator ?? ',') as ',',
    to: main.separator ?? ',',
    header: main.columns.map(({ name }) => name),
    hasHeader: true,
  };
  const header = main.columns.map((column) => (column === key?.column ? key.as : column.name));
  return {
    path: to,
    isLines,
    sources,
    copy: { from: main.path, to, kind: main.kind, rewrite: { ...base, header, because } },
  };
}

function questionsOf(
  tables: readonly TableProfile[],
  files: Files,
  roles: Roles,
  isText: boolean,
  areLines: boolean,
  answers: Answers,
): Question[] {
  const questions: Question[] = [];
  const columns = (list: readonly ColumnProfile[], first: ColumnProfile | undefined) =>
    [...new Set([...(first ? [first] : []), ...list])].slice(0, 8).map(({ name, top }) => ({
      value: name,
      text: `${name} (${top
        .slice(0, 3)
        .map(([value]) => value.slice(0, 20))
        .join(', ')}, …)`,
    }));
  const none = { value: 'none', text: 'none of them' };
  if (!isText && !areLines && (roles.user?.guess.score ?? 0) < 0.5) {
    const choices = columns(roles.candidates.user, roles.user?.column);
    questions.push({
      id: 'user',
      text: 'Which column names the user?',
      choices: roles.user ? [...choices, none] : [none, ...choices],
    });
  }
  if (!isText && !areLines && (roles.item?.guess.score ?? 0) < 0.5) {
    questions.push({
      id: 'item',
      text: 'Which column names the item?',
      choices: columns(roles.candidates.item, roles.item?.column),
    });
  }
  const form = roles.time?.column.time;
  if (form && doubtfulForms.has(form.name)) {
    questions.push({
      id: 'days',
      text: `\`${roles.time!.column.name}\` has dates such as ${roles.time!.column.top[0]![0]}. Which comes first?`,
      choices: [
        { value: 'month', text: 'the month' },
        { value: 'day', text: 'the day' },
      ],
    });
  }
  if (areLines && !files.parts) {
    const choices = [
      { value: 'yes', text: 'yes, the first item came first' },
      { value: 'no', text: 'no' },
    ];
    questions.push({
      id: 'order',
      text: 'Are the items of a line in the order of time?',
      choices: isSorted(files.events) ? choices.reverse() : choices,
    });
  }
  return questions.filter(({ id, choices }) => answers[id] === undefined && choices.length > 1 && tables.length > 0);
}
