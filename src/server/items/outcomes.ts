/** What becomes of the writes of a batch: each is added, changed or deleted, or its request is refused. */
import { diagnose } from '../../diagnostics/diagnose.ts';
import { Failure } from '../../diagnostics/failure.ts';
import type { ItemWrite, ItemWrites } from '../../serve/live/item_writes.ts';
import type { Change } from '../../serve/live/live_items.ts';
import { mostMistakes } from '../body.ts';
import { mistakeOf, mistakesOf, pointer, Refused } from '../refused.ts';
import type { Mistake } from '../schemas.ts';
import type { WriteOutcome } from './schemas.ts';

export interface WriteRequest {
  readonly writes: readonly ItemWrite[];
  /** Whether the body is an array of them: then mistakes say which. */
  readonly isArray: boolean;
}

/** Whether an item is there, in any version, with what a batch has done before. */
export function existence(versions: Iterable<ItemWrites>) {
  const changed = new Map<string, boolean>();
  const all = [...versions];
  return {
    has: (key: string): boolean => changed.get(key) ?? all.some(({ snapshot }) => snapshot.itemRow(key) >= 0),
    set: (key: string, is: boolean): void => void changed.set(key, is),
  };
}

export type Existence = ReturnType<typeof existence>;

/** Of a request whose items every version can compute. */
export function outcomesOf(request: WriteRequest, exists: Existence): readonly WriteOutcome[] | Refused {
  // What a request does counts for others only if it is taken.
  const own = new Map<string, boolean>();
  const mistakes: Mistake[] = [];
  const outcomes = request.writes.map((write, at): WriteOutcome => {
    const { key } = write;
    const was = own.get(key) ?? exists.has(key);
    own.set(key, !('deleted' in write));
    if (!('deleted' in write)) return was ? 'changed' : 'added';
    const facts = { what: 'item', name: key, advice: 'give the key of an item that is there' };
    const unknown = mistakeOf(diagnose('unknown-name', undefined, facts), '');
    if (!was) mistakes.push(placed(unknown, request, pointer(at, 'key')));
    return 'deleted';
  });
  if (mistakes.length > 0) return new Refused(404, mistakes.slice(0, mostMistakes));
  for (const [key, is] of own) exists.set(key, is);
  return outcomes;
}

/** @param before where a write of an array has it */
export const placed = (mistake: Mistake, { isArray }: WriteRequest, before: string): Mistake =>
  isArray ? { ...mistake, at: before + mistake.at } : mistake;

/** Of the write at a place of a batch, in the first version that cannot take it. */
export function mistakesAt(
  prepared: readonly { readonly changes: readonly (Change | Failure)[] }[],
  at: number,
): readonly Mistake[] {
  for (const { changes } of prepared) {
    const change = changes[at]!;
    if (change instanceof Failure) return mistakesOf(change)!;
  }
  return [];
}
