/** Asks a new version what was asked of the old one lately: its graphs and caches are warm then, and how much its answers differ is known before anyone gets them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../../base/diagnostics/failure.ts';
import type { Answers } from '../answers.ts';
import type { RecentBodies, RecentBody, Version } from './versions.ts';

/** Items times questions, so that a large corpus does not hold up a start. */
const mostCompared = 2 ** 23;
/** Users have lists of several lengths, which go through several graphs. */
const mostUsers = 64;

export interface Rehearsal {
  readonly asked: number;
  readonly refused: number;
  /** Mean share of the items of an answer that both versions give, from 0 to 1. Undefined if no answers could be compared. */
  readonly overlap: number | undefined;
}

/** @throws whatever the new version throws besides refusals: it cannot answer */
export async function rehearse(next: Version, now: Version, recent: RecentBodies): Promise<Rehearsal> {
  const overlaps: number[] = [];
  let refusedCount = 0;
  const recentBodies = recent.all();
  if (recentBodies.length === 0) await warmUp(next.answers);
  for (const asked of recentBodies) {
    const [ours, theirs] = [await keysOf(next, asked), await keysOf(now, asked).catch(() => undefined)];
    if (ours === undefined) refusedCount++;
    else if (theirs) overlaps.push(overlapOf(ours, theirs));
    // Requests of others come between two of these.
    await nextTurn();
  }
  const overlap = overlaps.length === 0 ? undefined : overlaps.reduce((sum, each) => sum + each, 0) / overlaps.length;
  return { asked: recentBodies.length, refused: refusedCount, overlap };
}

async function keysOf({ answers }: Version, { route, body }: RecentBody): Promise<readonly string[] | undefined> {
  try {
    return (await answers[route](body as never)).items.map(({ key }) => key);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function overlapOf(some: readonly string[], others: readonly string[]): number {
  const longerLength = Math.max(some.length, others.length);
  if (longerLength === 0) return 1;
  const otherKeys = new Set(others);
  return some.filter((key) => otherKeys.has(key)).length / longerLength;
}

/** Asks a version what clients will ask, before they do: graphs are prepared, kernels compiled and directions made when the first request arrives. */
export async function warmUp(answers: Answers): Promise<void> {
  const { snapshot } = answers;
  const limit = Math.max(1, Math.min(mostUsers, Math.floor(mostCompared / Math.max(1, snapshot.rows))));
  const { users } = await answers.users({ limit });
  const warmUpAnswers: Promise<unknown>[] = users.map(({ key }) => answers.recommend({ user: key }));
  warmUpAnswers.push(answers.recommend({ values: {} }));
  if (snapshot.count > 0) {
    warmUpAnswers.push(answers.recommend({ vector: [...snapshot.itemVector(0)] }), similarTo(answers));
  }
  for (const { status, reason } of (await Promise.allSettled(warmUpAnswers)) as PromiseRejectedResult[]) {
    // What cannot be asked of a model, such as a user where its tower has no key, is no mistake here.
    if (status === 'rejected' && !(reason instanceof Failure)) throw reason;
  }
}

const similarTo = async (answers: Answers): Promise<unknown> => answers.similar({ item: answers.snapshot.keyAt(0) });
