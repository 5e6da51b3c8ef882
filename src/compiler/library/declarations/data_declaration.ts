// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol

import type { HistoryKind } from '../../../graph/plan/data_description.ts';
import type { KindRow, Parameter } from '../contract.ts';
import { choice, integer, number } from '../parameters.ts';
import { callEntry, declaration, entry, uncheckedEntry } from './entry.ts';

/** The kinds of a history. The first argument of each is the name of a column, which is not among its parameters. */
export const histories: Readonly<Record<HistoryKind, KindRow>> = {
  past: {
    doc: "The values of a column in the same user's earlier events, latest first kept: never this row's, never a later one's.",
    example: 'past(movie_id, 50)',
    parameters: { max: integer({ min: 1, default: 50, positional: true, doc: 'How many are kept: the latest.' }) },
  },
  others: {
    doc: "The values of a column in the same user's other training events, without time and in no order: never this row's. Held-out events see all training events of the user.",
    example: 'others(movie_id, 500)',
    parameters: {
      max: integer({
        min: 1,
        default: 500,
        positional: true,
        doc: 'How many are kept: drawn once, other ones for each row.',
      }),
    },
  },
};

/** Default share of each of the two held-out parts if neither is given. If one is given, the other is 0. */
export const defaultHeldOutShare = 0.1;

const sharePart = (doc: string): Parameter<number | undefined> => ({ type: { is: 'number', min: 0, below: 1 }, doc });

/** The kinds of `split`, which holds out a part of the events. */
export const splits: Readonly<
  Record<'by_time' | 'leave_one_out' | 'random' | 'by_user' | 'files' | 'column', KindRow>
> = {
  by_time: {
    doc: 'The last events of all time are the test part, those before them the validation part.',
    example: 'by_time(validation: 10%, test: 10%)',
    parameters: {
      validation: sharePart('Share of the events. Default 10 %, or 0 if only `test` is given.'),
      test: sharePart('Share of the events. Default 10 %, or 0 if only `validation` is given.'),
    },
  },
  leave_one_out: {
    doc: "Each user's last event is the test part, the one before it the validation part.",
    example: 'leave_one_out',
    parameters: {},
  },
  random: {
    doc: 'Events are drawn, each alike.',
    example: 'random(validation: 10%, test: 10%, seed: 1)',
    parameters: {
      validation: sharePart('Share of the events. Default 10 %, or 0 if only `test` is given.'),
      test: sharePart('Share of the events. Default 10 %, or 0 if only `validation` is given.'),
      seed: { type: { is: 'integer', min: 0 }, doc: 'Which are drawn follows from it.', default: 1 },
    },
  },
  by_user: {
    doc: 'Users are drawn, and training has no event of them. A part of the events of each is given as the history, and the others are to be found: strong generalization.',
    example: 'by_user(validation: 10%, test: 10%, given: 80%)',
    parameters: {
      validation: sharePart('Share of the users. Default 10 %, or 0 if only `test` is given.'),
      test: sharePart('Share of the users. Default 10 %, or 0 if only `validation` is given.'),
      given: {
        type: { is: 'number', min: 0, below: 1 },
        doc: 'Share of the events of each held-out user that is known when the user is asked for, rounded up. One event at least stays to be found.',
        default: 0.8,
      },
      order: choice(['random', 'time'], {
        doc: 'Which events are given: drawn at `random`, or by `time` the first ones.',
        default: 'random',
      }),
      seed: { type: { is: 'integer', min: 0 }, doc: 'Which users and events are drawn follows from it.', default: 1 },
    },
  },
  files: {
    doc: 'The data comes split: `events` is the training part, and these files are the others. They have the columns of `events`, and are read in the same way.',
    example: 'files(validation: "valid.csv", test: "test.csv")',
    parameters: {
      validation: {
        type: { is: 'text' },
        doc: 'The path of the validation part, or a glob. Without it there is none.',
      },
      test: { type: { is: 'text' }, doc: 'The path of the test part, or a glob.', required: true },
    },
  },
  column: {
    doc: 'A column says `train`, `validation` or `test`.',
    example: 'column("fold")',
    parameters: { column: { type: { is: 'text' }, doc: 'The name of the column.', required: true, positional: true } },
  },
};

/** The value of `events` for a file with one line for each user, instead of one row for each event. */
const linesFormat: KindRow = {
  doc: 'A text file with lines `user item item …`, separated by spaces or tabs. Each item is an event, with the columns `user`, `item` and `position`, which counts the items of its line from 1.',
  example: 'lines("train.txt")',
  parameters: {
    path: { type: { is: 'text' }, doc: 'The path of the file, or a glob.', required: true, positional: true },
  },
};

/** An entry with another name is a history: `history = past(movie_id, 50)`. */
export const data = declaration({
  brief: 'Where rows come from.',
  doc: 'Where the rows are, in a file of its own: `tower train MODEL --data FILE`.',
  example:
    'data movielens {\n  events = "ratings.csv"\n  items  = "movies.csv" by movie_id\n  split  = random(validation: 10%, test: 10%)\n}',
  snippet: [
    'data ${1:name} {',
    '  events = "${2:events.csv}"',
    '  time   = "${3:timestamp}"',
    '  split  = ${4:by_time(validation: 10%, test: 10%)}',
    '}',
  ],
  entries: {
    events: uncheckedEntry(
      '"ratings.csv"',
      { is: 'file', or: { lines: linesFormat } },
      {
        required: true,
        doc: 'The file with one row per event: CSV, gz, Parquet, JSON lines; a path or a glob. Or lines of a user and items: `lines("train.txt")`.',
      },
    ),
    items: uncheckedEntry(
      '"movies.csv" by movie_id',
      { is: 'file', by: true },
      { doc: 'The file with one row per item, joined by its key: the corpus that is evaluated, indexed and served.' },
    ),
    users: uncheckedEntry(
      '"users.csv" by user_id',
      { is: 'file', by: true },
      { doc: 'The file with one row per user, joined by its key.' },
    ),
    where: uncheckedEntry(
      '"rating >= 1"',
      { is: 'sql' },
      { doc: 'A DuckDB SQL condition: other events are excluded.' },
    ),
    time: uncheckedEntry('"timestamp"', { is: 'sql' }, { doc: 'A DuckDB SQL expression that orders the events.' }),
    split: callEntry(
      'by_time(validation: 10%, test: 10%)',
      { what: 'split', of: splits },
      {
        required: true,
        doc: 'What is held out: `by_time(…)`, `leave_one_out`, `random(…)`, `by_user(…)`, `files(…)`, `column(…)`.',
      },
    ),
    seen: entry(
      'excluded',
      choice(['excluded', 'kept'], {
        default: 'excluded',
        doc: 'Whether a ranking excludes items that the user had before: `excluded`, or `kept` if people return to the same items.',
      }),
    ),
    evaluate: entry(
      'per_user',
      choice(['per_event', 'per_user'], {
        doc: 'What figures are means over: `per_event`, each held-out event by itself; `per_user`, each user with all the items that the user holds out, as papers with several test items a user report them.',
      }),
    ),
    times: entry(
      'any',
      choice(['checked', 'any'], {
        default: 'checked',
        doc: 'With `checked`, none is in another unit, or after tomorrow. `any` takes all.',
      }),
    ),
    reject: entry(
      '1%',
      number({ min: 0, max: 1, default: 0.01, doc: 'The share of invalid rows above which the run stops.' }),
    ),
  },
  value: { is: 'history', of: histories },
  words: {
    columns: {
      what: 'block of `data`',
      brief: 'Columns with another name, or computed columns: DuckDB SQL.',
      doc: 'Columns with another name than their feature, or computed columns: `name = "DuckDB SQL"`.',
      example: 'columns {\n  user_id = "userId"\n  genres  = "string_split(genres, \'|\')"\n}',
    },
    past: {
      what: 'entry of `data`',
      brief: histories.past.doc,
      doc: "A column of the user's earlier events: never this one, never a later one. It needs `time`.",
      example: 'history = past(movie_id, 50)',
    },
    others: {
      what: 'entry of `data`',
      brief: histories.others.doc,
      doc: "A column of the user's other training events, without time: never this one. For sets that have no time.",
      example: 'history = others(movie_id, 500)',
    },
  },
});
