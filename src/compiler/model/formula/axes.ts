/**
 * The rules of axes: which values an operator takes, and which axes its result has. A block is judged by them once when it is read, and where only a use tells
 * the axes, again at the use. Axes match by their letters, never by size.
 */
import type { Axes } from '../model.ts';

/** The axes of a result, or the reason why there is none, which continues "expected …". */
export type AxesVerdict = { readonly axes: Axes } | { readonly reason: string };

/** `[t, d]`; `a number` without axes. */
export const printAxes = (axes: Axes): string => (axes.length === 0 ? 'a number' : `[${axes.join(', ')}]`);

const without = (axes: Axes, others: Axes): Axes => axes.filter((letter) => !others.includes(letter));
const both = (one: Axes, other: Axes): Axes => one.filter((letter) => other.includes(letter));
const listed = (axes: Axes): string => axes.map((letter) => `\`${letter}\``).join(', ');

/** Judges `a + b` and functions of several values: one of them has the axes of all others. */
export function judgeMap(operands: readonly Axes[]): AxesVerdict {
  const widest = operands.reduce((most, axes) => (axes.length > most.length ? axes : most), []);
  const stranger = operands.find((axes) => without(axes, widest).length > 0);
  if (!stranger) return { axes: widest };
  return {
    reason: `has ${printAxes(widest)} on one side and ${printAxes(stranger)} on the other: one side needs all axes of the other; \`spread over ${without(stranger, widest)[0]} (…)\` adds one`,
  };
}

/** Judges a product directly under a sum, whose operands may have any axes. */
export const judgeOuter = (left: Axes, right: Axes): Axes => [...left, ...without(right, left)];

/** Judges `a @ b` of two values that share one axis, which is summed. */
export function judgeInner(left: Axes, right: Axes): AxesVerdict {
  const shared = both(left, right);
  if (shared.length === 1) return { axes: [...without(left, shared), ...without(right, shared)] };
  const found = `has ${printAxes(left)} and ${printAxes(right)}, which share ${shared.length === 0 ? 'no axis' : listed(shared)}`;
  return { reason: `${found}: \`@\` sums over the one axis that both have; \`sum over d (a * b)\` names it` };
}

/** Judges `x @ W` of a weight that maps `from` to `to`. */
export function judgeApplied(
  value: Axes,
  weight: { readonly each: Axes; readonly from: Axes; readonly to?: Axes },
): AxesVerdict {
  const { each, from, to = [] } = weight;
  const missing = without(from, value);
  if (missing.length > 0) return { reason: `maps ${listed(from)}, and the value has ${printAxes(value)}` };
  const rest = without(value, from);
  const double = both(rest, to);
  if (double.length > 0) return { reason: `makes ${listed(double)}, which the value has already` };
  return { axes: [...rest, ...without(each, rest), ...to] };
}

/** Judges `sum over t (x)`. `added` are further axes, which the tests bring. */
export function judgeOver(value: Axes, letters: Axes, added: Axes, isKept: boolean): AxesVerdict {
  const all = [...value, ...without(added, value)];
  const missing = without(letters, all);
  if (missing.length > 0) return { reason: `goes over ${listed(missing)}, and the value has ${printAxes(value)}` };
  return { axes: isKept ? all : without(all, letters) };
}

export function judgeRenamed(value: Axes, letters: ReadonlyMap<string, string>): AxesVerdict {
  const missing = [...letters.keys()].filter((letter) => !value.includes(letter));
  if (missing.length > 0) return { reason: `renames ${listed(missing)}, and the value has ${printAxes(value)}` };
  const axes = value.map((letter) => letters.get(letter) ?? letter);
  const double = axes.find((letter, index) => axes.indexOf(letter) !== index);
  return double === undefined ? { axes } : { reason: `would give the value two axes \`${double}\`` };
}

export function judgeSpread(value: Axes, letters: Axes): AxesVerdict {
  const double = both(letters, value);
  if (double.length > 0) return { reason: `adds ${listed(double)}, which the value has already` };
  return { axes: [...value, ...letters] };
}
