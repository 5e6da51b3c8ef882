/** Texts of a form to values of features, as a request has them. */
import type { DescribedFeature } from '../serve/describe.ts';

/** Undefined where nothing was typed, so that the feature is left out. What a server would refuse is sent, so that its own words say why. */
export function typedValue(
  { kind, list, each }: DescribedFeature,
  typed: string | readonly string[] | undefined,
): unknown {
  if (typed === undefined || typed.length === 0) return undefined;
  if (typeof typed !== 'string') return typed.map((text) => (each ? jsonOr(text) : singleOf(kind, text)));
  if (kind === 'vector')
    return list
      ? jsonOr(typed)
      : typed
          .split(/[\s,;[\]]+/)
          .filter(Boolean)
          .map(numberOr);
  return singleOf(kind, typed);
}

const singleOf = (kind: DescribedFeature['kind'], text: string): unknown => (kind === 'number' ? numberOr(text) : text);

const numberOr = (text: string): number | string => {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
};

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
