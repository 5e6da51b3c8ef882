/** A training step with every block and score of the library, on every engine. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { blocks } from '../../src/library/blocks/table.ts';
import { scores } from '../../src/library/scores/table.ts';
import { feed, planOf } from '../library/support.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const text = `
  model everything
  features {
    user_id  : id(dim: 6)
    country  : category(dim: 6)
    age      : number(buckets: 4, dim: 6)
    seen     : list(video_id, max: 5, pool: none)
    video_id : id(dim: 6)
    about    : category(dim: 4)
    topic    : category(dim: 6)
  }
  group profile = user_id, country, age
  group video   = video_id, topic
  tower user(profile, seen) keyed by user_id {
    weighed = profile -> senet(reduction: 2)
    flat    = weighed -> flatten -> layer_norm -> batch_norm -> gate -> dropout(0.3)
    mixed   = flat -> mmoe(click, like, experts: 3, units: 5)
    layered = mixed.click -> ple(click, like, experts: 2, shared: 1, units: 5, levels: 2)
    read    = seen -> residual(self_attention(heads: 2)) -> layer_norm
    wants   = read -> multi_interest(3, attention, units: 4)
    caps    = read -> multi_interest(2, routing, iterations: 2)
    channel many   = concat(wants, mixed.like) -> mlp(6, 4) -> normalize
    channel routed = caps -> flatten -> dense(4)
    channel deep   = concat(layered.click, layered.like) -> cross(layers: 2) -> cross_v2(layers: 1, rank: 2) -> dense(4)
    channel pairs  = weighed -> bilinear(each) -> self_attention -> mean -> dense(4)
    channel fm     = weighed -> fm -> dense(4)
    channel ffm    = weighed -> ffm -> dense(4, tanh)
    channel maps   = weighed -> ffm(width: 3) -> dense(4, sigmoid)
    channel cin    = weighed -> cin(3, 2) -> dense(4, softplus)
    late   = read -> gru(6, states: all) -> attention(units: 3)
    ends   = seen -> gru(6)
    early  = weighed -> sum
    channel both   = product(late, early, ends) -> dense(4, swish)
  }
  tower item(video, about) keyed by video_id {
    all = concat(video, about) -> batch_norm
    channel many   = all -> dense(4) -> normalize
    channel routed = all -> dense(4)
    channel deep   = all -> dense(4)
    channel pairs  = all -> dense(4)
    channel fm     = all -> dense(4)
    channel ffm    = all -> dense(4)
    channel maps   = all -> dense(4)
    channel cin    = all -> dense(4)
    channel both   = all -> dense(4)
  }
  task click {
    score = 0.5 * dot(user.many, item.many) + cosine(user.routed, item.routed) + hadamard(user.deep, item.deep)
    loss  = softmax(in_batch)
  }
  task like { score = hadamard(user, item), loss = softmax(negatives: sampled(2)) }
  objective = click + 0.5 * like
  retrieve  = click
  train { batch = 8, epochs = 1, dense = sgd(rate: 0.1), embeddings = sgd }
`;
const { step, towers } = planOf(text);

it('leaves no block and no score out', () => {
  const words = new Set(text.match(/[a-z]\w*/g));
  expect([...Object.keys(blocks), ...Object.keys(scores)].filter((kind) => !words.has(kind))).toEqual([]);
});

describe.each(names)('every block on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('trains as plain arrays do', async () => {
    if (!engine) return;
    const hits = [
      [0, 2],
      [2, 0],
    ] as const;
    // Of drawn rows a hit is within a row's own draws.
    const inputs = feed(step, 7, { hits: hits.map(([row, column]) => [row, Math.min(column, 1)] as const) });
    await expectEngineToAgree(engine, step.graph, inputs, initialValues(step.graph, 5), 2);
  });

  it('serves as plain arrays do', async () => {
    if (!engine) return;
    for (const { embedded } of towers) {
      await expectEngineToAgree(engine, embedded.graph, feed(embedded, 7), initialValues(embedded.graph, 5));
    }
  });
});
