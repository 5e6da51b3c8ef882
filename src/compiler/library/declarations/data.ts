// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol

import type { KindRow } from '../contract.ts';
import { choice, number } from '../parameters.ts';
import { call, declaration, entry, special } from './entry.ts';
import { histories } from './histories.ts';
import { splits } from './splits.ts';

/** The value of `events` whose file has a line for each user, in place of a row for each event. */
const lines: KindRow = {
  doc: 'A text file with lines `user item item …`, separated by spaces or tabs. Each item is an event, with the columns `user`, `item` and `position`, which counts the items of its line from 1.',
  example: 'lines("train.txt")',
  parameters: {
    path: { type: { is: 'text' }, doc: 'The path of the file, or a glob.', required: true, positional: true },
  },
};

/** An entry of another name is a history: `history = past(movie_id, 50)`. */
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
    events: special(
      '"ratings.csv"',
      { is: 'file', or: { lines } },
      {
        required: true,
        doc: 'The file with one row per event: CSV, gz, Parquet, JSON lines; a path or a glob. Or lines of a user and items: `lines("train.txt")`.',
      },
    ),
    items: special(
      '"movies.csv" by movie_id',
      { is: 'file', by: true },
      {
        doc: 'The file with one row per item, joined by its key: the corpus that is evaluated, indexed and served.',
      },
    ),
    users: special(
      '"users.csv" by user_id',
      { is: 'file', by: true },
      { doc: 'The file with one row per user, joined by its key.' },
    ),
    where: special('"rating >= 1"', { is: 'sql' }, { doc: 'A DuckDB SQL condition: other events are excluded.' }),
    time: special('"timestamp"', { is: 'sql' }, { doc: 'A DuckDB SQL expression that orders the events.' }),
    split: call(
      'by_time(validation: 10%, test: 10%)',
      { what: 'split', of: splits },
      {
        required: true,
        doc: 'What is held out: `by_time(…)`, `leave_one_out`, `random(…)`, `files(…)`, `column(…)`.',
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
