/** Questions to the server: one at a time, the latest wins, and a busy server is asked again. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AskingState, makeAsker, type PageRequest, type ServerReply } from '../../../src/serving/page/question.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const question = (k: number): PageRequest => ({ path: '/v1/recommend', body: { user: '1', k } });

function start() {
  const sent: { k: number; reply(reply: ServerReply<string>): Promise<void> }[] = [];
  const shown: AskingState<string>[] = [];
  const client = {
    post: <T>(_: string, body: object) =>
      new Promise<ServerReply<T>>((resolve) => {
        const reply = async (given: ServerReply<string>): Promise<void> => {
          resolve(given as ServerReply<T>);
          await vi.advanceTimersByTimeAsync(0);
        };
        sent.push({ k: (body as { k: number }).k, reply });
      }),
  };
  const asker = makeAsker<string>(client, (asking) => void shown.push(asking));
  const answer = (value: string): ServerReply<string> => ({ kind: 'answer', value, milliseconds: 1 });
  return { asker, sent, shown, answer, last: () => shown.at(-1)! };
}

it('sends the last of several questions, after their delay', async () => {
  const { asker, sent } = start();
  asker.ask(question(1), 100);
  await vi.advanceTimersByTimeAsync(60);
  asker.ask(question(2), 100);
  await vi.advanceTimersByTimeAsync(99);
  expect(sent).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.map(({ k }) => k)).toEqual([2]);
});

it('has one question on its way, and sends only the latest of those that came meanwhile', async () => {
  const { asker, sent, answer, last } = start();
  for (const k of [1, 2, 3]) {
    asker.ask(question(k), 0);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(sent.map(({ k }) => k)).toEqual([1]);
  await sent[0]!.reply(answer('one'));
  expect(last()).toMatchObject({ waits: true, answer: { value: 'one' } });
  expect(sent.map(({ k }) => k)).toEqual([1, 3]);
  await sent[1]!.reply(answer('three'));
  expect(last()).toMatchObject({ waits: false, answer: { value: 'three', asked: question(3) } });
});

it('keeps the last answer where a later question has mistakes, and forgets them with the next answer', async () => {
  const { asker, sent, answer, last } = start();
  const mistakes = [{ code: 'filter-syntax', message: 'no', hint: '', at: '/filter' }];
  const asked = async (k: number, reply: ServerReply<string>): Promise<void> => {
    asker.ask(question(k), 0);
    await vi.advanceTimersByTimeAsync(1);
    await sent.at(-1)!.reply(reply);
  };
  await asked(1, answer('one'));
  await asked(2, { kind: 'mistakes', mistakes });
  expect(last()).toMatchObject({ mistakes, answer: { value: 'one' } });
  await asked(3, { kind: 'lost', reason: 'gone' });
  expect(last()).toEqual({ waits: false, answer: expect.anything(), trouble: { reason: 'gone', retries: false } });
  await asked(4, answer('four'));
  expect(Object.keys(last())).toEqual(['waits', 'answer']);
  await asked(5, { kind: 'token', given: true });
  expect(last().needsToken).toBe(true);
});

it('asks a busy server again after the time that it names, unless another question comes', async () => {
  const { asker, sent, answer, last } = start();
  asker.ask(question(1), 0);
  await vi.advanceTimersByTimeAsync(1);
  await sent[0]!.reply({ kind: 'busy', seconds: 2, reason: 'much to do' });
  expect(last().trouble).toEqual({ reason: 'much to do', retries: true });
  await vi.advanceTimersByTimeAsync(1999);
  expect(sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.map(({ k }) => k)).toEqual([1, 1]);
  await sent[1]!.reply({ kind: 'busy', seconds: 2, reason: 'much to do' });
  asker.ask(question(9), 0);
  await vi.advanceTimersByTimeAsync(5000);
  expect(sent.map(({ k }) => k)).toEqual([1, 1, 9]);
  await sent[2]!.reply(answer('nine'));
  expect(last()).toMatchObject({ waits: false, answer: { value: 'nine' } });
});
