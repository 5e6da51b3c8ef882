/** Asks what files do not say: somebody answers, or the first choice counts. */
import { isSorted } from './entries.ts';
import type { FileChoice } from './files.ts';
import { baseOf } from './joins.ts';
import type { ColumnProfile } from './profile.ts';
import type { InitAnswers, InitQuestion } from './proposal.ts';
import type { KeySide } from './roles.ts';
import { doubtfulForms } from './times.ts';

const noneChoice = { value: 'none', text: 'none of them' };

/** Asks which column names the user, or the item; the guessed one comes first. */
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

/** Asks about a table that seems to hold no events. */
export const eventsQuestion = (files: FileChoice): InitQuestion => {
  const { choices } = keyQuestion('user', files);
  return {
    id: 'user',
    text: `${baseOf(files.events.path)} seems to hold no events. Which column names who chose something?`,
    choices: [{ value: 'none', text: 'none: there are no events' }, ...choices.filter(({ value }) => value !== 'none')],
  };
};

/** @param missing the share of events of items that the file of items does not have */
export function initQuestions(
  files: FileChoice,
  isText: boolean,
  missing: number,
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
  for (const side of ['user', 'item'] as const)
    if (!isText && !areLines && ((roles[side]?.guess.score ?? 0) < 0.5 || roles.tied.includes(side)))
      questions.push(keyQuestion(side, files));
  if (missing > 0.05 && roles.items) {
    const file = baseOf(roles.items.table.path);
    const choices = [
      { value: 'leave', text: 'leave these events out' },
      { value: 'keep', text: `keep all events, and do without ${file}` },
    ];
    questions.push({
      id: 'missing',
      text: `${Math.round(missing * 100)} % of the events are of items that ${file} has no row of. What should happen to them?`,
      choices: missing > 0.5 ? choices.reverse() : choices,
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
