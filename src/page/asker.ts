/** One question at a time to the server: while one is on its way, only the latest of those that follow waits. So a slider that moves asks as fast as answers come. */
import type { ErrorDetail } from '../server/schemas.ts';
import type { Client, Reply } from './client.ts';
import type { Asked } from './question.ts';

export interface Asking<T> {
  /** A question is on its way, or waits. */
  readonly waits: boolean;
  /** The latest answer. It stays while a later question has none. */
  readonly answer?: { readonly value: T; readonly milliseconds: number; readonly asked: Asked };
  /** Of the latest question. */
  readonly mistakes?: readonly ErrorDetail[];
  /** Why the latest question has no answer. */
  readonly trouble?: { readonly reason: string; readonly retries: boolean };
  /** The server wants a token; whether one was given. */
  readonly needsToken?: boolean;
}

export interface Asker {
  /** @param delay milliseconds in which a later question takes the place of this one */
  ask(asked: Asked, delay: number): void;
}

export function makeAsker<T>(client: Pick<Client, 'post'>, show: (asking: Asking<T>) => void): Asker {
  let now: Asking<T> = { waits: true };
  let next: Asked | undefined;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const set = (asking: Asking<T>): void => show((now = asking));
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

function after<T>({ answer }: Asking<T>, reply: Reply<T>, asked: Asked, waits: boolean): Asking<T> {
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
