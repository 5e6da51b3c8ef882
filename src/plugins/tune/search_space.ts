/** Points of the space of a `search` block, and their conversion to settings. */
import type { Dimension, NumberRange, Point, SearchSpace } from '../../app/api/tune.ts';
import type { Random } from '../../base/random/random.ts';

/** Number of digits of a drawn number: the text of a setting is the number itself. */
const digits = 3;

export function drawValue({ domain }: Dimension, random: Random): number {
  if (domain.kind === 'choices') return random.integer(domain.texts.length);
  const [low, high] = ends(domain);
  return nearestValue(domain, low + (high - low) * random.next());
}

/**
 * Returns the ends of the coordinates in which values are drawn evenly. For whole numbers they are half a step outside, so that the ends are as likely as the
 * others.
 */
export function ends({ from, to, log, whole }: NumberRange): readonly [low: number, high: number] {
  const [low, high] = whole ? [from - 0.5, to + 0.5] : [from, to];
  // Half a step below 1 is above 0; for a lower whole number there is no logarithm.
  return log ? [Math.log(Math.max(low, 1e-300)), Math.log(high)] : [low, high];
}

export function coordinateOf({ log }: NumberRange, value: number): number {
  return log ? Math.log(value) : value;
}

/** Part of a range, at each of its ends, in which a better value may be outside. */
const endShare = 0.05;

/** True for a value so near to an end of its range that a wider range may have a better one. */
export function isAtEnd({ domain }: Dimension, value: number): boolean {
  if (domain.kind === 'choices' || domain.from === domain.to) return false;
  const [low, high] = [coordinateOf(domain, domain.from), coordinateOf(domain, domain.to)];
  const share = (coordinateOf(domain, value) - low) / (high - low);
  return share <= endShare || share >= 1 - endShare;
}

/** Returns the value of the range that is nearest to a coordinate. */
export function nearestValue({ from, to, log, whole }: NumberRange, coordinate: number): number {
  const value = log ? Math.exp(coordinate) : coordinate;
  const roundedValue = whole ? Math.round(value) : Number(value.toPrecision(digits));
  return Math.min(to, Math.max(from, roundedValue));
}

/** Returns the text of each setting: `{ 'dense.rate': '0.00213', encoder: 'wide' }`. */
export function settingsOf(space: SearchSpace, point: Point): Record<string, string> {
  return Object.fromEntries(space.map((dimension) => [dimension.name, valueText(dimension, point[dimension.name]!)]));
}

export const valueText = ({ domain }: Dimension, value: number): string =>
  domain.kind === 'choices' ? domain.texts[value]! : String(value);

/** Returns the number of points; infinite if a range has numbers with fractions. */
export function countPoints(space: SearchSpace): number {
  return space.reduce((all, { domain }) => {
    if (domain.kind === 'choices') return all * domain.texts.length;
    return all * (domain.whole ? Math.floor(domain.to) - Math.ceil(domain.from) + 1 : Number.POSITIVE_INFINITY);
  }, 1);
}

/** Returns the point of the file itself. Undefined if the space does not have it. */
export function usualPoint(space: SearchSpace): Point | undefined {
  if (space.some(({ usual }) => usual === undefined)) return undefined;
  return Object.fromEntries(space.map(({ name, usual }) => [name, usual!]));
}

export const isSamePoint = (space: SearchSpace, a: Point, b: Point): boolean =>
  space.every(({ name }) => a[name] === b[name]);

/** Describes a domain in words: `0.0001 to 0.1, logarithmic`. */
export function domainWords({ domain }: Dimension): string {
  if (domain.kind === 'choices') return domain.texts.join(' | ');
  const { from, to, log, whole } = domain;
  return `${from} to ${to}${whole ? ', whole numbers' : ''}${log ? ', logarithmic' : ''}`;
}
