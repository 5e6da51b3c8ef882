/** Products of probabilities: the logit, its gradients, the steps that PyTorch takes, and what the checker says of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { productLogit } from '../../../src/compiler/lower/event_scores.ts';
import type { Corpus, Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { differentiate } from '../../../src/graph/differentiate.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import fc from '../../fast_check.ts';
import { expectClose, floats, planOf } from '../library/support.ts';
import { checkText, found } from '../model/check_text.ts';
import { makeRun } from './tables_at_work.ts';

/** Logits of products of so many factors, and their derivatives, by the graph in float32. */
function product(rows: readonly (readonly number[])[]): { logits: number[]; slopes: number[][] } {
  const factors = rows[0]!.length;
  const builder = makeBuilder('product');
  const inputs = Array.from({ length: factors }, (_, at) => builder.input(`x${at}`, [rows.length]));
  const logit = inputs.reduce((a, b) => productLogit(builder, a, b));
  builder.output('logit', logit);
  differentiate(builder, builder.sum(logit, [0]), inputs).forEach((slope, at) => {
    builder.output(`slope${at}`, slope!);
  });
  const given = Object.fromEntries(
    inputs.map((_, at) => [
      `x${at}`,
      floats(
        [rows.length],
        rows.map((row) => row[at]!),
      ),
    ]),
  );
  const { outputs } = evaluateGraph(builder.finish(), given, {});
  return {
    logits: [...outputs.logit!.data],
    slopes: rows.map((_, row) => inputs.map((_, at) => outputs[`slope${at}`]!.data[row]!)),
  };
}

/** −log(Π (1 + e^−a) − 1), opened up: the sum of e^−Σ over every choice of factors but none. No term is subtracted. */
function exact(row: readonly number[]): number {
  const exponents: number[] = [];
  for (let choice = 1; choice < 2 ** row.length; choice++) {
    exponents.push(row.reduce((sum, x, at) => (choice & (1 << at) ? sum - x : sum), 0));
  }
  const most = Math.max(...exponents);
  return -(most + Math.log(exponents.reduce((sum, x) => sum + Math.exp(x - most), 0)));
}

/** ∂x / ∂a_k = (1 − σ(a_k)) / (1 − P), by finite differences of the exact value. */
function slopeOf(row: readonly number[], at: number): number {
  const step = 1e-4;
  const moved = (by: number): number => exact(row.map((x, each) => (each === at ? x + by : x)));
  return (moved(step) - moved(-step)) / (2 * step);
}

describe('the logit of a product of probabilities', () => {
  const ends = [-80, -30, -8, -1, 0, 0.5, 8, 30, 80];
  const pairs = ends.flatMap((a) => ends.map((b) => [a, b]));

  it('is −logsumexp(−a, −b, −a − b), up to |logits| of 80, as are its derivatives', () => {
    const { logits, slopes } = product(pairs);
    pairs.forEach((pair, at) => {
      // What float32 has of numbers as large as 80.
      expect(Math.abs(logits[at]! - exact(pair))).toBeLessThan(2e-5);
      expectClose(slopes[at]!, [slopeOf(pair, 0), slopeOf(pair, 1)], 1e-4);
    });
  });

  it('of small logits is the logit of σ(a) · σ(b)', () => {
    const small = pairs.filter((pair) => pair.every((x) => Math.abs(x) <= 8));
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const direct = small.map(([a, b]) => {
      const p = sigmoid(a!) * sigmoid(b!);
      return Math.log(p / (1 - p));
    });
    expectClose(product(small).logits, direct, 1e-5);
  });

  it('of any number of factors in any order', () => {
    const logits = fc.array(fc.float({ min: -80, max: 80, noNaN: true }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(logits, (row) => {
        for (const order of [row, row.toReversed()]) {
          const { logits: found, slopes } = product([order]);
          expect(Math.abs(found[0]! - exact(order))).toBeLessThan(1e-4);
          expectClose(
            slopes[0]!,
            order.map((_, at) => slopeOf(order, at)),
            1e-3,
          );
        }
      }),
    );
  });
});

const stages = ['click', 'cart', 'pay'] as const;
const channels = (key: string): string =>
  stages.map((name) => `channel ${name} = ${key} -> dense(4, linear)`).join(' ');
const head = `
  model products
  features { user_id : id(dim: 4) movie_id : id(dim: 4) }
  labels { clicked, bought, seen : binary  price : number }
  tower user(user_id) keyed by user_id { ${channels('user_id')} }
  tower item(movie_id) keyed by movie_id { ${channels('movie_id')} }`;
const scored = (stage: string, more = ''): string =>
  `task ${stage} { score = dot(user.${stage}, item.${stage})${more} }`;
const clicks = scored('click', ', loss = bce, label = clicked');
const train = 'train { dense = sgd(rate: 0.2), embeddings = sgd(rate: 0.2) }';
const two = `${head} ${clicks} ${scored('cart')}
  task buy { score = click * cart, loss = bce, label = bought }
  retrieve = click + cart ${train}`;

interface Trace {
  readonly losses: readonly number[];
  readonly last: Readonly<Record<string, (number | number[])[]>>;
}

describe('the steps that PyTorch takes', () => {
  const { data, cases } = JSON.parse(readFileSync('test/fixtures/products.json', 'utf8')) as {
    readonly data: Readonly<Record<'user_id' | 'movie_id' | 'clicked' | 'bought' | 'seen', number[]>> & {
      readonly first: Readonly<Record<string, (number | number[])[]>>;
    };
    readonly cases: Readonly<Record<string, Trace>>;
  };
  const codes = (values: readonly number[]): IndexedColumn => ({
    column: { kind: 'codes', values: Int32Array.from(values) },
  });
  const labels = ['clicked', 'bought', 'seen'] as const;
  const events: Events = {
    rows: data.user_id.length,
    features: new Map([
      ['user_id', codes(data.user_id)],
      ['movie_id', codes(data.movie_id)],
    ]),
    labels: new Map(labels.map((label) => [label, Float32Array.from(data[label])])),
    item: Int32Array.from(data.movie_id, (code) => code - 1),
    user: Int32Array.from(data.user_id, (code) => code - 1),
  };
  const items = data.first.movie_id!.length - 1;
  const corpus: Corpus = {
    rows: items,
    features: new Map([['movie_id', codes(Array.from({ length: items }, (_, at) => at + 1))]]),
    keys: Array.from({ length: items }, (_, at) => `${at}`),
    trainingCounts: new Int32Array(items).fill(1),
  };
  test.each([
    ['two', two],
    [
      'three',
      // The product within the product, and the order of tasks, change nothing.
      `${head} task buy { score = early * pay, loss = bce, label = bought, only = seen }
        task early { score = click * cart }
        ${clicks.replace('loss = bce', 'loss = bce(scale: 0.5)')} ${scored('cart')} ${scored('pay')}
        retrieve = click + cart + pay ${train}`,
    ],
  ])('of %s factors', (name, text) => {
    const plan = planOf(text);
    const parameters = Object.fromEntries(
      Object.entries(initialValues(plan.step.graph, 1)).map(([parameter, { shape }]) => [
        parameter,
        floats(shape, data.first[parameter]!.flat()),
      ]),
    );
    const run = makeRun(plan, { events, corpus, first: (table) => data.first[table] as number[][] }, parameters);
    const { losses, last } = cases[name]!;
    losses.forEach((loss, at) => {
      expectClose([run.step(at + 1).loss!.data[0]!], [loss], 1e-5);
    });
    const values = run.values();
    const compared = [...values].flatMap(([held, numbers]) => {
      const rows = last[held];
      if (rows) expectClose(numbers, rows.flat(), 1e-5);
      return rows ? [held] : [];
    });
    expect(compared).toHaveLength(name === 'two' ? 10 : 14);
  });
});

describe('a model with a product', () => {
  it('learns the product on all rows, and its factors without a loss through it', () => {
    const plan = planOf(two);
    expect(plan.step.graph.outputs.map(({ name }) => name).filter((name) => name.startsWith('loss'))).toEqual([
      'loss',
      'loss:click',
      'loss:buy',
    ]);
    expect(plan.tasks).toEqual([
      { name: 'click', loss: 'bce', label: 'clicked', predicts: 'probability' },
      { name: 'cart' },
      { name: 'buy', loss: 'bce', label: 'bought', predicts: 'probability' },
    ]);
  });

  it('is weighed as other tasks are', () => {
    const plan = planOf(two.replace('retrieve', 'objective = uncertainty(click, buy) retrieve'));
    const weights = plan.step.graph.outputs.map(({ name }) => name).filter((name) => name.startsWith('weight:'));
    expect(weights).toEqual(['weight:click', 'weight:buy']);
  });
});

describe('mistakes', () => {
  const buy = (score: string, loss = 'loss = bce, label = bought'): string => `task buy { score = ${score}, ${loss} }`;
  const ranked = 'retrieve = click + cart';
  const checked = (text: string): string[] =>
    found(checkText(`${head} ${text}`)).filter((code) => !/^unread/.test(code));
  const both = `${clicks} ${scored('cart')}`;
  it.each([
    [`${both} ${buy('click * cart')} ${ranked}`, []],
    [`${both} ${buy('cart * click', 'loss = focal, label = bought')} ${ranked}`, []],
    [`${both} ${buy('click * carts')} ${ranked}`, ['unknown-name: carts']],
    [`${both} ${buy('clicks * carts')} ${ranked}`, ['unknown-name: clicks', 'unknown-name: carts']],
    [`${both} ${buy('0.5 * click * cart')} ${ranked}`, ['not-a-product: 0.5']],
    [`${both} ${buy('click * cart + 1')} ${ranked}`, ['not-a-product: click * cart + 1']],
    [`${both} ${buy('click / cart')} ${ranked}`, ['not-a-product: click / cart']],
    [`${both} ${buy('click * cart * dot(user.pay, item.pay)')} ${ranked}`, ['not-a-product: dot(user.pay, item.pay)']],
    [`${clicks} ${buy('click')} retrieve = click`, ['product-of-one: click']],
    [`${clicks} ${buy('click * click')} retrieve = click`, ['repeated-name: click']],
    [`${both} task early { score = click * cart } ${buy('early * cart')} ${ranked}`, ['repeated-name: cart']],
    [`${both} ${buy('click * buy')} ${ranked}`, ['missing-entry: cart', 'product-cycle: buy']],
    [
      `${both} task one { score = click * other } task other { score = cart * one } ${buy('click * one')} ${ranked}`,
      ['product-cycle: one'],
    ],
    [
      `${both.replace('loss = bce, label = clicked', 'loss = softmax(in_batch)')} ${buy('click * cart')} ${ranked}`,
      ['product-factor-loss: click'],
    ],
    [
      `${both.replace('loss = bce, label = clicked', 'loss = mse, label = price')} ${buy('click * cart')} ${ranked}`,
      ['product-factor-loss: click'],
    ],
    [
      `${both.replace('loss = bce, label = clicked', 'loss = bce(negatives: sampled(4))')} ${buy('click * cart')} ${ranked}`,
      ['product-factor-loss: click'],
    ],
    [`${both} ${buy('click * cart', 'loss = softmax(in_batch)')} ${ranked}`, ['product-loss: softmax(in_batch)']],
    [`${both} ${buy('click * cart', 'loss = mse, label = price')} ${ranked}`, ['product-loss: mse']],
    [
      `${both} ${buy('click * cart', 'loss = bce(scale: 2), label = bought')} ${ranked}`,
      ['product-loss: bce(scale: 2)'],
    ],
    [`${both} ${buy('click * cart', 'loss = bce')} ${ranked}`, ['label-needed: buy']],
    [`${both} retrieve = click`, ['missing-entry: cart']],
    [`${both} ${buy('click * pay')} ${ranked}`, ['unknown-name: pay']],
    [`${clicks} ${scored('cart', ', label = bought')} ${buy('click * cart')} ${ranked}`, ['entry-without-loss: label']],
    [`${clicks} ${scored('cart', ' + mean')} ${buy('click * cart')} ${ranked}`, ['mean-needs-number: mean']],
    [`${both} ${buy('click * cart')} retrieve = buy`, ['product-in-retrieve: buy']],
    [`${both} ${buy('click * cart')}`, ['product-in-retrieve: click * cart']],
    [
      `${both} ${buy('click * cart')} objective = click + cart + buy ${ranked}`,
      ['objective-no-loss: click + cart + buy'],
    ],
    [`${both} ${buy('click * cart')} objective = click ${ranked}`, ['objective-omits: click']],
    // What was a mistake of scores still is.
    [`${clicks} ${buy('user * item')} retrieve = click`, ['not-a-score: user * item']],
    [`${clicks} ${buy('cosine * dot')} retrieve = click`, ['not-a-score: cosine * dot']],
  ])('%s', (text, codes) => expect(checked(text)).toEqual(codes));

  it('a fix of a retrieval names what the sigmoids take', () => {
    const text = `${head} ${clicks.replace('loss = bce', 'loss = bce(scale: 3)')} ${scored('cart')} ${buy('click * cart')}`;
    const [mistake] = checkText(text).diagnostics.filter(({ code }) => code === 'product-in-retrieve');
    expect(mistake!.fixes[0]![0]!.text).toBe('\nretrieve = 3 * click + cart');
  });
});
