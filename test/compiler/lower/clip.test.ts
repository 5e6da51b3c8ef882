/** Clipped gradients: their length is that of all that moves, weights and rows of tables alike. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { initialValues } from '../../../src/graph/initial.ts';
import fc from '../../fast_check.ts';
import { expectClose, planOf } from '../library/support.ts';
import { checkText, found, model } from '../model/check_text.ts';
import {
  type Data,
  firstWeights,
  givenBy,
  makeRun,
  moved,
  type Numbers,
  nameOf,
  profile,
  randomBatch,
} from './tables_at_work.ts';

interface Trace {
  readonly losses: readonly Numbers[];
  readonly norms: Numbers;
  readonly last: Readonly<Record<string, number[][]>>;
}

const fixture = JSON.parse(readFileSync('test/fixtures/clip.json', 'utf8')) as {
  readonly data: Data;
  readonly cases: Readonly<Record<string, Trace>>;
};

test.each(Object.entries(fixture.cases))('the steps that PyTorch takes, clipped to %s', (clip, trace) => {
  const plan = planOf(`
    model clipped
    labels { click: binary, like: binary }
    ${profile}
    train { batch = 32, epochs = 1, dense = sgd(rate: 0.5), embeddings = sgd(rate: 0.5), clip = ${clip} }`);
  const run = makeRun(plan, givenBy('profile', fixture.data), firstWeights(plan, fixture.data));
  trace.norms.forEach((norm, at) => {
    const outputs = run.step(at + 1);
    expectClose(
      ['click', 'like'].map((task) => outputs[`loss:${task}`]!.data[0]!),
      trace.losses[at]!,
      1e-5,
    );
    expectClose([outputs.gradient_norm!.data[0]!], [norm], 1e-5);
  });
  const values = run.values();
  for (const [key, rows] of Object.entries(trace.last)) {
    const held = values.get(nameOf(key));
    if (held) expectClose(held, rows.flat(), 2e-5);
  }
});

describe('over any tables and look-ups', () => {
  const losses: Readonly<Record<string, string>> = {
    'a label': 'loss = bce, label = click',
    'each item once': 'loss = softmax(in_batch, temperature: 0.5)',
    'drawn negatives': 'loss = bpr(negatives: sampled(2))',
    'every item of the corpus': 'loss = softmax(all, temperature: 0.5)',
    'items drawn for all rows': 'loss = softmax(in_batch, negatives: sampled(6))',
  };
  const text = (loss: string, clip: string): string => `
    model any
    features {
      user_id : id(dim: 3)
      history : list(movie_id, max: 4)
      recent : list(movie_id, max: 3, pool: none)
      last : like(movie_id)
      tags : list(category(dim: 3), max: 3, pool: sum)
      movie_id : id(dim: 3)
    }
    ${loss.includes('label') ? 'labels { click: binary }' : ''}
    group profile = user_id, history, last
    group movie = movie_id, tags
    tower user(profile, recent) keyed by user_id {
      seen = recent -> mean
      channel main = concat(profile, seen) -> dense(3, tanh)
    }
    tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(3) }
    task click { score = dot(user, item) * 8, ${loss} }
    train { batch = 16, epochs = 1, dense = sgd(rate: 1), embeddings = sgd(rate: 1)${clip} }`;

  const lengthOf = (gradients: ReadonlyMap<string, Numbers>): number => Math.hypot(...[...gradients.values()].flat());

  test.each(Object.entries(losses))('%s: what moves is the gradient, at most as long as said', (_, loss) => {
    const plain = planOf(text(loss, ''));
    const clip = 0.25;
    const clipped = planOf(text(loss, `, clip = ${clip}`));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const given = randomBatch(seed);
        const parameters = initialValues(plain.step.graph, seed);
        const whole = moved(plain, given, parameters).gradients;
        const cut = moved(clipped, given, parameters);
        const length = lengthOf(whole);
        expectClose([cut.outputs.gradient_norm!.data[0]!], [length], 2e-5);
        const factor = Math.min(1, clip / (length + 1e-6));
        for (const [name, gradient] of whole) {
          expectClose(
            cut.gradients.get(name)!,
            gradient.map((each) => each * factor),
            2e-5,
          );
        }
        expect(lengthOf(cut.gradients)).toBeLessThan(clip * (1 + 1e-4));
      }),
      { numRuns: 6, seed: 4 },
    );
  });
});

describe('`clip`', () => {
  test('adds nothing to a step that does not ask for it', () => {
    const { graph } = planOf(model()).step;
    expect(graph.outputs.map(({ name }) => name)).not.toContain('gradient_norm');
  });
  test.each([
    ['0', ['out-of-range: 0']],
    ['-1', ['out-of-range: -1']],
    ['1e-3', []],
    ['adam', ['wrong-type: adam']],
  ])('= %s', (value, codes) => {
    const errors = found(checkText(model({ after: `train { clip = ${value} }` })));
    expect(errors).toEqual(codes);
  });
  test('is set for one run', () => {
    const checked = checkText(model(), { settings: { clip: 0.5 } });
    expect(checked.model?.train.clip).toBe(0.5);
    expect(found(checkText(model(), { settings: { clip: -1 } }))).toEqual(['out-of-range: -1']);
  });
});
