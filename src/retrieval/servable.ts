/**
 * What answers queries, as plain data: item vectors and their codes, keys, titles, filter columns, and data of users. It is made of a data set once. Servers
 * cache it next to the run, and a page gets the public part of it. Texts are stored as bytes, so a million of them need no objects.
 */
import type { Checksum, MakeDamageError, StoredTensor, StoredTensors } from '../base/storage/tensor_header.ts';
import { packTree, unpackTree } from '../base/storage/tensor_tree.ts';
import { type KeyParts, keyTableOf, makeKeyTable } from '../base/text/key_table.ts';
import type { Texts } from '../base/text/texts.ts';
import type { BagColumn, Dataset, IndexedColumn } from '../data/dataset.ts';
import type { EventSource } from '../data/written/fields.ts';
import type { Graph } from '../graph/graph.ts';
import type { ItemColumn, ItemColumns, Words } from './filter/filter_columns.ts';
import type { QueryModel } from './prepare.ts';
import type { ItemWeights } from './scan/item_weights.ts';
import type { CodedItems } from './scan/scan.ts';
import type { ComputedItemVectors, RetrievalObjective, StoredRows, Vectors } from './vectors.ts';

/** Changes with the contents, so that no build misreads those of another one. */
export const servableFormat = 'tower-servable-1';

interface PackedServable {
  readonly tensors: readonly StoredTensor[];
  readonly texts: { readonly format: string; readonly contents: string };
}

/** Returns the tensors and texts of a safetensors file, which `openServable` reads. @param forGzip makes numbers that grow compress better */
export function packServable(servable: object, forGzip = false): PackedServable {
  const { text, tensors } = packTree(servable, forGzip);
  return { tensors, texts: { format: servableFormat, contents: text } };
}

/** Returns plain data, which the caller must check. @param damaged makes the error for a file that `packServable` did not make */
export function openServable({ tensors, metadata }: StoredTensors, damaged: MakeDamageError): unknown {
  if (metadata.format !== servableFormat) throw damaged(otherFormat(metadata.format));
  return unpackTree(metadata.contents ?? '', tensors, damaged);
}

export const otherFormat = (format: unknown): string =>
  `its format is ${JSON.stringify(format)}, and this version of Tower reads "${servableFormat}"`;

/** The parts of a run that answer, without the weights, which the run has. */
export interface Servable extends ServingState {
  /** Sentences that go with every answer. */
  readonly notes: readonly string[];
}

export interface ServingState extends Pick<Dataset, 'seen' | 'histories' | 'knownUntil' | 'eventBasis'> {
  readonly items: ServedItems;
  readonly users: {
    readonly keys: KeyParts;
    readonly had: BagColumn;
    readonly features: ReadonlyMap<string, IndexedColumn>;
    readonly asOfLastEvent?: readonly string[];
  };
}

/** What anybody may know of the items. */
interface PublicItems {
  readonly keys: KeyParts;
  readonly titles?: KeyParts;
  readonly columns: ReadonlyMap<string, ServedColumn>;
}

interface ServedItems extends PublicItems {
  readonly vectors: Vectors;
  /** Absent: they are computed from the vectors. */
  readonly coded?: CodedItems;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** Tables of the query tower that the item tower computed, by name. */
  readonly tables: ComputedItemVectors['tables'];
}

export type ServedColumn = WithPlainWords<ItemColumn>;
type WithPlainWords<C> = C extends { readonly words: unknown } ? Omit<C, 'words'> & { readonly words: KeyParts } : C;

/** The public part of a servable, with the query tower. It has nothing of the users. */
export interface PublicServable extends Pick<Servable, 'seen' | 'histories'>, QueryModel {
  readonly items: PublicItems;
  readonly objectives: readonly RetrievalObjective[];
  /** What the features of a user are made of, or the reason why events alone do not give them. */
  readonly events: PublicEvents | { readonly closed: string };
  readonly tower: PublicTower | PublicSums;
}

interface PublicEvents {
  readonly sources: Readonly<Record<string, EventSource>>;
  /** Columns of the events files, also those that the query tower does not read. */
  readonly columns: readonly string[];
}

/** A query tower, and the vectors of the items. */
export interface PublicTower {
  /** The result of `servingGraph`. */
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, StoredRows>;
  readonly vectors: StoredRows;
  readonly width: number;
  readonly interests: number;
}

/** A score that is fitted as a whole. It reads one list of items. */
export interface PublicSums extends Pick<ItemWeights, 'neighbours' | 'events'> {
  readonly list: string;
  readonly weights: StoredRows;
  readonly codes: Float32Array;
}

/** @param columns of the items that become public @param parts of what becomes public */
export function publicOf(
  { seen, histories, items }: Servable,
  columns: readonly string[],
  parts: Omit<PublicServable, 'seen' | 'histories' | 'items'>,
): PublicServable {
  const { bytes, ends } = items.keys;
  const publicColumns = new Map(columns.map((name) => [name, items.columns.get(name)!]));
  return { seen, histories, items: { keys: { bytes, ends }, titles: items.titles, columns: publicColumns }, ...parts };
}

/** The name of the file that says which model a page's folder has, and has the checksums of the others. It is written last. */
export const pageIndex = 'tower.json';
/**
 * A `PublicServable`: its `tower` as safetensors, because gzip makes little of vectors and takes long, and the rest as safetensors in gzip. With `.gz` in the
 * name, some hosts would unpack it on the way.
 */
export const pageFiles = ['servable.packed', 'tower.safetensors'] as const;
export type PageFile = (typeof pageFiles)[number];

export interface PageIndex {
  readonly format: typeof servableFormat;
  readonly tower: string;
  readonly model: string;
  /** Identifies the model: the checksum of the run's manifest. */
  readonly version: string;
  readonly notes: readonly string[];
  readonly files: Readonly<Record<PageFile, Checksum>>;
}

export function servingStateOf(
  dataset: Pick<Dataset, 'corpus' | 'users' | 'seen' | 'histories' | 'knownUntil' | 'eventBasis'>,
  { vectors, tables }: ComputedItemVectors,
  columns: ItemColumns = new Map(),
): ServingState {
  const { corpus, users, seen, histories, knownUntil, eventBasis } = dataset;
  return {
    ...{ seen, histories, eventBasis },
    knownUntil,
    items: {
      ...{ vectors, tables },
      features: corpus.features,
      keys: partsOf(corpus.keys),
      titles: corpus.titles && partsOf(corpus.titles),
      columns: new Map([...columns].map(([name, column]) => [name, plainColumn(column)])),
    },
    users: { had: users.had, features: users.features, keys: partsOf(users.keys), asOfLastEvent: users.asOfLastEvent },
  };
}

const partsOf = (texts: Texts): KeyParts => makeKeyTable(texts, texts.length).arrays();

function plainColumn(column: ItemColumn): ServedColumn {
  if (column.kind === 'number' || column.kind === 'truth') return column;
  return { ...column, words: makeKeyTable(column.words, column.words.length).arrays() };
}

/** Returns the texts of a column, decoded on access; all at once when a filter compares all of them. */
function wordsOf(parts: KeyParts): Words {
  const table = keyTableOf(parts);
  let allWords: string[] | undefined;
  const slice = (from: number, to: number): string[] =>
    Array.from({ length: Math.max(0, Math.min(to, table.size) - from) }, (_, index) => table.keyAt(from + index));
  const all = (): string[] => (allWords ??= slice(0, table.size));
  return {
    ...{ length: table.size, slice },
    at: (code) => (code < table.size ? (allWords?.[code] ?? table.keyAt(code)) : undefined),
    map: (transform) => all().map((word) => transform(word)),
    [Symbol.iterator]: () => all().values(),
  };
}

/** Restores the columns of the items. */
export const itemColumnsOf = (columns: ReadonlyMap<string, ServedColumn>): ItemColumns =>
  new Map([...columns].map(([name, column]) => [name, columnOf(column)]));

function columnOf(column: ServedColumn): ItemColumn {
  if (column.kind === 'number' || column.kind === 'truth') return column;
  return { ...column, words: wordsOf(column.words) } as ItemColumn;
}
