/** What the page asks: bodies that the schemas of the server allow, and commands that a shell sends as they are. */
import { spawnSync } from 'node:child_process';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AboutAnswer,
  type AskingState,
  curlOf,
  firstQuestion,
  makeAsker,
  type PageRequest,
  type QueryForm,
  requestOf,
  type ServerReply,
} from '../../../src/serving/page/question.ts';
import { defaultLimits } from '../../../src/serving/server/limits.ts';
import { makeSchemas } from '../../../src/serving/server/schemas.ts';
import fc from '../../fast_check.ts';

/** Questions to the server: one at a time, the latest wins, and a busy server is asked again. */
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

const about: AboutAnswer = {
  state: [],
  version: '1',
  items: 9,
  users: 3,
  width: 4,
  query: {
    model: 'films',
    tower: 'user',
    key: 'user_id',
    features: [
      { name: 'history', kind: 'item', list: true, examples: [] },
      { name: 'age', kind: 'number', examples: [] },
      { name: 'when', kind: 'moment', examples: [] },
      { name: 'face', kind: 'vector', size: 2, examples: [] },
      { name: 'tags', kind: 'category', list: true, along: 'history', each: true, examples: [] },
    ],
  },
  objectives: [{ name: 'view', factor: 0.9 }],
  columns: [
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({ name, kind: 'text' as const })),
    { name: 'poster', kind: 'text', picture: true },
  ],
  removeSeen: true,
  mostItems: 1000,
};
const first = firstQuestion(about);
const columns = ['poster', 'a', 'b', 'c', 'd', 'e', 'f'];
const bodyOf = (part: Partial<QueryForm>) => requestOf({ ...first, ...part }, about).body;

describe('a request', () => {
  it('says no more than it must', () => {
    expect(requestOf(first, about)).toEqual({
      path: '/v1/recommend',
      body: { values: {}, k: 10, columns, shares: true },
    });
    expect(bodyOf({ user: '7' })).toEqual({ user: '7', k: 10, columns, history: 30, shares: true });
    const { body } = requestOf({ ...first, user: '7' }, { ...about, columns: [], objectives: [] });
    expect(body).toEqual({ user: '7', k: 10, history: 30 });
  });

  it('has values as their features take them, and leaves out what was not typed', () => {
    const values = {
      history: ['50', '7'],
      age: '31',
      when: '2026-11-25T17:00',
      face: ' 1,  2.5',
      tags: ['["a"]', '[]'],
    };
    expect(bodyOf({ values })).toMatchObject({
      values: { history: ['50', '7'], age: 31, when: '2026-11-25T17:00', face: [1, 2.5], tags: [['a'], []] },
    });
    expect(bodyOf({ values: { history: [], age: '', unknown: 'x' } })).toMatchObject({ values: {} });
    // What is wrong is sent as it was typed: the server says why.
    expect(bodyOf({ values: { age: 'old', face: '1 x', tags: ['['] } })).toMatchObject({
      values: { age: 'old', face: [1, 'x'], tags: ['['] },
    });
  });

  it('has limits, exclusions and weights where they differ from those of the model', () => {
    const moved = {
      filter: 'a = 1',
      exclude: [{ key: '3', title: 'Three' }],
      removeSeen: false,
      weights: { view: 2 },
      k: 3,
    };
    expect(bodyOf({ user: '7', ...moved })).toMatchObject({
      ...{ filter: 'a = 1', exclude: ['3'], removeSeen: false, weights: { view: 2 }, k: 3 },
    });
    expect(requestOf({ ...first, ...moved, user: '7', near: { key: '5', title: 'Five' } }, about)).toEqual({
      path: '/v1/similar',
      body: { item: '5', k: 3, filter: 'a = 1', exclude: ['3'], columns },
    });
  });

  it('is one that the schemas of the server allow, whatever is typed', () => {
    const ajv = new Ajv2020({ allowUnionTypes: true });
    const { Recommend, Similar } = makeSchemas(defaultLimits);
    const validators = { '/v1/recommend': ajv.compile(Recommend), '/v1/similar': ajv.compile(Similar) };
    const text = fc.string({ maxLength: 20 });
    const named = fc.record({ key: text, title: text });
    const questions = fc.record({
      user: text,
      values: fc.dictionary(
        fc.constantFrom('history', 'age', 'when', 'face', 'tags'),
        fc.oneof(text, fc.array(text, { maxLength: 4 })),
      ),
      k: fc.integer({ min: 1, max: 1000 }),
      filter: text,
      exclude: fc.array(named, { maxLength: 3 }),
      removeSeen: fc.boolean(),
      weights: fc.dictionary(fc.constant('view'), fc.double({ noNaN: true, noDefaultInfinity: true })),
      near: fc.option(named, { nil: undefined }),
    });
    fc.assert(
      fc.property(questions, (question) => {
        const { path, body } = requestOf(question, about);
        validators[path](JSON.parse(JSON.stringify(body)));
        expect(validators[path].errors).toBeNull();
      }),
    );
  });
});

describe('a command', () => {
  it('gives a shell the body as it is, whatever a key has', () => {
    // A `curl` that prints its arguments, each ended by a zero byte.
    const argumentsOf = (command: string): string[] =>
      spawnSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`], { encoding: 'utf8' }).stdout.split('\0');
    for (const user of ["it's", '$(touch x) `id` "\\', "'; exit 1 #", 'zwei\nZeilen', '!!', 'ключ 🎬']) {
      const asked = requestOf({ ...first, user }, about);
      const [url, header, type, data, body] = argumentsOf(curlOf(asked, 'http://localhost:8321', false));
      expect([url, header, type, data]).toEqual([
        'http://localhost:8321/v1/recommend',
        ...['-H', 'Content-Type: application/json', '-d'],
      ]);
      expect(JSON.parse(body!)).toEqual(JSON.parse(JSON.stringify(asked.body)));
    }
  });

  it('names the token, and never has it', () => {
    expect(curlOf(requestOf(first, about), '', true)).toContain('-H "Authorization: Bearer $TOKEN"');
  });
});
