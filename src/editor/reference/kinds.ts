/** Everything that has an entry in the reference, in the order of its pages: the rows of the library's tables. */
import { callsOf, type KindRow } from '../../compiler/library/contract.ts';
import { type Library, library } from '../../compiler/model/library.ts';

export type LibraryTable = keyof Library;

export interface Section {
  readonly table: LibraryTable;
  readonly title: string;
  /** The word for one of its kinds. */
  readonly what: string;
  /** Where such a kind is written, and what it is for. */
  readonly doc: string;
  /** The paragraph of docs/spec.md that defines what its kinds compute. */
  readonly paragraph: string;
  /** Explains letters that the formulas of several of its kinds have. */
  readonly symbols?: string;
}

export const sections: readonly Section[] = [
  {
    table: 'features',
    title: 'Features',
    what: 'kind of feature',
    doc: 'A feature is a column and how its values become numbers: `features { age : number(buckets: 8) }`.',
    paragraph: '5.3',
    symbols:
      'x is the value of the row. A table has a learned row for each code, and a code for all values that it does not know.',
  },
  {
    table: 'blocks',
    title: 'Blocks',
    what: 'block',
    doc: 'A block is a step of a flow, after an arrow: `profile -> flatten -> mlp(128, 64)`. Shapes leave out the batch: F fields of width D are `fields[F × D]`.',
    paragraph: '6.4',
    symbols:
      'x is what goes in: x_i, e_i or field i is one of several fields, and x_t is an element of a sequence. ⊙ multiplies number by number, and σ is the sigmoid. A letter that no line defines is learned, such as W and b.',
  },
  {
    table: 'scores',
    title: 'Scores',
    what: 'score',
    doc: 'A score compares the two towers: `score = cosine(user, item)`. Channels are paired by name, and their scores are summed.',
    paragraph: '8.3',
    symbols: 'q and v are the vectors of the query tower and the item tower, and p is a pair of channels.',
  },
  {
    table: 'losses',
    title: 'Losses',
    what: 'loss',
    doc: 'A loss is what a task minimises: `loss = softmax(in_batch)`. It is the weighted mean over the rows of a batch.',
    paragraph: '9',
    symbols:
      "s and y are the row's own score and label. s_ij is the score of row i and column j, and s_ii is that of the row's own item. Hits are left out.",
  },
  {
    table: 'weightings',
    title: 'Weightings',
    what: 'weighting',
    doc: 'A weighting joins the losses of several tasks, and changes while training: `objective = uncertainty(click, like)`. Fixed weights are written as a sum: `objective = 1.0 * click + 0.5 * like`.',
    paragraph: '10.2',
    symbols: 'L_k is the loss of task k, g_k its gradient by what tasks share, and w_k its weight.',
  },
  {
    table: 'optimizers',
    title: 'Optimizers',
    what: 'optimizer',
    doc: 'An optimizer turns gradients into changes: `train { dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }`. Of the embedding tables only the rows of the batch change.',
    paragraph: '11.4',
    symbols: 'w is a weight, g its gradient, and rate the rate after its schedule.',
  },
  {
    table: 'metrics',
    title: 'Metrics',
    what: 'metric',
    doc: 'A metric is measured against all items. `train { stop = recall(50, patience: 2) }` watches it on the validation part, and ends training after `patience` epochs without a new best. `metrics = recall(20), ndcg(20)` names what validation, `tower evaluate` and `tower compare` measure.',
    paragraph: '14.3',
  },
];

export interface LibraryKind {
  readonly section: Section;
  readonly name: string;
  readonly row: KindRow;
  /** Further statements of its row, one sentence each. */
  readonly facts: readonly string[];
}

export function kindsOf(section: Section): readonly LibraryKind[] {
  return Object.entries(library[section.table] as Readonly<Record<string, KindRow>>).map(([name, row]) => ({
    section,
    name,
    row,
    facts: factsOf(section.table, name),
  }));
}

export const allKinds = (): readonly LibraryKind[] => sections.flatMap(kindsOf);

/** Those of one name: `sum` may be in several tables. */
export const kindsNamed = (name: string): readonly LibraryKind[] => allKinds().filter((kind) => kind.name === name);

/** A kind that only an argument of another may be, such as `sampled` in `softmax(negatives: sampled(4))`. */
export interface InnerKind {
  readonly name: string;
  readonly row: KindRow;
  /** The argument it is for. */
  readonly parameter: string;
}

export function innerKinds({ row }: LibraryKind): readonly InnerKind[] {
  return Object.entries(row.parameters).flatMap(([parameter, { type }]) =>
    Object.entries(callsOf(type)).map(([name, row]) => ({ name, row, parameter })),
  );
}

/** Kinds that have `name` as that of one of their arguments. */
export const kindsAround = (name: string): readonly LibraryKind[] =>
  allKinds().filter((kind) => innerKinds(kind).some((inner) => inner.name === name));

/** Includes kinds that only an argument may be. */
export const kindNames = (): readonly string[] =>
  allKinds().flatMap((kind) => [kind.name, ...innerKinds(kind).map((inner) => inner.name)]);

const columns: Readonly<Record<string, string>> = {
  any: 'Its column can have any type.',
  number: 'Its column has numbers.',
  text: 'Its column has text.',
  list: 'Its column has lists.',
  vector: 'Its column has lists of numbers of one length.',
  time: 'Its column has dates, times, or seconds since 1970.',
  none: 'It reads no column of its own.',
};

function factsOf(table: LibraryTable, name: string): readonly string[] {
  switch (table) {
    case 'features':
      return [columns[library.features[name]!.column]!];
    case 'losses': {
      const { label, needsItemKey, needs } = library.losses[name]!;
      const labels = {
        none: 'It takes no label.',
        binary: 'It needs a binary label.',
        number: 'It needs a number as label.',
      };
      const keys = needs ? ['With `negatives` it takes none, and the item tower needs a key.'] : [];
      return [labels[label], ...(needsItemKey ? ['The item tower needs a key.'] : keys)];
    }
    default:
      return [];
  }
}
