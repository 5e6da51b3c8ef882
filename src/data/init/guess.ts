/** The answer of one guess: a role of a column, and the reason. */
import type { ColumnProfile } from './profile.ts';

type ColumnRole =
  | 'user'
  | 'item'
  | 'time'
  | 'rating'
  | 'action'
  | 'count'
  | 'kind'
  | 'fold'
  | 'query'
  | 'list'
  | 'text'
  | 'vector'
  | 'number'
  | 'category'
  | 'left out';

export interface ColumnGuess {
  readonly role: ColumnRole;
  /** From 0 to 1: the highest of a column is taken. */
  readonly score: number;
  /** Words that follow "because". */
  readonly because: string;
}

export type Guesser = (column: ColumnProfile) => ColumnGuess | undefined;
