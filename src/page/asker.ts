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
  let now: AskingState<T> = { waits: true };
  let next: PageRequest | undefined;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const set = (asking: AskingState<T>): void => show((now = asking));
  const send = async (): Promise<void> => {
    if (isBusy || next === undefined) return;
    const asked = next;
    next = undefined;
    isBusy = true;
    const reply = await client.post<T>(asked.path, asked.body);
    isBusy = false;
    set(after(now, reply, asked, next !== undefined));
    if (reply.kind === 'busy' && next === undefined) {
      next = asked;
      timer = setTimeout(send, 1000 * reply.seconds);
    } else if (next !== undefined) await send();
  };

  return {
    ask(asked, delay) {
      clearTimeout(timer);
      next = asked;
      set({ ...now, waits: true });
      timer = setTimeout(send, delay);
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
