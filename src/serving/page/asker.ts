/** One question at a time to the server: while one is on its way, only the latest of those that follow waits. So a slider that moves asks as fast as answers come. */
import type { ErrorDetail } from '../server/schemas.ts';
import type { PageClient, ServerReply } from './client.ts';
import type { PageRequest } from './question.ts';

export interface AskingState<T> {
  /** True while a request runs or waits. */
  readonly waits: boolean;
  /** The latest answer. It stays while a later question has none. */
  readonly answer?: { readonly value: T; readonly milliseconds: number; readonly asked: PageRequest };
  /** Errors of the latest request. */
  readonly mistakes?: readonly ErrorDetail[];
  /** Reason why the latest request has no answer. */
  readonly trouble?: { readonly reason: string; readonly retries: boolean };
  readonly needsToken?: boolean;
}

export interface Asker {
  /** @param delay milliseconds in which a later question takes the place of this one */
  ask(asked: PageRequest, delay: number): void;
}

export function makeAsker<T>(client: Pick<PageClient, 'post'>, show: (asking: AskingState<T>) => void): Asker {
  let currentState: AskingState<T> = { waits: true };
  let nextRequest: PageRequest | undefined;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const setState = (asking: AskingState<T>): void => show((currentState = asking));
  const sendNext = async (): Promise<void> => {
    if (isBusy || nextRequest === undefined) return;
    const sentRequest = nextRequest;
    nextRequest = undefined;
    isBusy = true;
    const reply = await client.post<T>(sentRequest.path, sentRequest.body);
    isBusy = false;
    setState(after(currentState, reply, sentRequest, nextRequest !== undefined));
    if (reply.kind === 'busy' && nextRequest === undefined) {
      nextRequest = sentRequest;
      timer = setTimeout(sendNext, 1000 * reply.seconds);
    } else if (nextRequest !== undefined) await sendNext();
  };

  return {
    ask(asked, delay) {
      clearTimeout(timer);
      nextRequest = asked;
      setState({ ...currentState, waits: true });
      timer = setTimeout(sendNext, delay);
    },
  };
}

function after<T>(
  { answer }: AskingState<T>,
  reply: ServerReply<T>,
  asked: PageRequest,
  waits: boolean,
): AskingState<T> {
  const kept = { waits, ...(answer ? { answer } : {}) };
  switch (reply.kind) {
    case 'answer':
      return { waits, answer: { value: reply.value, milliseconds: reply.milliseconds, asked } };
    case 'mistakes':
      return { ...kept, mistakes: reply.mistakes };
    case 'token':
      return { ...kept, needsToken: reply.given };
    case 'busy':
      return { ...kept, trouble: { reason: reply.reason, retries: true } };
    case 'lost':
      return { ...kept, trouble: { reason: reply.reason, retries: false } };
  }
}
