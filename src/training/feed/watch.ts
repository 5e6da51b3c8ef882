/** Observes the feed of a step and the updates of tables. It changes nothing. */
import type { Table } from '../embedding/table.ts';

/** `batch`: inputs that are no rows of tables; `gather`: rows of tables; `gradients`: added up for each row; `update`: steps of rows. */
export type FeedPart = 'batch' | 'gather' | 'gradients' | 'update';

export interface FeedWatch {
  /** Hears that a part of the work ends now, and when it began, by `performance.now()`. */
  done?(part: FeedPart, name: string, start: number): void;
  /** The rows of a table have their gradients, and are about to change. */
  learning?(table: Table): void;
}
