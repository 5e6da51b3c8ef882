/** Combines the guesses about all files into a starter project. Long because each part of the proposal depends on the previous ones. */
import { sqlName } from '../../base/text/sql.ts';
import { type DescribeContext, describe, elementsOfText } from './describe.ts';
import {
  areSimultaneous,
  gapsOf,
  heldOut,
  isSorted,
  type JoinGap,
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
import { filesOf } from './file_choice.ts';
import { rowsPerValue } from './guesses/keys.ts';
import { baseOf, dependence, type Join, stemOf } from './joins.ts';
import { inQuotes } from './lines.ts';
import { markQuestion, matrixOf, reasonOfMelted } from './matrix.ts';
import { sumsLists } from './model_text.ts';
import { outcomesOf } from './outcomes.ts';
import { type ColumnProfile, listSql, type TableProfile } from './profile.ts';
import type {
  ColumnReason,
  FedName,
  InitAnswers,
  InitQuestion,
  ModelCase,
  Proposal,
  StarterFeature,
} from './proposal.ts';
import {
  eventsQuestion,
  initQuestions,
  keyQuestion,
  problemOfKeys,
  problemOfPairs,
  problemOfQuery,
  problemOfRows,
} from './questions.ts';
import type { ColumnChoice, EventRoles, GivenColumnNames, KeySide } from './roles.ts';
import { makeNames, meansOf, slug } from './words.ts';

const maxFeatures = 10;
/** Maximum number of commented-out features to try: nobody reads more of them. */
const maxIdeas = 12;

export interface NoEvents {
  readonly problem: string;
  readonly questions: readonly InitQuestion[];
}

/** @param nameOf returns the path of a file from the folder of the data block */
export function propose(
  tables: readonly TableProfile[],
  answers: InitAnswers,
  nameOf: (path: string) => string,
): Proposal | NoEvents {
  const proposal = proposeOf(tables, answers, nameOf);
  if (!('problem' in proposal)) return proposal;
  const matrices = tables.map((table) => matrixOf(table, answers));
  if (matrices.every((matrix) => matrix === undefined)) return proposal;
  const melted = proposeOf(
    tables.map((table, at) => matrices[at]?.table ?? table),
    answers,
    nameOf,
  );
  if ('problem' in melted) return proposal;
  const matrix = matrices.find((each) => each?.table.path === melted.events.sources[0]);
  if (matrix === undefined) return proposal;
  const { mark, table } = matrix;
  const file = nameOf(table.path);
  return {
    ...melted,
    reasons: melted.reasons.map((each) => (each.file === file ? reasonOfMelted(table.melted!, each) : each)),
    questions: [...melted.questions, ...(mark && answers.no_value === undefined ? [markQuestion(mark)] : [])],
  };
}

/** Long because each part of the proposal depends on the previous ones: keys and joins on files, features on keys. */
function proposeOf(
  tables: readonly TableProfile[],
  answers: InitAnswers,
  nameOf: (path: string) => string,
): Proposal | NoEvents {
  const chosen: GivenColumnNames = Object.fromEntries(
    ['user', 'item', 'time'].flatMap((id) => (answers[id] === undefined ? [] : [[id, answers[id]]])),
  );
  const files = filesOf(tables, chosen, answers.events);
  const { events, roles } = files;
  const noEvents = (problem: string, questions: readonly InitQuestion[] = []): NoEvents => ({
    problem,
    questions: questions.filter(({ id, choices }) => answers[id] === undefined && choices.length > 1),
  });
  const rowsProblem = problemOfRows(events);
  if (rowsProblem !== undefined) return noEvents(rowsProblem);
  const names = makeNames([events, ...tables].flatMap(({ columns }) => columns.map(({ name }) => name)));
  const texts = textsOf(roles, events);
  const isText = texts !== undefined;
  const item = texts?.item ?? roles.item;
  const pairsProblem = isText ? undefined : problemOfPairs(events, roles);
  if (item === undefined || pairsProblem !== undefined)
    return noEvents(pairsProblem ?? `no column of ${baseOf(events.path)} seems to name an item`, [
      eventsQuestion(files),
      ...(answers.user === undefined || answers.user === 'none' ? [] : [keyQuestion('item', files)]),
    ]);
  const user = roles.user;
  const outcomes = outcomesOf(roles, events, names, isText);
  const reasons: ColumnReason[] = [];
  const addReason = (
    { path }: TableProfile,
    { name, source }: Pick<ColumnProfile, 'name' | 'source'>,
    taken: string,
    because: string,
  ): void => {
    reasons.push({ file: nameOf(source?.path ?? path), column: source?.name ?? name, taken, because });
  };

  const areLines = events.kind === 'lines';
  const gaps = gapsOf(events, roles, item.column);
  const isDropped = (gap: JoinGap): boolean => (answers[gap.question] ?? gap.likely) === 'keep';
  const joinOf = (side: KeySide): Join | undefined => {
    const join = side === 'item' && roles.items?.column !== item.column ? undefined : roles[`${side}s`];
    return join && !gaps.some((gap) => gap.join === join && isDropped(gap)) ? withOwnNames(join, side) : undefined;
  };
  const [itemJoin, userJoin] = [joinOf('item'), joinOf('user')];
  const missingRows = missingShare(events, itemJoin) + missingShare(events, userJoin);
  const isPerUser = areLines && files.parts !== undefined;
  const isBasket = !!user && !!roles.time && !areLines && areSimultaneous(events, user.column, roles.time.column);
  const hasOrder = areLines
    ? !isPerUser && (answers.order ?? (isSorted(events) ? 'no' : 'yes')) === 'yes'
    : roles.time !== undefined && !isBasket;
  const perUser = user ? rowsPerValue(user.column) : 0;
  const listColumn = hasOrder || isText ? undefined : listedItems(events, roles, item.column);
  const kind: ModelCase = isText
    ? 'text'
    : listColumn
      ? 'listed'
      : !user
        ? 'context'
        : perUser < 1.5
          ? 'features'
          : hasOrder
            ? 'past'
            : 'others';

  const feedName = (taken: ColumnChoice, otherwise: string): FedName => {
    const name = names.of(taken.column.name, otherwise);
    if (areLines) return { name: otherwise, sql: sqlName(taken.column.name) };
    return { name, ...(name === taken.column.name ? {} : { sql: taken.column.name }) };
  };
  // If a text is its own key, the key gets another name.
  const itemFed: FedName = texts?.item ? { name: 'answer_id', sql: item.column.name } : feedName(item, 'item_id');
  const userFed = user && feedName(user, 'user_id');
  const time = hasOrder ? timeEntry(events, roles, areLines, answers) : undefined;

  if (user) addReason(events, user.column, isText ? 'key of the question' : 'key of the user', user.guess.because);
  if (roles.item || !isText) addReason(events, item.column, 'key of the item', item.guess.because);
  if (isBasket)
    addReason(
      events,
      roles.time.column,
      'left out',
      `all events with the same \`${user.column.name}\` have one time, so none of them comes before another`,
    );
  else if (roles.time && !areLines) addReason(events, roles.time.column, 'time', roles.time.guess.because);
  if (areLines) {
    addReason(
      events,
      { name: 'position' },
      hasOrder ? 'time' : 'left out',
      hasOrder
        ? 'the items of a line seem to be in the order of events'
        : 'the items of a line seem to be in no order of events',
    );
  }

  const features: StarterFeature[] = [];
  const addFeature = (
    table: TableProfile,
    column: ColumnProfile,
    side: StarterFeature['side'],
    isFile: boolean,
    because = '',
  ): void => {
    const to: DescribeContext = { table, side, names, readsText: isText, isFile };
    const { feature, taken, because: why } = describe(column, to);
    addReason(
      table,
      column,
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
    if (column === listColumn)
      addReason(events, column, 'history', 'its elements are items, and never the item of the row');
    else if (outcome) addReason(events, column, outcome, guess.because);
    else if (guess.role === 'fold') {
      fold = column;
      addReason(events, column, 'split', guess.because);
    } else if (column === item.column) continue;
    else if (isText) {
      const isQuery = column === texts.query;
      if (isQuery) addFeature(events, column, 'query', false);
      else if (guess.role === 'text' && !itemJoin && texts.query !== column) addFeature(events, column, 'item', false);
      else addReason(events, column, 'left out', `a question and a text are enough to begin with; ${guess.because}`);
    } else placeColumn(column, guess.because);
  }
  function placeColumn(column: ColumnProfile, because: string): void {
    if (events.joined?.some((file) => file.column === column.name)) {
      addReason(events, column, 'joins', 'it is the key of the file whose columns are beside it');
      return;
    }
    const describesItem = dependence(events, item!.column, column) >= 0.97 && !itemJoin;
    const describesUser = userKeys !== undefined && dependence(events, userKeys, column) >= 0.97;
    const isOutcome = meansOf(column.name, 'outcome') !== undefined && !describesItem && !describesUser;
    // A rating in words, or one that is a mean over all events of an item.
    if (isOutcome || meansOf(column.name, 'rating') !== undefined) {
      addReason(events, column, 'left out', 'it may be known only after the event');
    } else if (describesUser && !userJoin && !(describesItem && meansOf(column.name, 'item'))) {
      addFeature(events, column, 'query', false, 'it is the same in all rows of a user');
    } else if (describesItem) {
      addFeature(events, column, 'item', false, 'it is the same in all rows of an item');
    } else if (kind === 'context' || meansOf(column.name, 'context') !== undefined) {
      if (isMeasure(column, kind))
        addReason(events, column, 'left out', `${because}, and it may be known only after the event`);
      else addFeature(events, column, 'query', false, 'it seems to be known before the event');
    } else addReason(events, column, 'left out', `${because}, and it may be known only after the event`);
  }
  const addJoined = (join: Join, side: StarterFeature['side']): void => {
    addReason(
      join.table,
      join.key,
      'joins',
      `${Math.round(join.overlap * 100)} % of \`${join.column.name}\` in the events have a row here`,
    );
    for (const column of join.table.columns) if (column !== join.key) addFeature(join.table, column, side, true);
  };
  for (const { path, key, column, overlap } of events.joined ?? []) {
    const because = `${Math.round(overlap * 100)} % of \`${column}\` in the events have a row here, whose values are copied beside theirs`;
    addReason(events, { name: key, source: { path, name: key } }, 'joins', because);
  }
  if (itemJoin) addJoined(itemJoin, 'item');
  if (userJoin) addJoined(userJoin, 'query');

  if (isText && !features.some(({ side, isIdea }) => side === 'item' && !isIdea)) {
    const answerColumn = names.of(item.column.name, 'answer');
    features.push({
      name: answerColumn,
      side: 'item',
      kind: 'text(words, hash: 30_000, dim: 64)',
      ...(answerColumn === item.column.name ? {} : { sql: item.column.name }),
      why: 'its words, each with a vector',
    });
  }
  if (kind === 'context' && !features.some(({ side, isIdea }) => side === 'query' && !isIdea)) {
    return noEvents(problemOfQuery(events), [keyQuestion('user', files)]);
  }
  const keysProblem =
    kind === 'features' ? problemOfKeys(events, { user: user?.column, item: item.column }, features) : undefined;
  if (keysProblem !== undefined) return noEvents(keysProblem);

  const shownFeatures = limitFeatures(features);
  const unshownCount = features.length - shownFeatures.length;
  const notes = [
    ...files.unused.map(({ table, because }) => `${baseOf(table.path)} is not used: ${because}.`),
    ...(unshownCount > 0
      ? [`${unshownCount} more columns could be features: the model leaves them out, so that it can be read.`]
      : []),
    ...(isText || roles.time || answers.time === 'none' ? [] : unreadTimes(events)),
    ...(kind === 'features' && perUser < 1.1 && !features.some(({ side, isIdea }) => side === 'query' && !isIdea)
      ? [
          `\`${user!.column.name}\` comes up about once for each user: a model cannot know what a user likes, and ranks nearly alike for all.`,
        ]
      : []),
    ...gaps
      .filter(isDropped)
      .map(
        ({ join, share }) =>
          `${baseOf(join.table.path)} is not used: it has no row of ${Math.round(share * 100)} % of the events.`,
      ),
    ...files.spare.map(({ table, column }) => unusedJoin(baseOf(table.path), column, itemJoin, userJoin)),
  ];
  const size = {
    events: events.count + files.more.reduce((sum, { count }) => sum + count, 0),
    items: itemJoin?.table.count ?? item.column.distinct,
    perUser,
  };
  // With so many events, `where` keeps only a sample of the users.
  const trainedEvents = user && size.events > MANY ? 1_000_000 : size.events;
  const title = titleOf(itemJoin?.table ?? events, itemJoin ? undefined : item.column);
  const { parts } = files;
  const partTables = [parts?.validation ?? [], parts?.test ?? []].flat();
  const eventFile = namedFile(events, { more: files.more, parts: partTables }, nameOf);
  const readName = (path: string): string => eventFile.copies.find(({ from }) => from === path)?.to ?? nameOf(path);
  const keyRename = (join: Join): { column: ColumnProfile; as: string } | undefined =>
    join.key.name.toLowerCase() === join.column.name.toLowerCase()
      ? undefined
      : { column: join.key, as: join.column.name };
  return {
    case: kind,
    name: slug(stemOf(events.path), 'data'),
    events: eventFile,
    ...(itemJoin ? { items: namedFile(itemJoin.table, {}, nameOf, keyRename(itemJoin)) } : {}),
    ...(userJoin ? { users: namedFile(userJoin.table, {}, nameOf, keyRename(userJoin)) } : {}),
    ...(userFed ? { user: userFed } : {}),
    item: itemFed,
    ...(listColumn ? { history: listSql(listColumn) ?? listColumn.name } : {}),
    ...(time ? { time } : {}),
    split: splitOf(files, fold, hasOrder, areLines, readName, heldOut({ ...size, events: trainedEvents })),
    ...whereOf(outcomes.where, events.count, user?.column),
    seen: seenOf(events, user?.column, item.column, isText || kind === 'context'),
    ...rejectOf(events, [user?.column, item.column], hasOrder ? roles.time?.column : undefined, missingRows),
    perUser: isPerUser,
    ...(title === undefined ? {} : { title }),
    features: sumsLists(kind) ? shownFeatures.map((feature) => ({ ...feature, isIdea: true })) : shownFeatures,
    labels: isText ? [] : outcomes.labels,
    ...(outcomes.weight ? { weight: outcomes.weight } : {}),
    size,
    reasons,
    questions: initQuestions(files, isText, gaps, answers),
    notes,
  };
}

/** Renames columns of a joined file whose names may occur in other files, because files without a header number their columns in the same way. */
function withOwnNames(join: Join, side: 'user' | 'item'): Join {
  const { table, key, column: joinedColumn } = join;
  const hasNames = table.rewrite?.hasHeader ?? true;
  const columns = table.columns.map((column) => {
    const isTaken = !hasNames || column.name.toLowerCase() === joinedColumn.name.toLowerCase();
    return column !== key && isTaken ? { ...column, name: `${side}_${column.place + 1}` } : column;
  });
  return { ...join, table: { ...table, columns } };
}

/** Finds a column that lists other items of the user in each row. A list of items that were shown does not count. */
function listedItems(events: TableProfile, { others }: EventRoles, item: ColumnProfile): ColumnProfile | undefined {
  return others
    .filter(({ guesses }) => guesses[0]?.role === 'list')
    .map(({ column }) => column)
    .find((column) => {
      if (/shown|impression|candidate|negative|expos|slate/i.test(column.name)) return false;
      let [elementCount, knownItems, rowsWithOwnItem] = [0, 0, 0];
      for (const row of events.rows.slice(0, 5000)) {
        const cell = row[column.place] ?? null;
        const listedKeys = Array.isArray(cell) ? cell.map(String) : elementsOfText(String(cell ?? ''), column);
        elementCount += listedKeys.length;
        knownItems += listedKeys.filter((each) => item.values.has(each)).length;
        if (listedKeys.includes(String(row[item.place]))) rowsWithOwnItem++;
      }
      return knownItems > elementCount * 0.5 && rowsWithOwnItem < events.rows.length * 0.02;
    });
}

/** Reports columns that are named like a time but cannot be read as one. */
function unreadTimes({ columns }: TableProfile): string[] {
  return columns
    .filter(({ name, kind, time, distinct }) => {
      const isValue = kind === 'text' || kind === 'integer' || kind === 'decimal';
      return isValue && time === undefined && distinct > 20 && meansOf(name, 'time') !== undefined;
    })
    .map(({ name, top }) => {
      const shown = top.slice(0, 2).map(([value]) => `\`${value.slice(0, 40)}\``);
      return `\`${name}\` is named like a time, and its values, such as ${shown.join(' and ')}, are in no form that \`tower init\` knows. If it is one, add \`time = ${inQuotes(`strptime(${sqlName(name)}, '…')`)}\` to the data block.`;
    });
}

/** Finds a question column and the text that answers it: in events without a user, if a column is a query or the table is small. */
function textsOf(
  roles: EventRoles,
  { kind, columns }: TableProfile,
): { readonly query: ColumnProfile; readonly item?: ColumnChoice } | undefined {
  const isPerson = roles.user && meansOf(roles.user.column.name, 'query') === undefined;
  if (isPerson || kind === 'lines') return undefined;
  const texts = roles.others.filter(({ guesses }) => guesses.some(({ role }) => role === 'text' || role === 'query'));
  const namedQuery = texts.find(({ guesses }) => guesses[0]!.role === 'query')?.column;
  const query = namedQuery ?? (columns.length <= 4 && !roles.time ? texts[0]?.column : undefined);
  if (query === undefined) return undefined;
  const { item, items } = roles;
  if (item && item.column !== query) {
    const isText = item.column.meanWords > 2;
    const hasText = isText || items?.table.columns.some((column) => column.kind === 'text' && column.meanWords > 1.5);
    const hasOther = texts.some(({ column }) => column !== query);
    return hasText || hasOther ? { query, ...(isText ? { item } : {}) } : undefined;
  }
  const answerColumn = texts.find(({ column }) => column !== query)?.column;
  return (
    answerColumn && {
      query,
      item: { column: answerColumn, guess: { role: 'item', score: 0.5, because: 'it is the text that answers' } },
    }
  );
}

/** True for numbers of an event without a user, which are usually its outcome. */
function isMeasure({ kind, distinct }: ColumnProfile, of: ModelCase): boolean {
  return of === 'context' && (kind === 'decimal' || (kind === 'integer' && distinct > 100));
}

function limitFeatures(features: readonly StarterFeature[]): readonly StarterFeature[] {
  const chosenFeatures = new Set<StarterFeature>();
  for (const side of ['query', 'item'] as const) {
    const ownFeatures = features.filter((feature) => feature.side === side && !feature.isIdea);
    const orderedFeatures = [
      ...ownFeatures.filter(({ kind }) => !kind.startsWith('number')),
      ...ownFeatures.filter(({ kind }) => kind.startsWith('number')),
    ];
    for (const feature of [...orderedFeatures]
      .sort((a, b) => Number(b.kind.startsWith('list')) - Number(a.kind.startsWith('list')))
      .slice(0, maxFeatures))
      chosenFeatures.add(feature);
  }
  let ideas = 0;
  return features
    .map((feature) =>
      feature.isIdea || chosenFeatures.has(feature)
        ? feature
        : { ...feature, isIdea: true, why: 'try it: there are many features already' },
    )
    .filter(({ isIdea }) => !isIdea || ++ideas <= maxIdeas);
}

function unusedJoin(name: string, column: ColumnProfile, item: Join | undefined, user: Join | undefined): string {
  const first = [item, user].find((join) => join?.column === column);
  return first
    ? `${name} is not used: a data block joins one file by \`${column.name}\`. Put its columns into the other file.`
    : `${name} is not used: it describes \`${column.name}\`, which is neither the user nor the item.`;
}
