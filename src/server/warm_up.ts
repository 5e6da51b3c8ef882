/** Asks a version what clients will ask, before they do: graphs are prepared, kernels compiled and directions made when the first request arrives. */
import { Failure } from '../diagnostics/failure.ts';
import type { Answers } from './answers.ts';

/** Items times questions, so that a large corpus does not hold up a start. */
const mostCompared = 2 ** 23;
/** Users have lists of several lengths, which go through several graphs. */
const mostUsers = 64;

export async function warmUp(answers: Answers): Promise<void> {
  const { snapshot } = answers;
  const limit = Math.max(1, Math.min(mostUsers, Math.floor(mostCompared / Math.max(1, snapshot.rows))));
  const { users } = await answers.users({ limit });
  const asked: Promise<unknown>[] = users.map(({ key }) => answers.recommend({ user: key }));
  asked.push(answers.recommend({ values: {} }));
  if (snapshot.count > 0) {
    asked.push(answers.recommend({ vector: [...snapshot.itemVector(0)] }), similarTo(answers));
  }
  for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    // What cannot be asked of a model, such as a user where its tower has no key, is no mistake here.
    if (status === 'rejected' && !(reason instanceof Failure)) throw reason;
  }
}

const similarTo = async (answers: Answers): Promise<unknown> => answers.similar({ item: answers.snapshot.keyAt(0) });
