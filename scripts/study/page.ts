/** `docs/results.md` from what was measured. */

import type { Interval } from '../../src/evaluation/bootstrap.ts';
import type { Comparison } from '../../src/evaluation/compare.ts';
import { notes } from './notes.ts';
import type { StudySet } from './plan.ts';

/** One set as it was measured: kept next to its runs, so that a page can be written from several sittings. */
export interface Measured {
  readonly name: string;
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly seeds: readonly number[];
  /** Of the project, as each model was trained and as all were ranked; `+` after one whose files were changed. Each once. */
  readonly commits: readonly string[];
  /** Names of the models that fit, in order; each was trained once a seed, and is row `<model>-<seed>` of the comparison. */
  readonly models: readonly string[];
  readonly comparison: Comparison;
}

export function pageOf(sets: readonly StudySet[], measured: readonly Measured[]): string {
  const sections = sets.flatMap((set) => {
    const found = measured.find(({ name }) => name === set.name);
    return found ? [section(set, found)] : [];
  });
  return `${[intro, origin(measured), ...outdated(measured), ...sections].join('\n\n')}\n`;
}

/** Changes that move figures, by the day from which figures are measured with them. */
const changes: readonly { readonly from: string; readonly what: string; readonly moves: string }[] = [
  {
    from: '2026-11-25',
    what: 'Training stops by a validation that excludes seen items, as the test does. It kept them before.',
    moves: 'models on MovieLens and msweb',
  },
  {
    from: '2026-11-25',
    what: 'Seen items are all items of earlier events. Before they were those of training and of the history that the model reads.',
    moves: 'all rows on MovieLens and msweb',
  },
  {
    from: '2026-11-25',
    what: 'The data of restaurants excludes seen items. It kept them before.',
    moves: 'all rows on restaurants',
  },
  {
    from: '2026-11-25',
    what: 'Histories and lists leave out elements that training never had. Before they were row 0 of the table.',
    moves: 'models that read a history or a list',
  },
  {
    from: '2026-11-25',
    what: 'Uniform negatives are drawn from the items of the training part. Before they were drawn from the corpus.',
    moves: '`dssm`',
  },
  {
    from: '2026-11-25',
    what: 'The seed of `youtube` is the last film of the history. Before it was a column of the row.',
    moves: '`youtube`',
  },
  {
    from: '2026-11-25',
    what: 'A vector of zeros passes its gradient through `normalize` and `cosine` unchanged. Before it was multiplied by a million.',
    moves: 'models with empty histories',
  },
];

/** What has changed since a figure of the page was measured. */
function outdated(measured: readonly Measured[]): string[] {
  const since = changes.filter(({ from }) => measured.some(({ date }) => date < from));
  if (since.length === 0) return [];
  const days = [...new Set(since.map(({ from }) => from))].join(' and ');
  return [
    `**Out of date.** Figures measured before ${days} follow earlier rules, and have not been measured again. The last of them came with the commit "Results of the whole study, from one commit".`,
    ['| changed since | moves |', '|---|---|', ...since.map(({ what, moves }) => `| ${what} | ${moves} |`)].join('\n'),
  ];
}

/** Whether one state of the project gave every figure. The page names no hashes: history may be rewritten before it is published. */
function origin(measured: readonly Measured[]): string {
  const commits = new Set(measured.flatMap(({ commits }) => commits));
  const again = 'it has not been measured again from one commit';
  if (commits.size > 1) {
    return `This page was measured in several sittings, from ${commits.size} states of the project; ${again}.`;
  }
  return [...commits].some((commit) => commit.endsWith('+'))
    ? `This page was measured from files that were not all committed; ${again}.`
    : 'Everything on this page was trained and ranked again from one commit, with its files as committed.';
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
| in the last column | the first metric of seed 1 less that of the baseline, with the paired interval. Where the interval holds 0, the data cannot decide between the two |`;

function section(set: StudySet, { date, machine, command, seeds, models, comparison }: Measured): string {
  const labels = set.metrics.map(({ metric, k }) => (k === undefined ? metric : `${metric}@${k}`));
  const row = (name: string) => comparison.rows.find((each) => each.name === name)!;
  const ofModels = new Set(models.flatMap((model) => seeds.map((seed) => `${model}-${seed}`)));
  const baselines = comparison.rows.filter(({ name }) => !ofModels.has(name));
  const means = new Map(
    models.map((model) => [
      model,
      labels.map((label) => spread(seeds.map((seed) => row(`${model}-${seed}`).figures[label]!.mean))),
    ]),
  );
  const lines = [
    ...models.map((model) => [
      `\`${model}\``,
      ...means.get(model)!.map(({ mean, low, high }) => `${mean.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`),
      difference(row(`${model}-${seeds[0]}`).differences?.[labels[0]!]),
    ]),
    ...baselines.map(({ name, figures, differences }) => [
      name,
      ...labels.map((label) => interval(figures[label]!)),
      difference(differences?.[labels[0]!]),
    ]),
  ];
  const head = ['', ...labels, `${labels[0]} − ${comparison.against}`];
  const losers = models.flatMap((model) => {
    const own = means.get(model)![0]!.mean;
    const above = baselines.filter(({ figures }) => figures[labels[0]!]!.mean > own).map(({ name }) => name);
    return above.length > 0 ? [`\`${model}\` is below ${above.join(', ')} on ${labels[0]}.`] : [];
  });
  const why = Object.entries(notes[set.name] ?? {}).map(([of, note]) => (of === '' ? note : `\`${of}\`: ${note}`));
  return [
    `## ${set.title}`,
    set.asks,
    [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...lines]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n'),
    [...losers, ...why].map((sentence) => `- ${sentence}`).join('\n'),
    comparison.protocol.map((sentence) => `- ${sentence}`).join('\n'),
    `Measured on ${date}, ${machine}, by \`${command}\`.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function spread(values: readonly number[]): Interval {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, low: Math.min(...values), high: Math.max(...values) };
}

const interval = ({ mean, low, high }: Interval): string =>
  `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;

function difference(of: Interval | undefined): string {
  if (!of) return '';
  const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(4)}`;
  return `${signed(of.mean)} [${signed(of.low)}, ${signed(of.high)}]`;
}
