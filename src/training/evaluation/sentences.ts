/** Sentences that every report of figures prints: its protocol, and the verdict between the model and the baselines. */
import { countText } from '../../base/diagnostics/wording.ts';
import type { Part } from '../../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import { type ColdItems, type Figures, isOfAccuracy } from './figures.ts';
import { questionsOf, type RankingSample } from './ranking_questions.ts';
import type { Interval, IntervalsOf } from './slices.ts';

/** Describes the rankings and the averaging, so that means per event and per user are never confused. */
export function rankingSentence(task: ScoringTask, part: Part): string {
  const { events, corpus, per } = task;
  const itemWords = countText(corpus.rows, 'item');
  if (per !== 'user') {
    return `Per event: each of the ${countText(events.rows, `${part} event`)} ranks the whole corpus, ${itemWords}, and figures are means over events; no negatives are sampled.`;
  }
  const { asks, held } = questionsOf(task);
  const itemsPerUser = (held.values.length / asks.length).toFixed(1);
  return `Per user: each of the ${countText(asks.length, 'user')} with ${part} events ranks the whole corpus once, ${itemWords}, for all the items that the user holds out (${countText(held.values.length, 'item')}, ${itemsPerUser} a user), and figures are means over users; no negatives are sampled.`;
}

export const sampleSentence = ({ rankings, of, per }: RankingSample, part: Part): string =>
  `These are ${rankings.toLocaleString('en')} of the ${of.toLocaleString('en')} ${per === 'user' ? `users with ${part} events` : `${part} events`}, drawn at random, the same ones for every model of this data; the intervals are wider for it.`;

export function coldSentence(
  cold: ColdItems,
  events: number,
  rows: readonly (Pick<Figures, 'cold'> & { readonly name: string })[],
): string {
  if (cold.events === 0) return 'The item of each event has training events: no event is cold.';
  const coldShare = ((100 * cold.events) / events).toFixed(1);
  const outsideWords = cold.absent > 0 ? `, ${countText(cold.absent, 'event')} of items outside it` : '';
  const coldEvents =
    `${countText(cold.events, 'event')} (${coldShare} %) ${cold.events === 1 ? 'is' : 'are'} of items without a training event ` +
    `(${countText(cold.items, 'item')} of the corpus${outsideWords})`;
  const rankingRows = rows.filter((row) => row.cold !== undefined).map(({ name }) => name);
  if (rankingRows.length === 0) {
    return `${coldEvents}: they count as misses in every row, and the figures marked warm exclude them.`;
  }
  const missClauses = [
    ...(rankingRows.length < rows.length ? ['in the other rows they count as misses'] : []),
    ...(cold.absent > 0 ? ['items outside the corpus are misses in every row'] : []),
  ];
  return (
    `${coldEvents}: ${joinNames(rankingRows)} ${rankingRows.length === 1 ? 'ranks' : 'rank'} items of the corpus by content, with or without training events` +
    `${missClauses.map((clause) => `; ${clause}`).join('')}. The figures marked warm exclude these events, those marked cold have no others.`
  );
}

/** Joins names, such as `a, b and c`. */
export const joinNames = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Returns `40 seconds` or `3 minutes`, rounded up to the precision of an estimate. */
export function duration(seconds: number): string {
  const [count, unit] =
    seconds <= 90 ? [Math.max(5, 5 * Math.ceil(seconds / 5)), 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count.toLocaleString('en')} ${unit}s`;
}

/** The result of an evaluation: the baselines that the model beats, those that beat it, and those for which the events do not decide. */
export interface Verdict {
  readonly metric: string;
  readonly model: string;
  readonly figure: number;
  /** The whole interval of the model's lead is above 0. */
  readonly beats: readonly Judged[];
  /** The whole interval of the model's lead is below 0. */
  readonly beatenBy: readonly Judged[];
  readonly undecided: readonly Judged[];
}

interface Judged {
  readonly name: string;
  readonly figure: number;
  /** The model's figure minus this one. */
  readonly lead: Interval;
}

interface JudgedEvaluation {
  readonly metrics: readonly string[];
  /** The model first, then the baselines. */
  readonly rows: readonly {
    readonly name: string;
    readonly all: Figures['all'];
    readonly intervals?: IntervalsOf;
    readonly lead?: IntervalsOf;
  }[];
}

/** Returns the first metric of accuracy with intervals, by which models are compared. */
export const judgingMetric = ({ metrics, rows: [model] }: JudgedEvaluation): string | undefined =>
  metrics.find((label) => isOfAccuracy(label) && model?.intervals?.[label]);

/** Returns the verdict by `metric`, by default the judging one. Undefined if there is no baseline, or the evaluation has no intervals. */
export function verdictOf(evaluation: JudgedEvaluation, metric = judgingMetric(evaluation)): Verdict | undefined {
  const [model, ...baselines] = evaluation.rows;
  if (!model || metric === undefined) return undefined;
  const judgedRows = baselines.flatMap(({ name, all: judged, lead }): Judged[] =>
    lead?.[metric] ? [{ name, figure: judged[metric]!, lead: lead[metric] }] : [],
  );
  if (judgedRows.length === 0) return undefined;
  return {
    metric,
    model: model.name,
    figure: model.all[metric]!,
    beats: judgedRows.filter(({ lead }) => lead.low > 0),
    beatenBy: judgedRows.filter(({ lead }) => lead.high < 0),
    undecided: judgedRows.filter(({ lead }) => lead.low <= 0 && lead.high >= 0),
  };
}

/** Returns a sentence for each group, the worst news first: `ease and item_cf beat two_tower.` */
export function verdictSentences({ model, metric, figure, beats, beatenBy, undecided }: Verdict): string[] {
  const namedList = (judged: readonly Judged[]): string =>
    joinNames(judged.toSorted((a, b) => b.figure - a.figure).map((row) => `${row.name} (${row.figure.toFixed(4)})`));
  return [
    ...(beatenBy.length > 0 ? [`${namedList(beatenBy)} ${beatenBy.length === 1 ? 'beats' : 'beat'} ${model}.`] : []),
    ...(undecided.length > 0 ? [`${model} cannot be distinguished from ${namedList(undecided)} by these events.`] : []),
    ...(beats.length > 0 ? [`${model} beats ${namedList(beats)}.`] : []),
    `The ${metric} of ${model} is ${figure.toFixed(4)}.`,
  ];
}

/** A difference of a metric: `+0.0123`. */
const signedText = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

/** `+0.0123 (+0.0100 to +0.0146)` */
export const signedIntervalText = ({ mean, low, high }: Interval): string =>
  `${signedText(mean)} (${signedText(low)} to ${signedText(high)})`;
