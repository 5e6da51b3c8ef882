/**
 * Questions that arrive together are answered together: one run of the query tower and one pass over the items cost far less than one of each a
 * question. What arrives while a batch is answered makes up the next batch, so a question alone waits for nothing, and batches grow with the load.
 */
export interface AnswerOptions {
  /** True if nobody waits for the answer any more: the request is dropped if no batch has taken it yet. */
  readonly isOver?: () => boolean;
}

/** Rejects for a question with a mistake, and for that one alone. */
export type Batcher<Q, A> = (question: Q, options?: AnswerOptions) => Promise<A>;

interface QueuedRequest<Q, A> {
  readonly question: Q;
  readonly isOver: () => boolean;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * @param answerAll gives an answer for each question, in their order, or an error in its place
 * @param most questions of one batch
 */
export function makeBatcher<Q, A>(
  answerAll: (questions: readonly Q[]) => Promise<readonly (A | Error)[]>,
  most: number,
): Batcher<Q, A> {
  let queuedRequests: QueuedRequest<Q, A>[] = [];
  let isRunning = false;

  const answer = async (batch: readonly QueuedRequest<Q, A>[]): Promise<void> => {
    try {
      const answers = await answerAll(batch.map(({ question }) => question));
      batch.forEach(({ resolve, reject }, at) => {
        const ownAnswer = answers[at]!;
        if (ownAnswer instanceof Error) reject(ownAnswer);
        else resolve(ownAnswer);
      });
    } catch (error) {
      // Values of one question may fail the tower for all.
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const each of batch) await answer([each]);
    }
  };
  const run = async (): Promise<void> => {
    while (queuedRequests.length > 0) {
      const batch = queuedRequests.slice(0, most);
      queuedRequests = queuedRequests.slice(most);
      const [over, asked] = [batch.filter(({ isOver }) => isOver()), batch.filter(({ isOver }) => !isOver())];
      for (const { reject } of over) reject(new Error('nobody waits for the answer'));
      if (asked.length > 0) await answer(asked);
      // Sockets, timers and other routes have their turn between batches.
      if (queuedRequests.length > 0) await new Promise<void>((later) => soon(later));
    }
    isRunning = false;
  };
  return (question, { isOver = () => false } = {}) =>
    new Promise((resolve, reject) => {
      queuedRequests.push({ question, isOver, resolve, reject });
      if (isRunning) return;
      isRunning = true;
      // After all that has arrived at this moment has been read, so that a server refuses what is too much before it answers the rest.
      soon(() => void run());
    });
}

/** Browsers have no `setImmediate`, and let a timer wait for four milliseconds. */
const soon: (work: () => void) => void =
  typeof setImmediate === 'function' ? (work) => void setImmediate(work) : makeSoon();

function makeSoon(): (work: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (work) => {
    waiting.push(work);
    port2.postMessage(undefined);
  };
}
