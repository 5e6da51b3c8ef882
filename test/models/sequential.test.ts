/**
 * Models that read a history in its order, each against its paper's formulas for one row. They are tried without dropout, and with a
 * row an event: that `targets = positions` has the same gradient is tested in test/compiler/lower/lower_positions.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { expectClose, feed, rowsOf } from '../compiler/library/support.ts';
import {
  add,
  cosine,
  dot,
  logSumExp,
  mean,
  normalize,
  type Row,
  relu,
  sigmoid,
  softmax,
  times,
  weightsOf,
} from './reference.ts';
import { everyRow, fieldsOf, planOfModel, type Ran, runModel } from './support.ts';

type Rows = readonly Row[];
type Weights = Ran['weights'];

/** Of each row's history: a full one, one element, and some between. */
const lengths = [50, 7, 1, 30, 3];

const plainly = (text: string): string =>
  text
    .replaceAll(/dropout\(0\.\d+\)/g, 'dropout(0)')
    .replaceAll(/dropout: 0\.\d+/g, 'dropout: 0')
    .replace(', targets = positions', '');

const product = (a: Row, b: Row): Row => a.map((value, at) => value * b[at]!);
const silu = (x: number): number => x * sigmoid(x);
const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Makes the steps of one block of the user tower. */
function blockOf(weights: Weights, block: string) {
  const at = `user/main/${block}`;
  const vector = (name: string): Row => [...weights.tensor(`${at}/${name}`).data];
  const dense = (x: Row, suffix: string): Row => weights.dense(x, at, suffix);
  return {
    vector,
    dense,
    place: (t: number, width: number): Row => vector('places').slice(t * width, (t + 1) * width),
    norm(x: Row, suffix: string, epsilon = 1e-5): Row {
      const centred = x.map((value) => value - mean(x));
      const deviation = Math.sqrt(mean(centred.map((value) => value ** 2)) + epsilon);
      return add(product(times(centred, 1 / deviation), vector(`gain${suffix}`)), vector(`offset${suffix}`));
    },
    /** Which elements an element sees is the caller's. */
    attention(xs: Rows, layer: number, sees: (from: number, to: number) => boolean, heads = 1): Rows {
      const projected = (name: string): Rows => xs.map((x) => dense(x, `_${name}_${layer}`));
      const [queries, keys, values] = [projected('query'), projected('key'), projected('value')];
      return queries.map((query, from) => {
        const seen = keys.flatMap((_, to) => (sees(from, to) ? [to] : []));
        const each = query.length / heads;
        const read = Array.from({ length: heads }, (_, head) => {
          const part = (x: Row): Row => x.slice(head * each, (head + 1) * each);
          const shares = softmax(seen.map((to) => dot(part(query), part(keys[to]!)) / Math.sqrt(each)));
          return seen.reduce<Row>(
            (sum, to, i) => add(sum, times(part(values[to]!), shares[i]!)),
            part(times(query, 0)),
          );
        });
        return dense(read.flat(), `_output_${layer}`);
      });
    },
    net: (x: Row, layer: number, activation: (x: number) => number): Row =>
      dense(dense(x, `_inner_${layer}`).map(activation), `_outer_${layer}`),
  };
}

const causal = (from: number, to: number): boolean => to <= from;
const historyOf = (ran: Ran, row: number): Rows => ran.sequence('history', row).slice(0, lengths[row]);

const encoders: Readonly<Record<string, (ran: Ran, row: number) => Row>> = {
  sasrec(ran, row) {
    const positions = blockOf(ran.weights, 'positions');
    const first = blockOf(ran.weights, 'layer_norm');
    const own = blockOf(ran.weights, 'transformer');
    let xs = historyOf(ran, row).map((x, t) => first.norm(add(x, positions.place(t, x.length)), ''));
    for (const layer of [0, 1]) {
      const seen = own.attention(
        xs.map((x) => own.norm(x, `_attention_${layer}`)),
        layer,
        causal,
        2,
      );
      xs = xs.map((x, t) => add(x, seen[t]!));
      xs = xs.map((x) => add(x, own.net(own.norm(x, `_net_${layer}`), layer, relu)));
    }
    return own.norm(xs.at(-1)!, '_end');
  },

  hstu(ran, row) {
    const positions = blockOf(ran.weights, 'positions');
    const first = blockOf(ran.weights, 'layer_norm');
    const own = blockOf(ran.weights, 'hstu');
    const [length, width, heads] = [50, 64, 2];
    let xs = historyOf(ran, row).map((x, t) => first.norm(add(x, positions.place(t, width)), ''));
    for (const layer of [0, 1]) {
      const parts = xs.map((x) => own.dense(own.norm(x, `_input_${layer}`), `_all_${layer}`).map(silu));
      const part = (t: number, at: number): Row => parts[t]!.slice(at * width, (at + 1) * width);
      const far = own.vector(`bias_distance_${layer}`);
      xs = xs.map((x, t) => {
        const read = Array.from({ length: heads }, (_, head) => {
          const ofHead = (values: Row): Row => values.slice((head * width) / heads, ((head + 1) * width) / heads);
          let sum: Row = ofHead(times(x, 0));
          for (let s = 0; s <= t; s++) {
            const share = silu(dot(ofHead(part(t, 2)), ofHead(part(s, 3))) + far[t - s]!) / length;
            sum = add(sum, times(ofHead(part(s, 1)), share));
          }
          return sum;
        }).flat();
        const gated = product(own.norm(read, `_output_${layer}`), part(t, 0));
        return add(x, own.dense(gated, `_output_${layer}`));
      });
    }
    return xs.at(-1)!;
  },

  fossil(ran, row) {
    // A feeder gives the mean of a list.
    return fieldsOf(ran, row, ['history', 'recent', 'latest']).reduce(add);
  },

  gru4rec(ran, row) {
    const own = blockOf(ran.weights, 'gru');
    return historyOf(ran, row).reduce<Row>((h, x) => {
      const [a, c] = [own.dense(x, '_element'), own.dense(h, '_state')];
      const units = h.length;
      return h.map((state, i) => {
        const reset = sigmoid(a[i]! + c[i]!);
        const update = sigmoid(a[units + i]! + c[units + i]!);
        const candidate = Math.tanh(a[2 * units + i]! + reset * c[2 * units + i]!);
        return (1 - update) * candidate + update * state;
      });
    }, new Array<number>(64).fill(0));
  },

  /** The filter of an element reads the 50 places that end with that element, by a DFT as it is defined. */
  bsarec(ran, row) {
    const own = blockOf(ran.weights, 'bsarec');
    const [length, width, kept, alpha, epsilon] = [50, 128, 2, 0.7, 1e-12];
    let xs: Rows = historyOf(ran, row).map((x, t) => own.norm(add(x, own.place(t, width)), '_input', epsilon));
    for (const layer of [0, 1]) {
      const squares = own.vector(`beta_${layer}`).map((value) => value ** 2);
      const seen = own.attention(xs, layer, causal, 2);
      const low = xs.map((_, t) => lowFrequencies(xs.slice(0, t + 1), length, kept));
      xs = xs.map((x, t) => {
        const filtered = add(low[t]!, product(squares, add(x, times(low[t]!, -1))));
        const mixed = add(
          times(own.norm(add(x, filtered), `_filter_${layer}`, epsilon), alpha),
          times(own.norm(add(x, seen[t]!), `_attention_${layer}`, epsilon), 1 - alpha),
        );
        return own.norm(add(mixed, own.net(mixed, layer, gelu)), `_net_${layer}`, epsilon);
      });
    }
    return xs.at(-1)!;
  },
};

/**
 * The last of `length` places, of which `xs` are the last ones and the others are 0: the inverse of their DFT, of which the mean and
 * `kept` frequencies are left, each with its negative.
 */
function lowFrequencies(xs: Rows, length: number, kept: number): Row {
  const empty = times(xs[0]!, 0);
  return Array.from({ length: 2 * kept + 1 }, (_, f) => f - kept).reduce<Row>((total, frequency) => {
    const angle = (place: number): number => (2 * Math.PI * frequency * place) / length;
    const place = (t: number): number => length - xs.length + t;
    const sum = (wave: (angle: number) => number): Row =>
      xs.reduce((before, x, t) => add(before, times(x, wave(-angle(place(t))))), empty);
    const [real, imaginary, last] = [sum(Math.cos), sum(Math.sin), angle(length - 1)];
    return add(total, add(times(real, Math.cos(last) / length), times(imaginary, -Math.sin(last) / length)));
  }, empty);
}

describe.each([
  { name: 'sasrec', drawn: 'shared_256_uniform', score: dot, sharpness: 1 },
  { name: 'hstu', drawn: 'shared_512_uniform', score: cosine, sharpness: 1 / 0.07 },
  { name: 'fossil', drawn: 'shared_1024_uniform', score: cosine, sharpness: 10 },
  { name: 'gru4rec', drawn: 'shared_512_uniform', score: cosine, sharpness: 1 / 0.07 },
  { name: 'bsarec', drawn: 'corpus', score: cosine, sharpness: 1 / 0.07 },
])('$name', ({ name, drawn, score, sharpness }) => {
  const ran = runModel(planOfModel(name, plainly), { lengths });
  const users = everyRow.map((row) => encoders[name]!(ran, row));
  const items = ran.input('movie_id');

  it('makes its user vector by the formulas of the paper, and its item vector of the table alone', () => {
    const unit = score === cosine ? normalize : (x: Row) => x;
    for (const row of everyRow) {
      expectClose(ran.vectors[0][row]!, unit(users[row]!), 2e-4);
      expectClose(ran.vectors[1][row]!, unit(items[row]!));
    }
  });

  it('loses by a softmax of the own item among the others', () => {
    const others = ran.input(`${drawn}/movie_id`);
    const losses = users.map((user, row) => {
      const own = sharpness * score(user, drawn === 'corpus' ? others[row]! : items[row]!);
      const columns = others.map((item) => sharpness * score(user, item));
      return logSumExp(drawn === 'corpus' ? columns : [own, ...columns]) - own;
    });
    expect(ran.losses.loss).toBeCloseTo(mean(losses), 3);
  });
});

describe('duorec', () => {
  const ran = runModel(planOfModel('duorec', plainly), { lengths });
  const viewOf = (view: 1 | 2, row: number): Row => {
    const seen = { ...ran, sequence: (name: string, of: number) => ran.sequence(`view_${view}_alike/${name}`, of) };
    return normalize(encoders.bsarec!(seen, row));
  };
  const views = [...everyRow.map((row) => viewOf(1, row)), ...everyRow.map((row) => viewOf(2, row))];

  it("finds the other view of a row among all views of the batch, as the authors' code", () => {
    const losses = views.map((view, at) => {
      const logits = views.map((other) => dot(view, other) / 0.1);
      const others = logits.filter((_, other) => other !== at);
      return logSumExp(others) - logits[(at + everyRow.length) % views.length]!;
    });
    expect(ran.losses['loss:alike']).toBeCloseTo(mean(losses), 3);
    expect(ran.losses.loss).toBeCloseTo(ran.losses['loss:next']! + 0.1 * ran.losses['loss:alike']!, 5);
  });
});

describe('bsarec_attributes', () => {
  const { step } = planOfModel('bsarec_attributes', plainly);
  const inputs = feed(step, everyRow.length, { lengths });
  const parameters = initialValues(step.graph, 4);
  /** An item is its vector and the mean of those of its genres. */
  const itemsOf = (kind: string): Rows => {
    const [ids, genres] = [`${kind}/movie_id`, `${kind}/genres`].map((name) => rowsOf(inputs[name]!));
    return ids!.map((id, at) => add(id, genres![at]!));
  };

  it('reads a history of items as the item tower makes them, and ranks all such items', () => {
    const elements = itemsOf('elements');
    const [, length] = inputs['history/places']!.shape as [number, number];
    const sequence = (_: string, row: number): Rows =>
      Array.from({ length }, (_, t) => elements[inputs['history/places']!.data[row * length + t]!]!);
    const ran: Ran = {
      ...{ vectors: [[], []], losses: {}, logQ: [], sequence },
      input: (name) => rowsOf(inputs[name]!),
      weights: weightsOf(parameters),
    };
    const items = itemsOf('corpus');
    const losses = everyRow.map((row) => {
      const user = encoders.bsarec!(ran, row);
      const columns = items.map((item) => cosine(user, item) / 0.07);
      return logSumExp(columns) - columns[row]!;
    });
    expectClose([evaluateGraph(step.graph, inputs, parameters).outputs.loss!.data[0]!], [mean(losses)], 1e-3);
  });
});
