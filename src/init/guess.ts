/** What a column may be, and why: the answer of one guess. */
import type { ColumnProfile } from './profile.ts';

type Role =
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

export interface Guess {
  readonly role: Role;
  /** From 0 to 1: the highest of a column is taken. */
  readonly score: number;
  /** In words that follow "because". */
  readonly because: string;
}

export type Guesser = (column: ColumnProfile) => Guess | undefined;
