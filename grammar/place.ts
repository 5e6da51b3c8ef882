/** Where something is in a small text that has a grammar of its own: a filter, a config. */
import type { IToken } from 'chevrotain';

export interface Place {
  /** UTF-16 offsets, half-open. */
  readonly start: number;
  readonly end: number;
}

export const placeOf = (first: IToken, last = first): Place => ({
  start: first.startOffset,
  end: last.startOffset + last.image.length,
});
