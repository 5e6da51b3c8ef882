/**
 * Groups, flows, towers and tasks that were resolved before are not resolved again, for an editor: most of a text is as it was. What a
 * part is resolved to follows from its node, from what is around it, and from what the names mean that it looks up.
 */
import type { Table } from '../kept/history.ts';
import { isSame } from '../kept/kept.ts';
import { following } from '../kept/revised.ts';
import type { Recording } from './effects.ts';
import { KnownScope } from './known_scope.ts';
import { Meanings } from './meanings.ts';
import { readKinds } from './scope.ts';
import type { Workspace } from './workspace.ts';

interface Known extends Pick<Recording, 'reads' | 'asked'> {
  readonly around: readonly unknown[];
  readonly answer: unknown;
  /** Up to when all that it looked up means what it meant. */
  until: number;
  /** Blocks of the library that it is, written out. */
  readonly blocks: number;
}

/** Counts the blocks that are read, and says whether so many more would be too many. */
export interface BlockCount {
  readonly counted: () => number;
  /** False where they are too many: they are then not counted. */
  readonly count: (more: number) => boolean;
}

/** Of one file, whose text changes again and again. Its nodes stay the same while their text does; see `IncrementalParser`. */
export class ResolvedParts {
  #known = new WeakMap<object, Known>();
  readonly #lists = new Map<string, readonly unknown[]>();
  readonly #tables = new Map<string, Table<unknown>>();
  readonly scope = new KnownScope();
  readonly meanings = new Meanings();

  /** A list; the one of the text before where it holds the same. */
  same<T>(what: string, list: readonly T[]): readonly T[] {
    const before = this.#lists.get(what) as readonly T[] | undefined;
    if (before && isSame(before, list)) return before;
    this.#lists.set(what, list);
    return list;
  }

  /** A table, as one that follows that of the text before. */
  following<V>(what: string, table: Table<V>): Table<V> {
    const next = following(this.#tables.get(what) as Table<V> | undefined, table);
    this.#tables.set(what, next);
    return next;
  }

  /**
   * The answer of the text before where all around it is the same; else it is resolved, and kept where that is all that resolving does.
   * @param blocks where its size counts
   */
  part<T>(
    { effects, reads }: Workspace,
    node: object,
    around: readonly unknown[],
    resolve: () => T,
    blocks?: BlockCount,
  ): T {
    const known = this.#known.get(node);
    if (known && this.#isSame(known, around) && (blocks?.count(known.blocks) ?? true)) {
      for (const kind of readKinds) reads[kind].addAll(known.reads[kind]);
      effects.askAll(known.asked);
      return known.answer as T;
    }
    const before = blocks?.counted() ?? 0;
    const { answer, recording } = effects.record(resolve);
    const more = (blocks?.counted() ?? 0) - before;
    const { reads: read, asked, plain } = recording;
    if (plain) this.#known.set(node, { around, answer, reads: read, asked, blocks: more, until: this.meanings.now });
    return answer;
  }

  #isSame(known: Known, around: readonly unknown[]): boolean {
    if (!isSame(known.around, around) || !this.meanings.isSame(known.asked, known.until)) return false;
    known.until = this.meanings.now;
    return true;
  }
}
