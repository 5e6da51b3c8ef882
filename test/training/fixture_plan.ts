/**
 * A plan made by hand for the data of `fixtures.ts`: two towers, a history that shares its item's table, in-batch softmax with
 * frequency correction and masked accidental hits, dropout, Adam.
 */
import { type Builder, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import type { Dim } from '../../src/graph/graph.ts';
import type { FeaturePlan, GraphPlan, InputPlan, InputSource, Plan, RowsOf } from '../../src/graph/plan/plan.ts';

const batch: Dim = { symbol: 'batch', times: 1 };
const events: RowsOf = { kind: 'events' };

const vocabulary = { kind: 'vocabulary', minimumCount: 1 } as const;
const features: FeaturePlan[] = [
  {
    name: 'user_id',
    tower: 'user',
    gives: 'code',
    encoder: vocabulary,
    column: 'user_id',
    encoderOf: 'user_id',
    table: 'user_id',
    width: 8,
  },
  {
    name: 'history',
    tower: 'user',
    gives: 'bag',
    encoder: vocabulary,
    column: 'history',
    encoderOf: 'movie_id',
    max: 5,
    table: 'movie_id',
    width: 8,
  },
  {
    name: 'movie_id',
    tower: 'item',
    gives: 'code',
    encoder: vocabulary,
    column: 'movie_id',
    encoderOf: 'movie_id',
    table: 'movie_id',
    width: 8,
  },
  {
    name: 'genres',
    tower: 'item',
    gives: 'bag',
    encoder: vocabulary,
    column: 'genres',
    encoderOf: 'genres',
    max: 4,
    table: 'genres',
    width: 4,
  },
  {
    name: 'year',
    tower: 'item',
    gives: 'numbers',
    encoder: { kind: 'standardize', log: false },
    column: 'year',
    encoderOf: 'year',
    width: 1,
  },
];

interface Inputs {
  readonly plans: InputPlan[];
  readonly refs: Map<string, Ref>;
  ask(name: string, source: InputSource, shape: readonly Dim[], dtype?: 'float32' | 'int32'): Ref;
}

function makeInputs(builder: Builder): Inputs {
  const plans: InputPlan[] = [];
  const refs = new Map<string, Ref>();
  return {
    plans,
    refs,
    ask(name, source, shape, dtype = 'float32') {
      const known = refs.get(name);
      if (known) return known;
      const ref = builder.input(name, shape, dtype);
      plans.push({ name, source });
      refs.set(name, ref);
      return ref;
    },
  };
}

const embedding = (feature: string, pool: 'none' | 'mean'): InputSource => ({
  from: 'embedding',
  feature,
  pool,
  rows: events,
});

function tower(builder: Builder, inputs: Inputs, name: 'user' | 'item', training: boolean): Ref {
  const fields =
    name === 'user'
      ? [
          inputs.ask('user_id', embedding('user_id', 'none'), [batch, 8]),
          inputs.ask('history', embedding('history', 'mean'), [batch, 8]),
        ]
      : [
          inputs.ask('movie_id', embedding('movie_id', 'none'), [batch, 8]),
          inputs.ask('genres', embedding('genres', 'mean'), [batch, 4]),
          inputs.ask('year', { from: 'numbers', feature: 'year', rows: events }, [batch, 1]),
        ];
  return builder.scope(name, () => {
    let x = builder.concat(fields, 1);
    const width = x.type.shape[1] as number;
    const glorot = (a: number, b: number) => ({ kind: 'glorot', fans: [a, b] }) as const;
    x = builder.relu(
      builder.add(
        builder.matMul(x, builder.parameter('w0', [width, 16], glorot(width, 16))),
        builder.parameter('b0', [16], { kind: 'zeros' }),
      ),
    );
    if (training && name === 'user') {
      const noise = inputs.ask('user/noise', { from: 'noise', width: 16 }, [batch, 16]);
      x = builder.mul(x, builder.mul(builder.cast(builder.greaterEqual(noise, 0.1), 'float32'), 1 / 0.9));
    }
    x = builder.matMul(x, builder.parameter('w1', [16, 8], glorot(16, 8)));
    const square = builder.sum(builder.square(x), [1], true);
    return builder.mul(x, builder.rsqrt(builder.maximum(square, 1e-12)));
  });
}

function towerGraph(name: 'user' | 'item'): GraphPlan {
  const builder = makeBuilder(name);
  const inputs = makeInputs(builder);
  builder.output('vector', tower(builder, inputs, name, false));
  return { graph: builder.finish(), inputs: inputs.plans };
}

function stepGraph(): GraphPlan {
  const builder = makeBuilder('step');
  const inputs = makeInputs(builder);
  const user = tower(builder, inputs, 'user', true);
  const item = tower(builder, inputs, 'item', true);
  const logQ = inputs.ask('log_q', { from: 'log_q', key: 'movie_id', estimator: 'frequency', rows: events }, [batch]);
  const hits = inputs.ask(
    'hits',
    { from: 'accidental_hits', key: 'movie_id', rows: events },
    [{ symbol: 'hits', times: 1 }, 2],
    'int32',
  );
  const rate = inputs.ask('rate', { from: 'rate', optimizer: 'dense' }, []);
  const step = inputs.ask('step', { from: 'step' }, []);

  const raw = builder.sub(builder.div(builder.matMul(user, builder.transpose(item, [1, 0])), 0.1), logQ);
  const masks = builder.mul(builder.cast(builder.slice(hits, [0, 0], [-1, 1]), 'float32'), 0);
  const logits = builder.scatterUpdate(
    raw,
    hits,
    builder.sub(builder.reshape(masks, [{ symbol: 'hits', times: 1 }]), 1e9),
  );
  const own = builder.sub(builder.sum(builder.mul(user, builder.div(item, 0.1)), [1]), logQ);
  const highest = builder.stopGradient(builder.max(logits, [1], true));
  const total = builder.add(
    builder.log(builder.sum(builder.exp(builder.sub(logits, highest)), [1])),
    builder.sum(highest, [1]),
  );
  const loss = builder.mean(builder.sub(total, own), [0]);
  builder.output('loss', loss);
  builder.output('loss:watch', loss);

  const embedded = inputs.plans.filter(({ source }) => source.from === 'embedding').map(({ name }) => name);
  const weights = ['user/w0', 'user/b0', 'user/w1', 'item/w0', 'item/b0', 'item/w1'].map((name) => ({
    name,
    ref: { id: parameterNode(builder, name), type: builder.nodes[parameterNode(builder, name)]!.type } as Ref,
  }));
  const all = differentiate(builder, loss, [
    ...embedded.map((name) => inputs.refs.get(name)!),
    ...weights.map(({ ref }) => ref),
  ]);
  embedded.forEach((name, i) => {
    builder.output(`gradient:${name}`, all[i]!);
  });
  weights.forEach(({ name, ref }, i) => {
    const gradient = all[embedded.length + i]!;
    const shape = ref.type.shape as readonly number[];
    const slot = (which: string) =>
      builder.parameter(`${name}/${which}`, shape, { kind: 'zeros' }, { trainable: false });
    const [mean, square] = [slot('mean'), slot('square')];
    const newMean = builder.add(builder.mul(mean, 0.9), builder.mul(gradient, 0.1));
    const newSquare = builder.add(builder.mul(square, 0.999), builder.mul(builder.square(gradient), 0.001));
    const correction = (beta: number) => builder.sub(1, builder.exp(builder.mul(step, Math.log(beta))));
    const direction = builder.div(
      builder.div(newMean, correction(0.9)),
      builder.add(builder.sqrt(builder.div(newSquare, correction(0.999))), 1e-8),
    );
    builder.update(mean, newMean);
    builder.update(square, newSquare);
    builder.update(ref, builder.sub(ref, builder.mul(rate, direction)));
  });
  return { graph: builder.finish(), inputs: inputs.plans };
}

function parameterNode(builder: Builder, name: string): number {
  return builder.nodes.findIndex((node) => node.op === 'Parameter' && node.attributes.name === name);
}

export function makePlan(train: Partial<Plan['train']> = {}): Plan {
  const side = (name: 'user' | 'item', key: string) => ({
    name,
    key,
    features: features.filter((each) => each.tower === name).map((each) => each.name),
    embedded: towerGraph(name),
    width: 8,
  });
  const schedule = { warmup: 0, decay: 'constant' } as const;
  return {
    model: 'fixture',
    features,
    labels: [],
    tables: [
      { name: 'user_id', dim: 8, encoderOf: 'user_id', limit: 0.05 },
      { name: 'movie_id', dim: 8, encoderOf: 'movie_id', limit: 0.05 },
      { name: 'genres', dim: 4, encoderOf: 'genres', limit: 0.05 },
    ],
    towers: [side('user', 'user_id'), side('item', 'movie_id')],
    tasks: [{ name: 'watch', loss: 'softmax' }],
    step: stepGraph(),
    train: {
      batch: 64,
      epochs: 3,
      seed: 1,
      dense: { rate: 0.01, schedule },
      embeddings: {
        kind: 'adagrad',
        rate: 0.1,
        schedule,
        initialAccumulator: 0.1,
        epsilon: 1e-7,
        beta1: 0.9,
        beta2: 0.999,
        weightDecay: 0,
        l2: 0,
      },
      ...train,
    },
  };
}
