/** A training step with blocks of formulas, and what their towers serve, on every engine. */
import { beforeAll, describe, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { feed, planOf } from '../compiler/library/support.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const { step, towers } = planOf(`
  model formulas
  features {
    user_id  : id(dim: 8)
    country  : category(dim: 4)
    city     : category(dim: 8)
    history  : list(video_id, max: 5, pool: none)
    video_id : id(dim: 8)
  }
  block weighed(reduction = 3) of (x: fields[f, any d]) {
    weights reduce[f -> h: max(1, floor(f / reduction))], expand[h -> f]
    shown excitation = sigmoid(relu(mean over d (x) @ reduce) @ expand)
    give x * excitation
  }
  block asked(units = 4) of (x: sequence[t, d], q: vector[e]) {
    weights A[d -> u: units], B[e -> u], v[u] = normal(0.5)
    a = sigmoid(x @ A + q @ B) @ v
    give a @ x
  }
  block causal(heads = 2) of (x: sequence[t, d]) {
    weights Q[d -> h: heads, e: d / heads], K[d -> h, e], V[d -> h, e]
    q = x @ Q
    k = x[t: s] @ K
    a = softmax over s where s <= t (sum over e (q * k) / sqrt(size(e)))
    give sum over s ((a -> dropout(0.2)) * (x[t: s] @ V)) as sequence[t, h, e]
  }
  block lru(units = 4) of (x: sequence[t, d]) {
    weights n[u: units] = -1, p[u] = uniform(3), B[d -> u], C[d -> u], E[u -> d], F[u -> d], D[d] = 1
    m = exp(-exp(n))
    g = sqrt(1 - square(m))
    c = m * cos(p)
    s = m * sin(p)
    scan over t {
      r[u] = 0 then c * r - s * i + g * (x @ B)
      i[u] = 0 then s * r + c * i + g * (x @ C)
    }
    give r @ E - i @ F + D * x
  }
  block vertical(filters = 3) of (x: sequence[t, d]) { weights W[t -> n: filters]  give x @ W as vector[n, d] }
  block pairs of (x: fields[f, d]) { give sum over f, g where f < g (x * x[f: g]) + min over f (x) }
  block meant of (x: sequence[t, d]) { give sum over t (x) / count(t) + logsumexp over t where t < 2 (x) }
  group profile = user_id, country
  group alike = user_id, city
  tower user(profile, alike, history) keyed by user_id {
    channel weighed  = profile -> weighed(2) -> flatten -> dense(4)
    channel asked    = history -> asked(q: user_id) -> dense(4)
    channel causal   = history -> causal -> last -> dense(4)
    channel lru      = history -> lru -> last -> dense(4)
    channel vertical = history -> vertical -> dense(4)
    channel pairs    = alike -> pairs -> dense(4)
    channel meant    = history -> meant -> dense(4)
  }
  tower item(video_id) keyed by video_id {
    ${['weighed', 'asked', 'causal', 'lru', 'vertical', 'pairs', 'meant'].map((name) => `channel ${name} = video_id -> dense(4)`).join('\n')}
  }
  task click {
    score = ${['weighed', 'asked', 'causal', 'lru', 'vertical', 'pairs', 'meant'].map((name) => `dot(user.${name}, item.${name})`).join(' + ')}
    loss  = softmax(in_batch, temperature: 7)
  }
  train { batch = 8, epochs = 1, dense = sgd(rate: 0.01), embeddings = sgd }
`);

describe.each(names)('blocks of formulas on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('train as on plain arrays', async () => {
    if (engine) await expectEngineToAgree(engine, step.graph, feed(step, 7), initialValues(step.graph, 5));
  });

  it('serve as on plain arrays', async () => {
    if (!engine) return;
    for (const { embedded } of towers)
      await expectEngineToAgree(engine, embedded.graph, feed(embedded, 7), initialValues(embedded.graph, 5));
  });
});
