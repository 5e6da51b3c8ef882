/** Describes a `data` block: the compiler writes it and the data reader takes it. It has names of columns, SQL and paths; no file is open. */
import type { Span } from '../../base/text/source.ts';

/** `past` holds the events of a user that are strictly earlier, and `others` the other events of the user. */
export type HistoryKind = 'past' | 'others';

/** A `data` block with every entry checked; paths are relative to the folder of its file. */
export interface DataDescription {
  readonly name: string;
  readonly span: Span;
  /** Folder that relative paths start from. */
  readonly folder: string;
  readonly events: DataFile;
  readonly items?: DataFile;
  readonly users?: DataFile;
  /** Column name → DuckDB SQL expression over the joined files' own columns. */
  readonly columns: readonly {
    readonly name: string;
    readonly expression: string;
    readonly span: Span;
    readonly nameSpan: Span;
  }[];
  readonly where?: { readonly expression: string; readonly span: Span };
  readonly time?: { readonly expression: string; readonly span: Span };
  /** `history = past(movie_id, 50)`: bags of the user's earlier events, or of the others. */
  readonly histories: readonly {
    readonly name: string;
    readonly kind: HistoryKind;
    readonly of: string;
    readonly max: number;
    readonly span: Span;
  }[];
  readonly split: Split;
  /** True: no event is held out. Those that `split` would hold out are training events too. */
  readonly trainsAll?: true;
  /**
   * Holds out the events that are later than a training, in place of those of `split`: those after a time in seconds, or in the unit of the data, and of the
   * events at exactly this time those after the first `events`.
   */
  readonly later?: { readonly time: number; readonly events: number };
  /** With `excluded`, the default, rankings leave out items that the user had before the event. */
  readonly seen: 'excluded' | 'kept';
  /** Figures are means over events where this is absent. */
  readonly evaluate?: 'per_event' | 'per_user';
  /** With `checked`, the default, rows are bad whose time has another unit than most, or is later than tomorrow. */
  readonly times?: 'checked' | 'any';
  /** Share of bad rows past which the run stops. */
  readonly reject: number;
}

export interface DataFile {
  readonly path: string;
  readonly span: Span;
  /** The column it is joined by; absent for events. */
  readonly by?: string;
  /** Lines `user item item …`, with the columns `user`, `item` and `position`. */
  readonly lines?: true;
}

export type Split =
  | { readonly kind: 'by_time'; readonly validation: number; readonly test: number }
  | { readonly kind: 'leave_one_out' }
  | { readonly kind: 'random'; readonly validation: number; readonly test: number; readonly seed: number }
  | UserSplit
  | { readonly kind: 'column'; readonly column: string }
  /** `events` is the training file. */
  | { readonly kind: 'files'; readonly validation?: DataFile; readonly test: DataFile };

/** A metric, perhaps with an argument `column`. */
interface MetricCall {
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly span?: Span;
}

/** Holds out whole users: a share `given` of the events of each is known when the user is asked for, and the others are to be found. */
export interface UserSplit {
  readonly kind: 'by_user';
  readonly validation: number;
  readonly test: number;
  readonly given: number;
  /** Which events are given: drawn at random, or the first ones. */
  readonly order: 'random' | 'time';
  readonly seed: number;
}

/** True if held-out users give some of their events. */
export const givesEvents = ({
  split,
  trainsAll,
  later,
}: Pick<DataDescription, 'split' | 'trainsAll' | 'later'>): boolean =>
  split.kind === 'by_user' && !trainsAll && later === undefined;

/** Spans of the features, labels and metrics in the model's source. Messages about a column point there. */
export interface ModelSpans {
  readonly train?: { readonly metrics?: readonly MetricCall[] | undefined };
  readonly features: ReadonlyMap<string, { readonly span: Span }>;
  readonly labels: ReadonlyMap<string, { readonly span: Span }>;
}
