/**
 * Groups, flows, towers and tasks that were resolved before are not resolved again, for an editor: most of a text is as it was. What a
 * part is resolved to follows from its node and from what names mean around it.
 */
import { isSame } from '../kept/kept.ts';
import type { Recording } from './effects.ts';
import { KnownScope } from './known_scope.ts';
import type { Library } from './library.ts';
import { readKinds, type Scope } from './scope.ts';
import type { Workspace } from './workspace.ts';

interface Known {
  readonly around: readonly unknown[];
  readonly answer: unknown;
  readonly reads: Recording['reads'];
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
  readonly scope = new KnownScope();

  /** A list; the one of the text before where it holds the same. */
  same<T>(what: string, list: readonly T[]): readonly T[] {
    const before = this.#lists.get(what) as readonly T[] | undefined;
    if (before && isSame(before, list)) return before;
    this.#lists.set(what, list);
    return list;
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
    if (known && isSame(known.around, around) && (blocks?.count(known.blocks) ?? true)) {
      for (const kind of readKinds) reads[kind].addAll(known.reads[kind]);
      return known.answer as T;
    }
    const before = blocks?.counted() ?? 0;
    const { answer, recording } = effects.record(resolve);
    const more = (blocks?.counted() ?? 0) - before;
    if (recording.plain) this.#known.set(node, { around, answer, reads: recording.reads, blocks: more });
    return answer;
  }
}

/** What names mean in a file, as a list: all that resolving a group, a tower or a task asks of what is around it. */
export function namesAround(scope: Scope, library: Library): readonly unknown[] {
  const { features, labels, groups, blocks, lets, towers, tasks } = scope;
  const list: unknown[] = [library];
  // Of a feature nothing but its name is asked, and of a tower and a task nothing that is not asked of it by itself.
  for (const table of [features, towers, tasks]) add(list, table.keys());
  for (const table of [labels, groups, blocks]) add(list, table.values());
  add(list, lets);
  return list;
}

/** One by one: a call takes no hundred thousand arguments. */
function add(list: unknown[], more: Iterable<unknown>): void {
  for (const each of more) list.push(each);
  // Where the next ones begin.
  list.push(undefined);
}
