// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import { choice, number } from '../parameters.ts';
import { call, declaration, entry, special } from './entry.ts';
import { past } from './past.ts';
import { splits } from './splits.ts';

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
      { is: 'file' },
      { required: true, doc: 'The file with one row per event: CSV, gz, Parquet, JSON lines; a path or a glob.' },
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
    where: special(
      '"rating >= 1"',
      { is: 'sql' },
      { doc: 'A DuckDB SQL condition: events that do not meet it are left out.' },
    ),
    time: special('"timestamp"', { is: 'sql' }, { doc: 'A DuckDB SQL expression that orders the events.' }),
    split: call(
      'by_time(validation: 10%, test: 10%)',
      { what: 'split', of: splits },
      {
        required: true,
        doc: 'What is held out: `by_time(…)`, `leave_one_out`, `random(…)`, `column(…)`.',
      },
    ),
    seen: entry(
      'excluded',
      choice(['excluded', 'kept'], {
        doc: 'Whether items that the user had before an event leave its ranking, wherever one is made: `excluded`, or `kept` where people come back to them.',
      }),
    ),
    reject: entry(
      '1%',
      number({ min: 0, max: 1, default: 0.01, doc: 'The share of bad rows past which the run stops.' }),
    ),
  },
  value: { is: 'history', kind: past },
  words: {
    columns: {
      what: 'block of `data`',
      brief: 'Columns whose name differs, or that are computed: DuckDB SQL.',
      doc: 'Columns whose name differs from their feature, or which are computed: `name = "DuckDB SQL"`.',
      example: 'columns {\n  user_id = "userId"\n  genres  = "string_split(genres, \'|\')"\n}',
    },
    past: {
      what: 'entry of `data`',
      brief: past.doc,
      doc: "A column of the user's earlier events: never this one, never a later one. It needs `time`.",
      example: 'history = past(movie_id, 50)',
    },
  },
});
