/** Asks questions that the files leave open, whose first choice is the default, and explains why nothing can be learned from some tables. */

import type { ColumnProfile, TableProfile } from './column_profile.ts';
import { meansOf } from './column_words.ts';
import { isSorted, type JoinGap } from './data_entries.ts';
import { isKeyLike, isNameless, rowsPerValue } from './guesses/key_guesses.ts';
import { baseOf, dependence } from './joins.ts';
import type { InitAnswers, InitQuestion, StarterFeature } from './proposal.ts';
import type { ColumnChoice, EventRoles, FileChoice, KeySide } from './roles.ts';
import { isDoubtful } from './times.ts';

/** Makes choices of values and their texts. */
export const choicesOf = (texts: InitAnswers): InitQuestion['choices'][number][] =>
  Object.entries(texts).map(([value, text]) => ({ value, text }));

/** Asks for the column that identifies the user or the item. The guessed column comes first. */
export function keyQuestion(side: KeySide, { roles }: FileChoice): InitQuestion {
  const guessedColumn = roles[side]?.column;
  const keys = new Set([guessedColumn ?? [], roles.candidates[side]].flat());
  const columns = [...keys].slice(0, 8).map(({ name, top }) => {
    const examples = top.slice(0, 3).map(([value]) => value.slice(0, 20));
    return { value: name, text: `${name} (${examples.join(', ')}, …)` };
  });
  const noneChoice = side === 'user' ? choicesOf({ none: 'none of them' }) : [];
  return {
    id: side,
    text: `Which column names the ${side}?`,
    choices: guessedColumn ? [...columns, ...noneChoice] : [...noneChoice, ...columns],
  };
}

/** Asks about a table that does not seem to contain events. */
export const eventsQuestion = (files: FileChoice): InitQuestion => ({
  id: 'user',
  text: `${baseOf(files.events.path)} seems to hold no events. Which column names who chose something?`,
  choices: [
    ...choicesOf({ none: 'none: there are no events' }),
    ...keyQuestion('user', files).choices.filter(({ value }) => value !== 'none'),
  ],
});

export function initQuestions(
  files: FileChoice,
  isText: boolean,
  gaps: readonly JoinGap[],
  answers: InitAnswers,
): InitQuestion[] {
  const { events, rivals, roles } = files;
  const areLines = events.kind === 'lines';
  const hasKeys = !isText && !areLines;
  const questions: InitQuestion[] = [
    {
      id: 'events',
      text: 'Which file holds the events to learn from?',
      choices: [events, ...rivals].map(({ path, count }) => ({
        value: path,
        text: `${baseOf(path)} (${count.toLocaleString('en')} rows)`,
      })),
    },
  ];
  const determined = hasKeys ? determinedKey(events, roles) : undefined;
  for (const side of hasKeys ? (['user', 'item'] as const) : []) {
    if (side === 'item' && determined !== undefined) continue;
    const isGuess = (roles[side]?.guess.score ?? 0) < 0.5;
    const isOpen = isGuess && roles[side] !== undefined && roles[`${side}s`] === undefined;
    if (isGuess || roles.tied.includes(side)) questions.push({ ...keyQuestion(side, files), isOpen });
  }
  if (determined !== undefined) {
    const { text, ...question } = keyQuestion('item', files);
    questions.push({ ...question, text: `${determined} ${text}`, isOpen: true });
  }
  for (const { join, share, question, likely } of gaps) {
    const file = baseOf(join.table.path);
    const choices = choicesOf({ leave: 'leave these events out', keep: `keep all events, and do without ${file}` });
    questions.push({
      id: question,
      text: `${Math.round(share * 100)} % of the events are of ${question === 'missing' ? 'items' : 'users'} that ${file} has no row of. What should happen to them?`,
      choices: likely === 'keep' ? choices.reverse() : choices,
    });
  }
  const timeColumn = roles.time?.column;
  if (timeColumn?.time && isDoubtful(timeColumn.time)) {
    questions.push({
      id: 'days',
      text: `\`${timeColumn.name}\` has dates such as ${timeColumn.top[0]![0]}. Which comes first?`,
      choices: choicesOf({ month: 'the month', day: 'the day' }),
    });
  }
  if (areLines && !files.parts) {
    const choices = choicesOf({ yes: 'yes, the first item came first', no: 'no' });
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
  if (dependence(user.column, item.column) >= 0.97) return `Each ${userName} always has the same ${itemName}.`;
  const isOnce = events.isWhole && rowsPerValue(item.column) < 1.02 && item.column.present > 20;
  if (isOnce || dependence(item.column, user.column) >= 0.97) return `Each ${itemName} belongs to one ${userName}.`;
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
  const [refused] = actions.every(isAlwaysNo) ? actions : [];
  return (
    refused &&
    `\`${refused.name}\` is ${refused.top[0]![0]} in all rows of ${nameOf(events)}, so no row says what somebody chose. Remove the column if it means nothing`
  );
}

/** True for an action column such as `clicked` with no in all rows. */
const isAlwaysNo = ({ name, distinct, top, present, rows }: ColumnProfile): boolean =>
  meansOf(name, 'title') === undefined &&
  distinct === 1 &&
  present === rows &&
  /^(0|false|f|no|n|nein)$/i.test(top[0]![0]);

export function problemOfPairs(events: TableProfile, { user, item }: EventRoles): string | undefined {
  const isGivenByUser = [user, item].every((choice) => choice?.guess.because === 'you said so');
  if (isGivenByUser) return undefined;
  const isKnown = (choice: ColumnChoice | undefined): boolean =>
    choice !== undefined && (choice.guess.score >= 0.5 || isNameless(choice.column));
  const isOnce = ({ column }: ColumnChoice): boolean => rowsPerValue(column) < 1.1;
  if (!item)
    return (
      problemOfOne(events, ['item', 'user']) ??
      problemOfDescription(events) ??
      `no column of ${nameOf(events)} seems to name an item`
    );
  const areUnknown = !isKnown(user) && !isKnown(item);
  const describes = areUnknown || (user ? isOnce(user) && !isKnown(item) : isOnce(item));
  return describes ? problemOfDescription(events) : undefined;
}

/** Reports a table with a column whose values identify the rows and are neither times nor measurements. */
function problemOfDescription(events: TableProfile): string | undefined {
  const key = events.columns.find((column) => {
    const { present, distinct, rows, time, kind } = column;
    const isName = kind === 'text' || column.place === 0 || meansOf(column.name, 'id') !== undefined;
    return isName && isKeyLike(column) && time === undefined && distinct > present * 0.95 && present > rows * 0.9;
  });
  if (key === undefined) return undefined;
  const otherColumns = events.columns.filter((column) => column !== key).slice(0, 3);
  const shownNames = otherColumns.map(({ name }) => `\`${name}\``).join(', ');
  return `${nameOf(events)} has a row for each \`${key.name}\`, with ${shownNames}: it seems to describe items or users, and a model learns from events, with a user and an item in each row`;
}

/** Reports a column of users or items with the same value in all rows. */
function problemOfOne(events: TableProfile, meanings: readonly KeySide[]): string | undefined {
  const constant = events.columns.find(
    ({ name, distinct }) => distinct === 1 && meanings.some((meaning) => meansOf(name, meaning) !== undefined),
  );
  return (
    constant &&
    `\`${constant.name}\` is \`${constant.top[0]![0].slice(0, 40)}\` in all rows of ${nameOf(events)}: a model learns from several users and several items`
  );
}

export const problemOfQuery = (events: TableProfile): string =>
  problemOfOne(events, ['user']) ??
  problemOfDescription(events) ??
  `${nameOf(events)} has no column of a user, a question or a situation, so nothing asks for an item`;

/** Reports keys that occur only once each, if no feature says what they have in common. */
export function problemOfKeys(
  events: TableProfile,
  user: ColumnProfile,
  item: ColumnProfile,
  features: readonly StarterFeature[],
): string | undefined {
  const areOnce = [user, item].every(({ distinct, present }) => distinct * 1.02 >= present);
  if (!events.isWhole || !areOnce || features.some(({ isIdea }) => !isIdea)) return undefined;
  return `each \`${user.name}\` and each \`${item.name}\` of ${nameOf(events)} comes up once, and no column describes them: no event says anything about another`;
}
