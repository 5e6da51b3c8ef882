/** Where completion is asked for, and the names that are in scope there. */
import type { Library } from '../../../compiler/model/library.ts';
import type { Cursor } from '../cursor.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { type LookupKind, type NamedSymbol, Symbols } from '../symbols.ts';
import { type Completion, symbolItem, unique } from './item.ts';

/** What lies outside the file: none of it need be there. */
export interface Surroundings {
  /** Columns of the data's files, as their headers say. */
  readonly columns?: readonly string[];
  /** Paths that may follow `use`, from the folder of the file. */
  readonly towerFiles?: readonly string[];
  /** Paths that `events`, `items` and `users` may name. */
  readonly dataFiles?: readonly string[];
}

/** A place in a declaration. */
export type PlaceWithin = Cursor & Required<Pick<Cursor, 'declaration'>>;

/** What a value gives a name to, by the word of its declaration. */
const declares: Readonly<Record<string, LookupKind>> = {
  features: 'feature',
  let: 'constant',
  block: 'block',
  group: 'group',
};

export class CompletionContext {
  readonly symbols: Symbols;

  constructor(
    readonly facts: FileAnalysis,
    readonly place: PlaceWithin,
    readonly around: Surroundings,
  ) {
    this.symbols = new Symbols(facts.checked.resolution);
  }

  get library(): Library {
    return this.facts.checked.resolution.library;
  }

  /** All but what is being declared here: nothing is made of itself. */
  names(...among: readonly LookupKind[]): Completion[] {
    const { declaration, entry } = this.place;
    const own = entry?.name ?? declaration.name;
    return among.flatMap((kind) => {
      const all = [...(kind === 'constant' ? this.#parameters() : []), ...this.symbols.all(kind)];
      const others = declares[declaration.word] === kind ? all.filter(({ name }) => name !== own) : all;
      return unique(others.map(symbolItem));
    });
  }

  /** Inputs for the tower or group that is being declared: those that another tower reads come last, since no feature is in two. */
  inputs(...among: readonly LookupKind[]): Completion[] {
    const { word, name } = this.place.declaration;
    const taken = new Set(
      this.facts.checked.resolution.towers
        .filter(({ name: tower, inputs }) =>
          word === 'tower' ? tower !== name : inputs.every((input) => ![input.name, ...input.groups].includes(name!)),
        )
        .flatMap(({ features, inputs }) => [...features, ...inputs.flatMap((input) => [input.name, ...input.groups])]),
    );
    return this.names(...among).toSorted((a, b) => Number(taken.has(a.label)) - Number(taken.has(b.label)));
  }

  /** Those of the block that is being declared: numbers, as constants are. */
  #parameters(): readonly NamedSymbol[] {
    const { word, name } = this.place.declaration;
    return word === 'block' && name !== undefined ? this.symbols.parameters(name) : [];
  }

  columns(): Completion[] {
    return (this.around.columns ?? []).map((label) => ({ label, kind: 'column', detail: 'column of the data' }));
  }
}
