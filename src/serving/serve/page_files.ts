/**
 * The folder that `tower export --browser` writes and `tower-lang/browser` opens. `tower.json` has the checksum of every other file, and is written last.
 * Numbers are in safetensors files: `query.safetensors` has the parameters of the graph by name, `items.safetensors` has `vectors`, float32 [items, width].
 */
import type { Encoding, Seen } from '../../data/dataset.ts';
import type { Graph } from '../../graph/graph.ts';
import type { ItemColumn, ItemColumns } from './filter/columns.ts';
import type { QueryPlan } from './prepare.ts';
import type { RetrievalObjective } from './snapshot.ts';

export const pageIndex = 'tower.json';
export const pageFiles = ['query.json', 'query.safetensors', 'items.json', 'items.safetensors'] as const;
export type PageFile = (typeof pageFiles)[number];
export const itemVectors = 'vectors';

export interface PageIndex {
  readonly format: 'tower-page-1';
  readonly tower: string;
  readonly model: string;
  /** What identifies the model: the checksum of the run's manifest. */
  readonly version: string;
  readonly notes: readonly string[];
  readonly files: Readonly<Record<PageFile, { readonly sha256: string; readonly bytes: number }>>;
}

/** `query.json`: from feature values to the vector of the query tower. */
export interface PageQuery {
  readonly plan: QueryPlan;
  readonly seen: Seen;
  readonly histories: Readonly<Record<string, number>>;
  readonly encodings: Readonly<Record<string, Encoding>>;
  readonly objectives: readonly RetrievalObjective[];
  readonly width: number;
  readonly interests: number;
  /** The result of `servingGraph`. */
  readonly graph: Graph;
}

export interface PageItems {
  readonly keys: readonly string[];
  readonly titles?: readonly string[];
  readonly columns: Readonly<Record<string, PageColumn>>;
}

/** A value an item. Texts are places among `words`; −1 or null where there is no value. */
export type PageColumn =
  | { readonly kind: 'number'; readonly values: readonly (number | null)[] }
  | { readonly kind: 'text'; readonly words: readonly string[]; readonly values: readonly number[] }
  | {
      readonly kind: 'texts';
      readonly words: readonly string[];
      readonly values: readonly (readonly number[] | null)[];
    }
  | { readonly kind: 'truth'; readonly values: readonly (boolean | null)[] };

export function pageColumn(column: ItemColumn): PageColumn {
  switch (column.kind) {
    case 'number':
      return { kind: 'number', values: Array.from(column.values, (value) => (Number.isFinite(value) ? value : null)) };
    case 'text':
      return { kind: 'text', words: [...column.words], values: [...column.codes] };
    case 'texts': {
      const { starts, ends, codes, words } = column;
      const values = Array.from(starts, (start, row) => (start < 0 ? null : [...codes.subarray(start, ends[row])]));
      return { kind: 'texts', words: [...words], values };
    }
    case 'truth':
      return { kind: 'truth', values: Array.from(column.values, (value) => (value < 0 ? null : value === 1)) };
  }
}

export const itemColumns = (columns: PageItems['columns']): ItemColumns =>
  new Map(Object.entries(columns).map(([name, column]) => [name, itemColumn(column)]));

function itemColumn(column: PageColumn): ItemColumn {
  switch (column.kind) {
    case 'number':
      return { kind: 'number', values: Float64Array.from(column.values, (value) => value ?? Number.NaN) };
    case 'text':
      return { kind: 'text', words: column.words, codes: Int32Array.from(column.values) };
    case 'texts': {
      let end = 0;
      const ends = Int32Array.from(column.values, (list) => (list ? (end += list.length) : -1));
      const starts = ends.map((last, row) => (last < 0 ? -1 : last - column.values[row]!.length));
      return {
        kind: 'texts',
        words: column.words,
        starts,
        ends,
        codes: Int32Array.from(column.values.flatMap((list) => list ?? [])),
      };
    }
    case 'truth':
      return { kind: 'truth', values: Int8Array.from(column.values, (value) => (value === null ? -1 : Number(value))) };
  }
}
