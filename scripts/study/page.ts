/** `docs/results.md` from the rows that are kept. */

import { bootstrap, type Interval } from '../../src/evaluation/bootstrap.ts';
import { missSentence } from '../../src/evaluation/compare.ts';
import { notes } from './notes.ts';
import type { StudySet } from './plan.ts';
import type { Row, State } from './rows.ts';

/** A set with its rows: those of the models and the data as they are now, from any code. */
export interface Table {
  readonly set: StudySet;
  /** Names of the models that fit, in order. */
  readonly models: readonly string[];
  readonly baselines: readonly string[];
  readonly rows: readonly Row[];
}

export function pageOf(tables: readonly Table[]): string {
  const shown = tables.filter(({ rows }) => rows.some(hasValues));
  const absent = tables.filter((table) => !shown.includes(table)).map(({ set }) => set.title);
  return `${[
    intro,
    origin(shown),
    ...(absent.length === 0 ? [] : [`Not measured yet: ${absent.join(', ')}.`]),
    ...shown.map(section),
  ].join('\n\n')}\n`;
}

const hasValues = ({ excluded }: Row): boolean => excluded === undefined;

const keyOf = ({ subject, date, changed }: State): string => JSON.stringify([subject, date, changed]);

const statesOf = (tables: readonly Table[]): State[] => [
  ...new Map(tables.flatMap(({ rows }) => rows.map(({ state }) => [keyOf(state), state] as const))).values(),
];

/** Whether one state of the project gave every figure, and whether any is missing. */
function origin(tables: readonly Table[]): string {
  const states = statesOf(tables);
  const subjects = new Set(states.map(({ subject }) => subject));
  const isWhole = tables.every((table) => missingOf(table).length === 0);
  const whole = isWhole ? 'Every row is there.' : 'Rows are missing: each section names them.';
  if (states.some(({ changed }) => changed))
    return `Some rows were measured from files that were not all committed. ${whole}`;
  return subjects.size === 1
    ? `Everything on this page was trained and ranked from one commit, with its files as committed. ${whole}`
    : `The rows come from ${subjects.size} commits: the last column names the one of each. ${whole}`;
}

const intro = `<!-- Written by \`npm run study\` from what it measured: do not change it by hand. -->

# Results

Every file in \`models/\` that fits a data set, trained with several seeds and its own settings. The baselines are random, popularity, ItemCF, ItemKNN,
RP3β, EASE, SLIM and iALS; they know what the model knows. All rows rank the whole corpus by one code path, and items with the same score share their places.

**How far to trust it.** Training stops by the validation part, and settings were compared on it. But the test parts are not untouched:

- Test figures of earlier settings were seen while the models were shaped, and many settings were tried.
- The patience of \`two_tower\` was raised after it had lost to popularity on a test part.
- The tasks' weights of \`mmoe_two_tower\` were chosen on validation after its test figures had been seen.
- Baselines with settings chose one of six on the validation part.

So the gaps between models and baselines favour the models. Only data that nobody has looked at can confirm them.

| figure | is |
|---|---|
| of a model | the mean over the seeds, with the least and the greatest in parentheses |
| of a baseline | its value, with the 95 % interval by bootstrap over users |
| in the column before the last | the first metric of the first seed less that of the baseline, with the paired interval. Where the interval holds 0, the data cannot decide between the two |
| in the last column | the state of the project that the row was measured at; the states are below the table |`;

/** Models and baselines without a row, and models without a seed. */
function missingOf({ set, models, baselines, rows }: Table): string[] {
  const some = models.flatMap((model) => {
    const absent = set.seeds.filter((seed) => !rows.some((row) => row.name === model && row.seed === seed));
    if (absent.length === 0) return [];
    return [absent.length === set.seeds.length ? `\`${model}\`` : `\`${model}\` with seed ${absent.join(' and ')}`];
  });
  return [...some, ...baselines.filter((name) => !rows.some((row) => row.name === name))];
}

function section(table: Table): string {
  const { set, models } = table;
  const { rows, others } = comparable(table.rows);
  const labels = set.metrics.map(({ metric, k }) => (k === undefined ? metric : `${metric}@${k}`));
  const reference = rows.findIndex(({ name }) => name === set.against);
  const figures = new Map(
    labels.map((label) => {
      const series = rows.map((row) => Float64Array.from(row.values[label]!));
      const group = rows[0]!.groups;
      const groups = group.reduce((most, each) => Math.max(most, each + 1), 0);
      return [label, bootstrap({ series, group, groups, reference: Math.max(0, reference) })];
    }),
  );
  const mean = (label: string, row: Row): Interval => figures.get(label)!.means[rows.indexOf(row)]!;
  const against = (row: Row): string =>
    reference === -1 || row.name === set.against
      ? ''
      : difference(figures.get(labels[0]!)!.differences[rows.indexOf(row)]!);

  const states = [...new Set(rows.map(({ state }) => keyOf(state)))];
  const letterOf = (those: readonly Row[]): string =>
    [...new Set(those.map(({ state }) => letter(states.indexOf(keyOf(state)))))].join(', ');
  const byModel = models.flatMap((model) => {
    const own = rows.filter(({ name, seed }) => name === model && seed !== undefined);
    return own.length === 0 ? [] : [{ model, own }];
  });
  const baselines = rows.filter(({ seed }) => seed === undefined);
  const lines = [
    ...byModel.map(({ model, own }) => [
      `\`${model}\`${own.length < set.seeds.length ? ` (${own.length} of ${set.seeds.length} seeds)` : ''}`,
      ...labels.map((label) => {
        const { mean: middle, low, high } = spread(own.map((row) => mean(label, row).mean));
        return `${middle.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`;
      }),
      against(own[0]!),
      letterOf(own),
    ]),
    ...baselines.map((row) => [
      row.name,
      ...labels.map((label) => interval(mean(label, row))),
      against(row),
      letterOf([row]),
    ]),
  ];
  const head = ['', ...labels, `${labels[0]} − ${set.against}`, 'state'];
  const losers = byModel.flatMap(({ model, own }) => {
    const value = spread(own.map((row) => mean(labels[0]!, row).mean)).mean;
    const above = baselines.filter((row) => mean(labels[0]!, row).mean > value).map(({ name }) => name);
    return above.length > 0 ? [`\`${model}\` is below ${above.join(', ')} on ${labels[0]}.`] : [];
  });
  const why = Object.entries(notes[set.name] ?? {}).map(([of, note]) => (of === '' ? note : `\`${of}\`: ${note}`));
  const missing = missingOf(table);
  const ranking = [...new Set(rows.filter(({ ranksCold }) => ranksCold).map(({ name }) => name))];
  return [
    `## ${set.title}`,
    set.asks,
    [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...lines]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n'),
    [...losers, ...why].map((sentence) => `- ${sentence}`).join('\n'),
    [
      ...rows[0]!.protocol.sentences,
      missSentence(ranking, new Set(rows.map(({ name }) => name)).size),
      ...baselines.flatMap(({ name, setting }) => (setting === undefined ? [] : [`${name}: ${setting}.`])),
      ...table.rows.flatMap(({ excluded }) => excluded ?? []),
      ...(missing.length === 0 ? [] : [`Not measured yet: ${missing.join(', ')}.`]),
      ...(others === 0 ? [] : [`${others} rows are left out: they were measured by another protocol.`]),
    ]
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
    states
      .map((key, at) => {
        const { state, machine } = rows.find((row) => keyOf(row.state) === key)!;
        const changed = state.changed ? ', with files that were not committed' : '';
        return `- State ${letter(at)}: ${state.date}, at the commit “${state.subject}”${changed}, on ${machine}.`;
      })
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Rows with values that follow one protocol, the one of most of them. */
function comparable(rows: readonly Row[]): { rows: readonly Row[]; others: number } {
  const own = rows.filter(hasValues);
  const counts = new Map<string, number>();
  for (const { protocol } of own) counts.set(protocol.checksum, (counts.get(protocol.checksum) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a)[0]!;
  const same = own.filter(({ protocol }) => protocol.checksum === most);
  return { rows: same, others: own.length - same.length };
}

/** A, B, …, Z, AA, … */
const letter = (at: number): string =>
  (at < 26 ? '' : letter(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));

function spread(values: readonly number[]): Interval {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, low: Math.min(...values), high: Math.max(...values) };
}

const interval = ({ mean, low, high }: Interval): string =>
  `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;

function difference(of: Interval): string {
  const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(4)}`;
  return `${signed(of.mean)} [${signed(of.low)}, ${signed(of.high)}]`;
}
