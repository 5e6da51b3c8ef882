/** Combines the guesses about all files into a starter project. Long because each part of the proposal depends on the previous ones. */
import { quoteSqlName } from '../../base/text/sql.ts';
import { describe, elementsOfText } from './choose_features.ts';
import { type ColumnProfile, listSql, type TableProfile } from './column_profile.ts';
import { makeNames, meansOf, slug } from './column_words.ts';
import {
  areSimultaneous,
  gapsOf,
  heldOut,
  isSorted,
  type JoinGap,
  MANY,
  missingShare,
  namedFile,
  outcomesOf,
  rejectOf,
  seenOf,
  splitOf,
  timeEntry,
  titleOf,
  whereOf,
} from './data_entries.ts';
import { rowsPerValue } from './guesses/key_guesses.ts';
import {
  eventsQuestion,
  initQuestions,
  keyQuestion,
  problemOfKeys,
  problemOfPairs,
  problemOfQuery,
  problemOfRows,
} from './init_questions.ts';
import { baseOf, dependence, type Join, stemOf } from './joins.ts';
import { markQuestion, matrixOf, reasonOfMelted } from './matrix.ts';
import { sumsLists } from './model_text.ts';
import type { FedName, InitAnswers, InitQuestion, ModelCase, Proposal, StarterFeature } from './proposal.ts';
import { type ColumnChoice, type EventRoles, filesOf, type KeySide, whyUnused } from './roles.ts';
import { inQuotes, present } from './tower_lines.ts';

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
  const meltedTables = tables.map((table, index) => matrices[index]?.table ?? table);
  const melted = proposeOf(meltedTables, answers, nameOf);
  if ('problem' in melted) return proposal;
  const matrix = matrices.find((candidate) => candidate?.table.path === melted.events.sources[0]);
  if (matrix === undefined) return proposal;
  const { mark, table } = matrix;
  const file = nameOf(table.path);
  return {
    ...melted,
    reasons: melted.reasons.map((reason) => (reason.file === file ? reasonOfMelted(table.melted!, reason) : reason)),
    questions: [...melted.questions, ...(mark && answers.no_value === undefined ? [markQuestion(mark)] : [])],
  };
}

/** Long because each part of the proposal depends on the previous ones: keys and joins on files, features on keys. */
function proposeOf(
  tables: readonly TableProfile[],
  answers: InitAnswers,
  nameOf: (path: string) => string,
): Proposal | NoEvents {
  const files = filesOf(tables, answers);
  const { events, roles, parts, more } = files;
  const noEvents = (problem: string, questions: readonly InitQuestion[] = []): NoEvents => ({
    problem,
    questions: questions.filter(({ id, choices }) => answers[id] === undefined && choices.length > 1),
  });
  const rowsProblem = problemOfRows(events);
  if (rowsProblem !== undefined) return noEvents(rowsProblem);
  const names = makeNames([events, ...tables].flatMap(({ columns }) => columns.map(({ name }) => name)));
  const texts = textsOf(roles, events);
  const isText = texts !== undefined;
  const pairsProblem = isText ? undefined : problemOfPairs(events, roles);
  if (pairsProblem !== undefined)
    return noEvents(pairsProblem, [
      eventsQuestion(files),
      ...(answers.user === undefined || answers.user === 'none' ? [] : [keyQuestion('item', files)]),
    ]);
  const { user, time } = roles;
  const item = (texts?.item ?? roles.item)!;
  const outcomes = outcomesOf(roles, names, isText);
  const reasons: Proposal['reasons'][number][] = [];
  const addReason = ({ file: { path, name } }: Pick<ColumnProfile, 'file'>, role: string, because: string): void => {
    reasons.push({ file: nameOf(path), column: name, taken: role, because });
  };
  const leaveOut = (column: ColumnProfile, because: string): void => addReason(column, 'left out', because);

  const areLines = events.kind === 'lines';
  const gaps = gapsOf(roles, item.column);
  const isDropped = (gap: JoinGap): boolean => (answers[gap.question] ?? gap.likely) === 'keep';
  const joinOf = (join: Join | undefined, side: KeySide): Join | undefined =>
    join && !gaps.some((gap) => gap.join === join && isDropped(gap)) ? withOwnNames(join, side) : undefined;
  const itemJoin = joinOf(roles.items?.column === item.column ? roles.items : undefined, 'item');
  const userJoin = joinOf(roles.users, 'user');
  const isPerUser = areLines && parts !== undefined;
  const isBasket = !!user && !!time && !areLines && areSimultaneous(user.column, time.column);
  const linesHaveOrder = !isPerUser && (answers.order ?? (isSorted(events) ? 'no' : 'yes')) === 'yes';
  const hasOrder = areLines ? linesHaveOrder : time !== undefined && !isBasket;
  const perUser = user ? rowsPerValue(user.column) : 0;
  const listColumn = hasOrder || isText ? undefined : listedItems(roles, item.column);
  const caseOf = (): ModelCase => {
    if (isText) return 'text';
    if (listColumn) return 'listed';
    if (!user) return 'context';
    if (perUser < 1.5) return 'features';
    return hasOrder ? 'past' : 'others';
  };
  const kind = caseOf();

  const feedName = ({ column }: ColumnChoice, otherwise: string): FedName => {
    if (areLines) return { name: otherwise, sql: quoteSqlName(column.name) };
    const name = names.of(column.name, otherwise);
    return { name, sql: name === column.name ? undefined : column.name };
  };
  const userFed = user && feedName(user, 'user_id');
  // If a text is its own key, the key gets another name.
  const itemFed = texts?.item ? { name: 'answer_id', sql: item.column.name } : feedName(item, 'item_id');

  if (user) addReason(user.column, isText ? 'key of the question' : 'key of the user', user.guess.because);
  if (roles.item || !isText) addReason(item.column, 'key of the item', item.guess.because);
  if (areLines) {
    const order = hasOrder ? 'the order of events' : 'no order of events';
    addReason(events.columns[2]!, hasOrder ? 'time' : 'left out', `the items of a line seem to be in ${order}`);
  } else if (isBasket) {
    const because = `all events with the same \`${user.column.name}\` have one time, so none of them comes before another`;
    leaveOut(time.column, because);
  } else if (time) addReason(time.column, 'time', time.guess.because);

  const features: StarterFeature[] = [];
  const hasFeature = (side: StarterFeature['side']): boolean =>
    features.some((feature) => feature.side === side && !feature.isIdea);
  const addFeature = (column: ColumnProfile, side: StarterFeature['side'], because = '', isFile = false): void => {
    const { feature, taken, because: why } = describe(column, { side, names, readsText: isText, isFile });
    const role = sumsLists(kind) || feature?.isIdea ? `${side} feature to try` : `${side} feature`;
    if (feature) addReason(column, `${role}: ${taken}`, because === '' ? why : `${why}; ${because}`);
    else addReason(column, taken, why);
    if (feature && !features.some(({ name }) => name.toLowerCase() === feature.name.toLowerCase()))
      features.push(feature);
  };
  const placeColumn = (column: ColumnProfile, because: string): void => {
    if (events.joined?.some((file) => file.column === column.name)) {
      addReason(column, 'joins', 'it is the key of the file whose columns are beside it');
      return;
    }
    const describesItem = dependence(item.column, column) >= 0.97 && !itemJoin;
    const describesUser = user !== undefined && dependence(user.column, column) >= 0.97;
    const isOutcome = meansOf(column.name, 'outcome') !== undefined && !describesItem && !describesUser;
    const isSituation = kind === 'context' || meansOf(column.name, 'context') !== undefined;
    // Numbers of an event without a user are usually its outcome.
    const isNumber = column.kind === 'decimal' || (column.kind === 'integer' && column.distinct > 100);
    const isMeasure = kind === 'context' && isNumber;
    // A rating in words, or one that is a mean over all events of an item.
    if (isOutcome || meansOf(column.name, 'rating') !== undefined)
      leaveOut(column, 'it may be known only after the event');
    else if (describesUser && !userJoin && !(describesItem && meansOf(column.name, 'item')))
      addFeature(column, 'query', 'it is the same in all rows of a user');
    else if (describesItem) addFeature(column, 'item', 'it is the same in all rows of an item');
    else if (isSituation && !isMeasure) addFeature(column, 'query', 'it seems to be known before the event');
    else leaveOut(column, `${because}, and it may be known only after the event`);
  };
  for (const { column, guesses } of areLines ? [] : roles.others) {
    const outcome = outcomes.taken.get(column);
    const { role, because } = guesses[0]!;
    if (column === listColumn) addReason(column, 'history', 'its elements are items, and never the item of the row');
    else if (outcome) addReason(column, outcome, because);
    else if (role === 'fold') addReason(column, 'split', because);
    else if (column === item.column) continue;
    else if (!isText) placeColumn(column, because);
    else if (column === texts.query) addFeature(column, 'query');
    else if (role === 'text' && !itemJoin) addFeature(column, 'item');
    else leaveOut(column, `a question and a text are enough to begin with; ${because}`);
  }
  const fold = roles.others.findLast(({ guesses }) => guesses[0]!.role === 'fold')?.column;
  const overlapText = ({ overlap, column }: { readonly overlap: number; readonly column: string }): string =>
    `${Math.round(overlap * 100)} % of \`${column}\` in the events have a row here`;
  for (const file of events.joined ?? []) {
    const because = `${overlapText(file)}, whose values are copied beside theirs`;
    addReason({ file: { ...file, name: file.key } }, 'joins', because);
  }
  const addJoined = ({ table, key, column, overlap }: Join, side: StarterFeature['side']): void => {
    addReason(key, 'joins', overlapText({ overlap, column: column.name }));
    for (const column of table.columns) if (column !== key) addFeature(column, side, '', true);
  };
  if (itemJoin) addJoined(itemJoin, 'item');
  if (userJoin) addJoined(userJoin, 'query');

  if (isText && !hasFeature('item')) {
    const { name, sql } = feedName(item, 'answer');
    const kind = 'text(words, hash: 30_000, dim: 64)';
    features.push({ name, side: 'item', kind, sql, why: 'its words, each with a vector' });
  }
  if (kind === 'context' && !hasFeature('query')) return noEvents(problemOfQuery(events), [keyQuestion('user', files)]);
  const keysProblem = kind === 'features' ? problemOfKeys(events, user!.column, item.column, features) : undefined;
  if (keysProblem !== undefined) return noEvents(keysProblem);

  const shownFeatures = limitFeatures(features);
  const unshownCount = features.length - shownFeatures.length;
  const notes = [
    ...files.unused.map((table) => `${baseOf(table.path)} is not used: ${whyUnused(table)}.`),
    unshownCount > 0 &&
      `${unshownCount} more ${unshownCount === 1 ? 'column' : 'columns'} could be features: the model leaves some out, so that it can be read.`,
    ...(isText || time || answers.time === 'none' ? [] : unreadTimes(events)),
    kind === 'features' &&
      perUser < 1.1 &&
      !hasFeature('query') &&
      `\`${user!.column.name}\` comes up about once for each user: a model cannot know what a user likes, and ranks nearly alike for all.`,
    ...gaps.filter(isDropped).map(({ join, share }) => {
      const percent = Math.round(share * 100);
      return `${baseOf(join.table.path)} is not used: it has no row of ${percent} % of the events.`;
    }),
    ...files.spare.map(({ table, column }) => {
      const isTaken = [itemJoin, userJoin].some((join) => join?.column === column);
      const why = isTaken
        ? `a data block joins one file by \`${column.name}\`. Put its columns into the other file.`
        : `it describes \`${column.name}\`, which is neither the user nor the item.`;
      return `${baseOf(table.path)} is not used: ${why}`;
    }),
  ];
  const size = {
    events: [events, ...more].reduce((sum, { count }) => sum + count, 0),
    items: itemJoin?.table.count ?? item.column.distinct,
    perUser,
  };
  // With so many events, `where` keeps only a sample of the users.
  const trainedEvents = user && size.events > MANY ? 1_000_000 : size.events;
  const partTables = [parts?.validation ?? [], parts?.test ?? []].flat();
  const eventFile = namedFile(events, nameOf, more, partTables);
  const readName = (path: string): string => eventFile.copies.find(({ from }) => from === path)?.to ?? nameOf(path);
  const missingRows = missingShare(itemJoin) + missingShare(userJoin);
  const keys = [user?.column ?? [], item.column].flat();
  return {
    case: kind,
    name: slug(stemOf(events.path), 'data'),
    events: eventFile,
    items: itemJoin && namedFile(itemJoin.table, nameOf, [], [], itemJoin),
    users: userJoin && namedFile(userJoin.table, nameOf, [], [], userJoin),
    user: userFed,
    item: itemFed,
    history: listColumn && (listSql(listColumn) ?? listColumn.name),
    time: hasOrder ? timeEntry(roles, areLines, answers) : undefined,
    split: splitOf(files, fold, hasOrder, areLines, readName, heldOut({ ...size, events: trainedEvents })),
    where: whereOf(outcomes.where, events.count, user?.column),
    seen: seenOf(user?.column, item.column, isText || kind === 'context'),
    reject: rejectOf(events, keys, hasOrder ? time?.column : undefined, missingRows),
    perUser: isPerUser,
    title: titleOf(itemJoin?.table ?? events, itemJoin ? undefined : item.column),
    features: sumsLists(kind) ? shownFeatures.map((feature) => ({ ...feature, isIdea: true })) : shownFeatures,
    labels: isText ? [] : outcomes.labels,
    weight: outcomes.weight,
    size,
    reasons,
    questions: initQuestions(files, isText, gaps, answers),
    notes: present(notes),
  };
}

/** Renames columns of a joined file whose names may occur in other files, because files without a header number their columns in the same way. */
function withOwnNames(join: Join, side: KeySide): Join {
  const { table, key, column: joinedColumn } = join;
  const hasNames = table.rewrite?.hasHeader ?? true;
  const columns = table.columns.map((column) => {
    const isTaken = !hasNames || column.name.toLowerCase() === joinedColumn.name.toLowerCase();
    const name = `${side}_${column.place + 1}`;
    return column !== key && isTaken ? { ...column, name, file: { ...column.file, name } } : column;
  });
  return { ...join, table: { ...table, columns } };
}

/** Finds a column that lists other items of the user in each row. A list of items that were shown does not count. */
function listedItems({ others }: EventRoles, item: ColumnProfile): ColumnProfile | undefined {
  const isHistory = (column: ColumnProfile): boolean => {
    if (/shown|impression|candidate|negative|expos|slate/i.test(column.name)) return false;
    const lists = column.cells
      .slice(0, 5000)
      .map((cell) => (Array.isArray(cell) ? cell.map(String) : elementsOfText(String(cell ?? ''), column)));
    const elements = lists.flat();
    const knownItems = elements.filter((element) => item.values.has(element)).length;
    const rowsWithOwnItem = lists.filter((list, row) => list.includes(String(item.cells[row]))).length;
    return knownItems > elements.length * 0.5 && rowsWithOwnItem < column.cells.length * 0.02;
  };
  return others.find(({ column, guesses }) => guesses[0]?.role === 'list' && isHistory(column))?.column;
}

/** Reports columns that are named like a time but cannot be read as one. */
const unreadTimes = ({ columns }: TableProfile): string[] =>
  columns
    .filter(({ name, kind, time, distinct }) => {
      const isValue = kind === 'text' || kind === 'integer' || kind === 'decimal';
      return isValue && time === undefined && distinct > 20 && meansOf(name, 'time') !== undefined;
    })
    .map(({ name, top }) => {
      const shown = top.slice(0, 2).map(([value]) => `\`${value.slice(0, 40)}\``);
      return `\`${name}\` is named like a time, and its values, such as ${shown.join(' and ')}, are in no form that \`tower init\` knows. If it is one, add \`time = ${inQuotes(`strptime(${quoteSqlName(name)}, '…')`)}\` to the data block.`;
    });

/** Finds a question column and the text that answers it: in events without a user, if a column is a query or the table is small. */
function textsOf(roles: EventRoles, { kind, columns }: TableProfile) {
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
    return hasText || hasOther ? { query, item: isText ? item : undefined } : undefined;
  }
  const answerColumn = texts.find(({ column }) => column !== query)?.column;
  const guess = { role: 'item', score: 0.5, because: 'it is the text that answers' } as const;
  return answerColumn && { query, item: { column: answerColumn, guess } };
}

/** Shows the first features of each side, lists before numbers, and makes ideas of the others. */
function limitFeatures(features: readonly StarterFeature[]): readonly StarterFeature[] {
  const usefulness = ({ kind }: StarterFeature): number =>
    Number(kind.startsWith('list')) - Number(kind.startsWith('number'));
  const shownOf = (side: StarterFeature['side']): readonly StarterFeature[] =>
    features
      .filter((feature) => feature.side === side && !feature.isIdea)
      .sort((a, b) => usefulness(b) - usefulness(a))
      .slice(0, maxFeatures);
  const shown = [...shownOf('query'), ...shownOf('item')];
  const limited = features.map((feature) =>
    feature.isIdea || shown.includes(feature)
      ? feature
      : { ...feature, isIdea: true, why: 'try it: there are many features already' },
  );
  const ideas = limited.filter(({ isIdea }) => isIdea).slice(0, maxIdeas);
  return limited.filter((feature) => !feature.isIdea || ideas.includes(feature));
}
