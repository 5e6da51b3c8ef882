import type { Resolution, TaskPart, TaskScore } from '../resolution.ts';
import { scoreBound } from './bounds.ts';
import type { Rule } from './rule.ts';

/** Sizes that differ by more than this do not add up to what a person expects. */
const alike = 1.5;

/** Items are ranked by the sum of the tasks' scores: where these differ in size, the larger decides alone. */
export const retrieveScales: Rule = {
  name: 'scores of different sizes that nothing weighs for retrieval',
  check(resolution, report) {
    const { tasks, towers, file } = resolution;
    if (file.declarations.some(({ kind }) => kind === 'Retrieve')) return;
    // A product must have it: that is an error.
    if (tasks.some(({ product }) => product)) return;
    // How large a score becomes shows in flows that are valid.
    if (towers.some(({ steps }) => steps.some(({ flow }) => flow === undefined))) return;
    const [first, ...others] = tasks.flatMap((task) => (task.score ? [sized(resolution, task, task.score)] : []));
    const other = others.find((one) => differ(first!, one));
    if (!first || !other) return;
    const [firstSize, secondSize] = [sizeWords(first.bound), sizeWords(other.bound)];
    report('retrieve-scales', other.score.span, { first: first.name, second: other.name, firstSize, secondSize });
  },
};

interface Sized {
  readonly name: string;
  readonly score: TaskScore;
  readonly bound: number | undefined;
}

const sized = (resolution: Resolution, { name }: TaskPart, score: TaskScore): Sized => ({
  name,
  score,
  bound: scoreBound(resolution, score),
});

function differ(one: Sized, other: Sized): boolean {
  // Without a bound each vector has the size that training gives it: only the same score is of the same size.
  if (one.bound === undefined && other.bound === undefined) return formOf(one.score) !== formOf(other.score);
  if (one.bound === undefined || other.bound === undefined) return true;
  return Math.max(one.bound, other.bound) > alike * Math.min(one.bound, other.bound);
}

const formOf = ({ terms, biases = [] }: TaskScore): string =>
  JSON.stringify([
    terms.map(({ call, channels, factor }) => [call.kind, call.arguments, channels, factor]),
    biases.map(({ span: _, ...bias }) => bias),
  ]);

const sizeWords = (bound: number | undefined): string =>
  bound === undefined ? 'has no limit' : `is at most ${Number(bound.toPrecision(3))}`;
