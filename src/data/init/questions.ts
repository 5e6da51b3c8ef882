/** Asks questions that the files leave open, whose first choice is the default, and explains why nothing can be learned from some tables. */
import { isSorted, type JoinGap } from './entries.ts';
import type { FileChoice } from './file_choice.ts';
import { isKeyLike, isNameless, rowsPerValue } from './guesses/keys.ts';
import { baseOf, dependence } from './joins.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { InitAnswers, InitQuestion, StarterFeature } from './proposal.ts';
import type { ColumnChoice, EventRoles, KeySide } from './roles.ts';
import { doubtfulForms } from './times.ts';
import { meansOf } from './words.ts';

const noneChoice = { value: 'none', text: 'none of them' };

/** Asks for the column that identifies the user or the item. The guessed column comes first. */
export function keyQuestion(side: KeySide, { roles }: FileChoice): InitQuestion {
  const guessedColumn = roles[side]?.column;
  const columns = [...new Set([...(guessedColumn ? [guessedColumn] : []), ...roles.candidates[side]])]
    .slice(0, 8)
    .map(choiceOf);
  const isOptional = side === 'user';
  return {
    id: side,
    text: `Which column names the ${side}?`,
    choices: !isOptional ? columns : guessedColumn ? [...columns, noneChoice] : [noneChoice, ...columns],
  };
}

const choiceOf = ({ name, top }: ColumnProfile): InitQuestion['choices'][number] => ({
  value: name,
  text: `${name} (${top
    .slice(0, 3)
    .map(([value]) => value.slice(0, 20))
    .join(', ')}, …)`,
});

/** Asks about a table that does not seem to contain events. */
export const eventsQuestion = (files: FileChoice): InitQuestion => {
  const { choices } = keyQuestion('user', files);
  return {
    id: 'user',
    text: `${baseOf(files.events.path)} seems to hold no events. Which column names who chose something?`,
    choices: [{ value: 'none', text: 'none: there are no events' }, ...choices.filter(({ value }) => value !== 'none')],
  };
};

export function initQuestions(
  files: FileChoice,
  isText: boolean,
  gaps: readonly JoinGap[],
  answers: InitAnswers,
): InitQuestion[] {
  const { events, rivals, roles } = files;
  const areLines = events.kind === 'lines';
  const questions: InitQuestion[] = [];
  if (rivals.length > 0)
    questions.push({
      id: 'events',
      text: 'Which file holds the events to learn from?',
      choices: [events, ...rivals].map(({ path, count }) => ({
        value: path,
        text: `${baseOf(path)} (${count.toLocaleString('en')} rows)`,
      })),
    });
  for (const side of ['user', 'item'] as const) {
    if (isText || areLines) continue;
    const isGuess = (roles[side]?.guess.score ?? 0) < 0.5;
    const isOpen = isGuess && roles[side] !== undefined && roles[`${side}s`] === undefined;
    if (isGuess || roles.tied.includes(side)) questions.push({ ...keyQuestion(side, files), isOpen });
  }
  const determined = isText || areLines ? undefined : determinedKey(events, roles);
  if (determined !== undefined) {
    const { text, ...question } = keyQuestion('item', files);
    const asked = questions.findIndex(({ id }) => id === 'item');
    if (asked >= 0) questions.splice(asked, 1);
    questions.push({ ...question, text: `${determined} ${text}`, isOpen: true });
  }
  for (const { join, share, question, likely } of gaps) {
    const file = baseOf(join.table.path);
    const choices = [
      { value: 'leave', text: 'leave these events out' },
      { value: 'keep', text: `keep all events, and do without ${file}` },
    ];
    questions.push({
      id: question,
      text: `${Math.round(share * 100)} % of the events are of ${question === 'missing' ? 'items' : 'users'} that ${file} has no row of. What should happen to them?`,
      choices: likely === 'keep' ? choices.reverse() : choices,
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
      choices: isSorted(events) ? choices.reverse() : choices,
    });
  }
  return questions.filter(({ id, choices }) => answers[id] === undefined && choices.length > 1);
}

/** Says that one key follows from the other, so that a model of both would only learn that. Users who come once are known by other columns. */
function determinedKey(events: TableProfile, { user, item }: EventRoles): string | undefined {
  if (!user || !item || rowsPerValue(user.column) < 1.1) return undefined;
  const [userName, itemName] = [user.column, item.column].map(({ name }) => `\`${name}\``);
  if (dependence(events, user.column, item.column) >= 0.97) return `Each ${userName} always has the same ${itemName}.`;
  const isOnce = events.isWhole && rowsPerValue(item.column) < 1.02 && item.column.present > 20;
  if (isOnce || dependence(events, item.column, user.column) >= 0.97)
    return `Each ${itemName} belongs to one ${userName}.`;
  return undefined;
}

// Explains in a sentence why nothing can be learned from tables.

/** Fewer events leave no training part. */
const minEvents = 3;

const nameOf = ({ path }: TableProfile): string => `\`${baseOf(path)}\``;

/** Finds problems that no answer can solve, before keys are guessed. */
export function problemOfRows(events: TableProfile): string | undefined {
  if (events.count < minEvents && events.isWhole)
    return `${nameOf(events)} has ${events.count === 1 ? 'one row' : `${events.count} rows`}: a model learns from many events`;
  const actions = events.columns.filter(({ name, distinct }) => meansOf(name, 'action') !== undefined && distinct <= 2);
  const refusedColumn = actions.every(isAlwaysNo) ? actions[0] : undefined;
  if (refusedColumn)
    return `\`${refusedColumn.name}\` is ${refusedColumn.top[0]![0]} in all rows of ${nameOf(events)}, so no row says what somebody chose. Remove the column if it means nothing`;
  return undefined;
}

/** True for an action column such as `clicked` with no in all rows. */
function isAlwaysNo({ name, distinct, top, present, rows }: ColumnProfile): boolean {
  const isActionName = meansOf(name, 'action') !== undefined && meansOf(name, 'title') === undefined;
  return isActionName && distinct === 1 && present === rows && /^(0|false|f|no|n|nein)$/i.test(top[0]![0]);
}

export function problemOfPairs(events: TableProfile, { user, item }: EventRoles): string | undefined {
  const isGivenByUser = [user, item].every((taken) => taken?.guess.because === 'you said so');
  if (isGivenByUser) return undefined;
  const constantColumn = events.columns.find(
    ({ name, distinct }) => distinct === 1 && (meansOf(name, 'item') ?? meansOf(name, 'user')) !== undefined,
  );
  if (constantColumn && !item) return problemOfOne(events, constantColumn);
  const isKnown = (taken: ColumnChoice | undefined): boolean =>
    taken !== undefined && (taken.guess.score >= 0.5 || isNameless(taken.column));
  const isOnce = ({ column }: ColumnChoice): boolean => rowsPerValue(column) < 1.1;
  const areUnknown = !isKnown(user) && !isKnown(item);
  const describes = !item || areUnknown || (user ? isOnce(user) && !isKnown(item) : isOnce(item));
  const description = describes ? problemOfDescription(events) : undefined;
  return description ?? (item ? undefined : `no column of ${nameOf(events)} seems to name an item`);
}

function problemOfDescription(events: TableProfile): string | undefined {
  const key = describedKey(events);
  if (key === undefined) return undefined;
  const others = events.columns.filter((column) => column !== key).slice(0, 3);
  const shownNames = others.map(({ name }) => `\`${name}\``).join(', ');
  return `${nameOf(events)} has a row for each \`${key.name}\`, with ${shownNames}: it seems to describe items or users, and a model learns from events, with a user and an item in each row`;
}

/** Finds a column whose values identify the rows and are neither times nor measurements. */
const describedKey = ({ columns }: TableProfile): ColumnProfile | undefined =>
  columns.find((column) => {
    const { present, distinct, rows, time, kind } = column;
    const isName = kind === 'text' || column.place === 0 || meansOf(column.name, 'id') !== undefined;
    return isName && isKeyLike(column) && time === undefined && distinct > present * 0.95 && present > rows * 0.9;
  });

const problemOfOne = (events: TableProfile, { name, top }: ColumnProfile): string =>
  `\`${name}\` is \`${top[0]![0].slice(0, 40)}\` in all rows of ${nameOf(events)}: a model learns from several users and several items`;

export function problemOfQuery(events: TableProfile): string {
  const constantColumn = events.columns.find(
    ({ name, distinct }) => distinct === 1 && meansOf(name, 'user') !== undefined,
  );
  return constantColumn
    ? problemOfOne(events, constantColumn)
    : (problemOfDescription(events) ??
        `${nameOf(events)} has no column of a user, a question or a situation, so nothing asks for an item`);
}

/** Reports keys that occur only once each, if no feature says what they have in common. */
export function problemOfKeys(
  events: TableProfile,
  keys: { readonly user: ColumnProfile | undefined; readonly item: ColumnProfile },
  features: readonly StarterFeature[],
): string | undefined {
  const isOnce = (column: ColumnProfile): boolean => column.distinct * 1.02 >= column.present;
  if (!events.isWhole || keys.user === undefined || !isOnce(keys.user) || !isOnce(keys.item)) return undefined;
  const hasFeature = (side: StarterFeature['side']): boolean =>
    features.some((each) => each.side === side && !each.isIdea);
  if (hasFeature('query') || hasFeature('item')) return undefined;
  return `each \`${keys.user.name}\` and each \`${keys.item.name}\` of ${nameOf(events)} comes up once, and no column describes them: no event says anything about another`;
}
