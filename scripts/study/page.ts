/** `docs/results.md` from the rows that are kept. */
import { missSentence } from '../../src/training/evaluation/compare_models.ts';
import { bootstrap, type Interval } from '../../src/training/evaluation/slices.ts';
import { type DaysOfUse, sectionOfDays } from './days.ts';
import { notes } from './notes.ts';
import { type StudySet, seedsOf } from './plan.ts';
import type { Row, State } from './rows.ts';

/** A set with its rows: those of the models and the data as they are now, from any code. */
export interface Table {
  readonly set: StudySet;
  /** Names of the models that fit, in order. */
  readonly models: readonly string[];
  readonly baselines: readonly string[];
  readonly rows: readonly Row[];
}

export function pageOf(tables: readonly Table[], days: readonly DaysOfUse[] = []): string {
  const shown = tables.filter(({ rows }) => rows.some(hasValues));
  const absent = tables.filter((table) => !shown.includes(table)).map(({ set }) => set.title);
  return `${[
    intro,
    origin(shown),
    ...(absent.length === 0 ? [] : [`Not measured yet: ${absent.join(', ')}.`]),
    ...shown.map(section),
    ...(days.length === 0 ? [] : [sectionOfDays(days)]),
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
RP3β, EASE, SLIM and iALS; they know what the model knows. All rows rank the whole corpus by one code path, and items with the same score share their places. The rows
below measured ItemKNN, RP3β, EASE and SLIM without the decay by age that they have now, iALS with vectors of 64 numbers and eight sweeps only, and do not have [Fossil](models/fossil.md).

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
| in a column with a minus | the first metric, the mean over the seeds question by question, less that of a baseline, with the paired interval. Where the interval holds 0, the data cannot decide between the two. The second of two such columns has the best baseline |
| in the last column | the state of the project that the row was measured at; the states are below the table |`;

/** Models and baselines without a row, and models without a seed. */
function missingOf({ set, models, baselines, rows }: Table): string[] {
  const some = models.flatMap((model) => {
    const seeds = seedsOf(set, model);
    const absent = seeds.filter((seed) => !rows.some((row) => row.name === model && row.seed === seed));
    if (absent.length === 0) return [];
    return [absent.length === seeds.length ? `\`${model}\`` : `\`${model}\` with seed ${absent.join(' and ')}`];
  });
  return [...some, ...baselines.filter((name) => !rows.some((row) => row.name === name))];
}

function section(table: Table): string {
  const { set, models } = table;
  const { rows, others } = comparable(table.rows);
  const labels = set.metrics.map(({ metric, k }) => (k === undefined ? metric : `${metric}@${k}`));
  const byModel = models.flatMap((model) => {
    const own = rows.filter(({ name, seed }) => name === model && seed !== undefined);
    return own.length === 0 ? [] : [{ model, own }];
  });
  const baselines = rows.filter(({ seed }) => seed === undefined);
  const means = new Map(labels.map((label) => [label, intervals(rows, label)]));
  const mean = (label: string, row: Row): Interval => means.get(label)![rows.indexOf(row)]!;
  const first = labels[0]!;
  const best = baselines.reduce<Row | undefined>(
    (most, row) => (most && mean(first, most).mean >= mean(first, row).mean ? most : row),
    undefined,
  );
  const rivals = [...new Set([baselines.find(({ name }) => name === set.against), best])].filter(isThere);
  const differences = (own: readonly Row[]): string[] =>
    rivals.map((rival) => (own.includes(rival) ? '' : difference(lessThan(own, rival, first))));

  const states = [...new Set(rows.map(({ state }) => keyOf(state)))];
  const letterOf = (those: readonly Row[]): string =>
    [...new Set(those.map(({ state }) => letter(states.indexOf(keyOf(state)))))].join(', ');
  const lines = [
    ...byModel.map(({ model, own }) => [
      `\`${model}\`${seedNote(set, model, own.length)}`,
      ...labels.map((label) => {
        const { mean: middle, low, high } = spread(own.map((row) => mean(label, row).mean));
        return `${middle.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`;
      }),
      ...differences(own),
      letterOf(own),
    ]),
    ...baselines.map((row) => [
      row.name,
      ...labels.map((label) => interval(mean(label, row))),
      ...differences([row]),
      letterOf([row]),
    ]),
  ];
  const head = ['', ...labels, ...rivals.map(({ name }) => `${first} − ${name}`), 'state'];
  const losers = byModel.flatMap(({ model, own }) => {
    const value = spread(own.map((row) => mean(first, row).mean)).mean;
    const above = baselines.filter((row) => mean(first, row).mean > value).map(({ name }) => name);
    return above.length > 0 ? [`\`${model}\` is below ${above.join(', ')} on ${first}.`] : [];
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

const isThere = <T>(one: T | undefined): one is T => one !== undefined;

/** How many seeds a row is the mean of, where that is not what the set says for all. */
function seedNote(set: StudySet, model: string, count: number): string {
  const wanted = seedsOf(set, model).length;
  if (count < wanted) return ` (${count} of ${wanted} seeds)`;
  return wanted === set.seeds.length ? '' : ` (${wanted} seeds)`;
}

/** Means over the questions, with their intervals. */
function intervals(rows: readonly Row[], label: string): readonly Interval[] {
  const group = rows[0]!.groups;
  const series = rows.map(({ values }) => Float64Array.from(values[label]!));
  return bootstrap({ series, group, groups: countOf(group) }).means;
}

/** The mean of some rows, question by question, less the rival: paired. */
function lessThan(own: readonly Row[], rival: Row, label: string): Interval {
  const theirs = Float64Array.from(rival.values[label]!);
  const middle = theirs.map((_, at) => own.reduce((sum, { values }) => sum + values[label]![at]!, 0) / own.length);
  return bootstrap({ series: [theirs, middle], group: rival.groups, groups: countOf(rival.groups) }).differences[1]!;
}

const countOf = (group: Int32Array): number => group.reduce((most, each) => Math.max(most, each + 1), 0);

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
