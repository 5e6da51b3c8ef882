/** Asks a new version what was asked of the old one lately: its graphs and caches are warm then, and how much its answers differ is known before anyone gets them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../diagnostics/failure.ts';
import { warmUp } from '../warm_up.ts';
import type { Recent, RecentBody } from './recent.ts';
import type { Version } from './version.ts';

export interface Rehearsal {
  readonly asked: number;
  /** Bodies that the new version refuses, such as those with a column that it does not have. */
  readonly refused: number;
  /** How many of the items of an answer both versions give: the mean, from 0 to 1. Undefined where there is nothing to compare. */
  readonly overlap: number | undefined;
}

/** @throws whatever the new version throws besides refusals: it cannot answer */
export async function rehearse(next: Version, now: Version, recent: Recent): Promise<Rehearsal> {
  const shares: number[] = [];
  let refused = 0;
  const all = recent.all();
  if (all.length === 0) await warmUp(next.answers);
  for (const asked of all) {
    const [ours, theirs] = [await keysOf(next, asked), await keysOf(now, asked).catch(() => undefined)];
    if (ours === undefined) refused++;
    else if (theirs) shares.push(overlapOf(ours, theirs));
    // Requests of others come between two of these.
    await nextTurn();
  }
  const overlap = shares.length === 0 ? undefined : shares.reduce((sum, each) => sum + each, 0) / shares.length;
  return { asked: all.length, refused, overlap };
}

/** Undefined where the version refuses the body. */
async function keysOf({ answers }: Version, { route, body }: RecentBody): Promise<readonly string[] | undefined> {
  try {
    return (await answers[route](body as never)).items.map(({ key }) => key);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function overlapOf(some: readonly string[], others: readonly string[]): number {
  const longer = Math.max(some.length, others.length);
  if (longer === 0) return 1;
  const known = new Set(others);
  return some.filter((key) => known.has(key)).length / longer;
}
