/**
 * What a recommender has besides the model, as plain data: vectors of the items and their codes, keys, titles, columns for filters, and what is known of
 * users. It is made of a data set once, and kept next to the run; texts are bytes, of which a million cost no object each.
 */
import { type KeyParts, makeKeyTable } from '../../../base/text/key_table.ts';
import type { Texts } from '../../../base/text/texts.ts';
import { defined } from '../../../base/util/defined.ts';
import type { BagColumn, Dataset, IndexedColumn } from '../../../data/dataset.ts';
import type { CodedItems } from '../../../engines/scan/scan.ts';
import type { ComputedItemVectors } from '../../../training/scoring/retrieval.ts';
import type { Vectors } from '../../../training/scoring/tower_vectors.ts';
import type { ItemColumn, ItemColumns } from '../filter/columns.ts';

export interface ServingState extends Pick<Dataset, 'seen' | 'histories'> {
  readonly items: ServedItems;
  readonly users: ServedUsers;
}

interface ServedItems {
  readonly vectors: Vectors;
  /** Absent: they are made of the vectors. */
  readonly coded?: CodedItems;
  readonly keys: KeyParts;
  readonly titles?: KeyParts;
  readonly columns: ReadonlyMap<string, ServedColumn>;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  /** Tables of the query tower that the item tower computes, by name. */
  readonly tables: ComputedItemVectors['tables'];
}

interface ServedUsers {
  readonly keys: KeyParts;
  readonly seen: BagColumn;
  readonly features: ReadonlyMap<string, IndexedColumn>;
  readonly asOfLastEvent?: readonly string[];
}

export type ServedColumn = WithPlainWords<ItemColumn>;
type WithPlainWords<C> = C extends { readonly words: unknown } ? Omit<C, 'words'> & { readonly words: KeyParts } : C;

export function servingStateOf(
  { corpus, users, seen, histories }: Pick<Dataset, 'corpus' | 'users' | 'seen' | 'histories'>,
  { vectors, tables }: ComputedItemVectors,
  columns: ItemColumns = new Map(),
): ServingState {
  const { keys, titles, features } = corpus;
  return {
    seen,
    histories,
    items: {
      ...{ vectors, features, tables },
      keys: partsOf(keys),
      ...defined({ titles: titles && partsOf(titles) }),
      columns: new Map([...columns].map(([name, column]) => [name, plainColumn(column)])),
    },
    users: {
      ...{ seen: users.seen, features: users.features },
      keys: partsOf(users.keys),
      ...defined({ asOfLastEvent: users.asOfLastEvent }),
    },
  };
}

const partsOf = (texts: Texts): KeyParts => makeKeyTable(texts, texts.length).parts();

function plainColumn(column: ItemColumn): ServedColumn {
  if (column.kind === 'number' || column.kind === 'truth') return column;
  return { ...column, words: makeKeyTable(column.words, column.words.length).parts() };
}
