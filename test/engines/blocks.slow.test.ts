/** A training step with every block, of a vector or fields and of a sequence, and every score, on every engine. */
import { beforeAll, describe, expect, it } from 'vitest';
import { towardsVector } from '../../src/compiler/library/values.ts';
import { library } from '../../src/compiler/model/library.ts';
import { takesOf } from '../../src/editor/reference/examples.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { feed, planOf } from '../compiler/library/support.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

/** `max_sim` stands alone in its score, between several vectors on both sides: set_scores.test.ts has it. */
const scores = Object.keys(library.scores).filter((name) => library.scores[name]!.lower && name !== 'max_sim');

/** Blocks whose join is of a sequence and a vector. */
const sequenceFirst = new Set(['attention']);

/** Lines of the user tower: a channel for each block and type of value. */
const channels = Object.entries(library.blocks).flatMap(([name, { example, join, takesTimes: takesMoments }]) => {
  const taken = takesOf(example);
  const step = taken.length > 0 ? example : name;
  // The first type that it takes, and sequences, whose masks matter.
  const kinds = takesOf(step).filter(({ takes }, at) => at === 0 || takes.kind === 'sequence');
  const after = kinds.map(({ from, takes, gives }) => {
    const channel = `${name}_of_${takes.kind}`;
    const flow = `${from} -> ${step}`;
    if (gives.kind === 'outputs') {
      const line = `several_${channel} = ${flow}`;
      return { block: name, channel, lines: [line, `channel ${channel} = several_${channel}.click -> dense(4)`] };
    }
    const towards = towardsVector(gives);
    return {
      block: name,
      channel,
      lines: [`channel ${channel} = ${flow}${towards ? ` -> ${towards}` : ''} -> dense(4)`],
    };
  });
  // Written before an arrow it joins steps.
  const joined = {
    block: name,
    channel: `${name}_joined`,
    // What takes a sequence first takes a vector after it, `attention(history, deep)`, or its times: `transformer(history, when)`.
    lines: [
      takesMoments
        ? `channel ${name}_joined = ${name}(history, when) -> last -> dense(4)`
        : `channel ${name}_joined = ${name}(${sequenceFirst.has(name) ? 'history, deep' : 'deep, wide'}) -> dense(4)`,
    ],
  };
  return join ? [...after, joined] : after;
});

const text = `
  model everything
  features {
    user_id  : id(dim: 16)
    country  : category(dim: 16)
    city     : category(dim: 16)
    age      : number(buckets: 4, dim: 16)
    language : category(dim: 8)
    device   : category(dim: 4)
    history  : list(video_id, max: 5, pool: none)
    when     : along(history, time(moment))
    video_id : id(dim: 16)
    about    : category(dim: 4)
  }
  group profile = user_id, country, city, age
  group mixed   = user_id, language, device
  group video   = video_id, about
  tower user(profile, mixed, history, when) keyed by user_id {
    deep = profile -> flatten -> mlp(8, 6)
    wide = profile -> fm -> dense(6)
    channel many = history -> multi_interest(3) -> mlp(6, 4) -> normalize
    ${channels.flatMap(({ lines }) => lines).join('\n')}
  }
  tower item(video) keyed by video_id {
    all = video -> flatten -> batch_norm
    channel many = all -> dense(4) -> normalize
    ${channels.map(({ channel }) => `channel ${channel} = all -> dense(4)`).join('\n')}
  }
  task click {
    score = 0.5 * dot(user.many, item.many) + ${channels
      .map(({ channel }, at) => `${scores[at % scores.length]}(user.${channel}, item.${channel})`)
      .join(' + ')}
    loss  = softmax(in_batch, temperature: ${channels.length})
  }
  task like { score = hadamard(user.cross_of_vector, item.cross_of_vector), loss = softmax(negatives: sampled(2)) }
  objective = click + 0.5 * like
  retrieve  = click
  train { batch = 8, epochs = 1, dense = sgd(rate: 0.01), embeddings = sgd, clip = 0.5 }
`;
const { step, towers } = planOf(text);

it('leaves no block and no score out', () => {
  const missing = Object.keys(library.blocks).filter((name) => !channels.some(({ block }) => block === name));
  expect(missing).toEqual([]);
  expect(channels.length).toBeGreaterThan(scores.length);
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
    await expectEngineToAgree(engine, step.graph, inputs, initialValues(step.graph, 5));
  });

  it('serves as plain arrays do', async () => {
    if (!engine) return;
    for (const { embedded } of towers) {
      await expectEngineToAgree(engine, embedded.graph, feed(embedded, 7), initialValues(embedded.graph, 5));
    }
  });
});
