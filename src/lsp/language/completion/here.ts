/** Where completion is asked for, and the names that are in scope there. */
import type { Library } from '../../../model/library.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../place.ts';
import { type LookupSort, Symbols } from '../symbols.ts';
import { type Completion, symbolItem } from './item.ts';

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
export type PlaceWithin = Place & Required<Pick<Place, 'declaration'>>;

export class Here {
  readonly symbols: Symbols;

  constructor(
    readonly facts: Facts,
    readonly place: PlaceWithin,
    readonly around: Surroundings,
  ) {
    this.symbols = new Symbols(facts.checked.resolution);
  }

  get library(): Library {
    return this.facts.checked.resolution.library;
  }

  names(...among: readonly LookupSort[]): Completion[] {
    return among.flatMap((sort) => this.symbols.all(sort).map(symbolItem));
  }

  columns(): Completion[] {
    return (this.around.columns ?? []).map((label) => ({ label, sort: 'column', detail: 'column of the data' }));
  }
}
