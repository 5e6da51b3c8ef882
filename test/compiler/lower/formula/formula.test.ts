/** Blocks of formulas, held against plain loops, and their gradients against differences. Lists are full, shorter and empty. */
import { expect, it } from 'vitest';
import {
  type Case,
  computed,
  describeCases,
  lengths,
  longest,
  type Read,
  type Reader,
  range,
  sigmoid,
  sum,
} from './support.ts';

const causal = (read: Reader, row: number): readonly number[] => {
  const [x, Q, K, V, O] = ['history', 'Q', 'K', 'V', 'O'].map(read);
  const count = lengths[row]!;
  // Two heads would not divide a width of 3.
  const [heads, each] = [3, 1];
  const project = (W: (...indices: number[]) => number, t: number, h: number, e: number) =>
    sum(range(3).map((d) => x!(row, t, d) * W(d, h, e)));
  return range(longest).flatMap((t) =>
    range(3).map((d) => {
      if (t >= count) return 0;
      return sum(
        range(heads).flatMap((h) =>
          range(each).map((e) => {
            const scores = range(t + 1).map((s) =>
              Math.exp(sum(range(each).map((i) => project(Q!, t, h, i) * project(K!, s, h, i))) / Math.sqrt(each)),
            );
            const value = sum(scores.map((score, s) => score * project(V!, s, h, e))) / sum(scores);
            return value * O!(h, e, d);
          }),
        ),
      );
    }),
  );
};

const cases: readonly Case[] = [
  {
    title: 'squeeze, excitation, re-weight (FiBiNET)',
    block: `block weighed(reduction = 3) of (x: fields[f, any d]) {
      weights reduce[f -> h: max(1, floor(f / reduction))], expand[h -> f]
      shown excitation = sigmoid(relu(mean over d (x) @ reduce) @ expand)
      give x * excitation
    }`,
    entries: 'channel main = profile -> weighed(2) -> flatten',
    expected(read, row) {
      const [id, age, reduce, expand] = ['user_id', 'age', 'reduce', 'expand'].map(read);
      const fields = [range(3).map((d) => id!(row, d)), range(2).map((d) => age!(row, d))];
      const hidden = Math.max(0, sum(fields.map((field, f) => (sum(field) / field.length) * reduce!(f, 0))));
      return fields.flatMap((field, f) => field.map((value) => value * sigmoid(hidden * expand!(0, f))));
    },
  },
  {
    title: 'pairs of fields (FM)',
    block: 'block pairs of (x: fields[f, d]) { give 0.5 * (square(sum over f (x)) - sum over f (square(x))) }',
    entries: 'channel main = alike -> pairs',
    expected(read, row) {
      const [one, other, third] = ['user_id', 'zip', 'street'].map(read);
      const [a, b, c] = [one!, other!, third!].map((field) => (d: number) => field(row, d));
      return range(3).map((d) => a!(d) * b!(d) + a!(d) * c!(d) + b!(d) * c!(d));
    },
  },
  {
    title: 'a low-rank cross layer, repeated (DCN V2)',
    block: `block layer(rank) of (x: vector[d], first: vector[d]) {
      weights U[d -> r: rank], V[r -> d], b[d] = 0
      give first * (x @ U @ V + b) + x
    }
    block crossed(layers = 2, rank) of (x: vector[d]) { give x -> repeat(layers, layer(rank, first: x)) }`,
    entries: 'channel main = user_id -> crossed(2, 2)',
    expected(read, row) {
      const id = read('user_id');
      const first = range(3).map((d) => id(row, d));
      let x = first;
      for (const round of [1, 2]) {
        const [U, V, b] = ['U', 'V', 'b'].map((name) => read(`_${round}/layer/${name}`));
        const low = range(2).map((r) => sum(x.map((value, d) => value * U!(d, r))));
        x = x.map((value, d) => first[d]! * (sum(low.map((l, r) => l * V!(r, d))) + b!(d)) + value);
      }
      return x;
    },
  },
  {
    title: 'layers with weights of their own, by rounds (DCN)',
    block: `block crossed(layers = 3) of (first: vector[d]) {
      repeat layers {
        weights w[d -> k: 1], b[d] = normal(0.1)
        scaled = first * 2
        x[d] = first then sum over k (scaled * (x @ w)) + b + x
      }
      give x
    }`,
    entries: 'channel main = user_id -> crossed(2)',
    expected(read, row) {
      const id = read('user_id');
      const first = range(3).map((d) => id(row, d));
      let x = first;
      for (const round of [0, 1]) {
        const [w, b] = [read(`w_${round}`), read(`b_${round}`)];
        const product = sum(x.map((value, d) => value * w(d, 0)));
        x = x.map((value, d) => 2 * first[d]! * product + b(d) + value);
      }
      return x;
    },
  },
  ...(['history', 'alike'] as const).map((source) => ({
    title: `the largest of elements, of ${source === 'history' ? 'a list' : 'fields'}`,
    block: 'block largest of (x: elements[t, d]) { give max over t (x) }',
    entries: `channel main = ${source} -> largest`,
    expected(read: Reader, row: number) {
      const elements =
        source === 'history'
          ? range(lengths[row]!).map((t) => range(3).map((d) => read('history')(row, t, d)))
          : ['user_id', 'zip', 'street'].map((name) => range(3).map((d) => read(name)(row, d)));
      return range(3).map((d) => (elements.length === 0 ? 0 : Math.max(...elements.map((element) => element[d]!))));
    },
  })),
  {
    title: 'attention without a softmax (NARM)',
    block: `block asked(units = 64) of (x: sequence[t, d], q: vector[e]) {
      weights A[d -> u: units], B[e -> u], v[u] = normal(0.02)
      shown a = sigmoid(x @ A + q @ B) @ v
      give a @ x
    }`,
    entries: 'channel main = history -> asked(2, q: age)',
    expected(read, row) {
      const [x, q, A, B, v] = ['history', 'age', 'A', 'B', 'v'].map(read);
      const a = (t: number) =>
        sum(
          range(2).map((u) => {
            const of =
              sum(range(3).map((d) => x!(row, t, d) * A!(d, u))) + sum(range(2).map((e) => q!(row, e) * B!(e, u)));
            return sigmoid(of) * v!(u);
          }),
        );
      return range(3).map((d) => sum(range(lengths[row]!).map((t) => a(t) * x!(row, t, d))));
    },
  },
  {
    title: 'causal attention with heads',
    block: `block causal(heads = 3) of (x: sequence[t, d]) {
      weights Q[d -> h: heads, e: d / heads], K[d -> h, e], V[d -> h, e], O[h, e -> d]
      q = x @ Q
      k = x[t: s] @ K
      v = x[t: s] @ V
      a = softmax over s where s <= t (sum over e (q * k) / sqrt(size(e)))
      give sum over s ((a -> dropout(0.2)) * v) @ O
    }`,
    entries: 'channel main = history -> causal -> flatten',
    expected: causal,
  },
  {
    title: 'filters in the frequency domain (FMLP-Rec)',
    block: `block filtered of (x: sequence[t, d]) {
      weights R[k: floor(t / 2) + 1, d] = normal(0.02), I[k, d] = normal(0.02)
      w = 2 * pi / size(t) * place(k) * spread over k (place(t))
      c = cos(w)
      s = sin(w)
      a = sum over t (c * x)
      b = -sum over t (s * x)
      m = min(2, 1 + place(k), 1 + size(t) - 2 * place(k))
      give (sum over k (c * (m * (a * R - b * I))) - sum over k (s * (m * (a * I + b * R)))) / size(t)
    }`,
    entries: 'channel main = history -> filtered -> flatten',
    expected(read, row) {
      const [x, R, I] = ['history', 'R', 'I'].map(read);
      const count = lengths[row]!;
      const angle = (k: number, place: number) => (2 * Math.PI * k * place) / longest;
      return range(longest).flatMap((t) =>
        range(3).map((d) => {
          if (t >= count) return 0;
          // The product of complex numbers, and the inverse transform of what is real.
          let total = 0;
          for (let k = 0; k <= longest / 2; k++) {
            let [real, imaginary] = [0, 0];
            for (let s = 0; s < count; s++) {
              real += Math.cos(angle(k, count - 1 - s)) * x!(row, s, d);
              imaginary -= Math.sin(angle(k, count - 1 - s)) * x!(row, s, d);
            }
            const [re, im] = [real * R!(k, d) - imaginary * I!(k, d), real * I!(k, d) + imaginary * R!(k, d)];
            const times = k === 0 || 2 * k === longest ? 1 : 2;
            const at = angle(k, count - 1 - t);
            total += times * (Math.cos(at) * re - Math.sin(at) * im);
          }
          return total / longest;
        }),
      );
    },
  },
  {
    title: 'a linear recurrence of complex states (LRURec)',
    block: `block lru(units = 64) of (x: sequence[t, d]) {
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
    }`,
    entries: 'channel main = history -> lru(2) -> flatten',
    expected(read, row) {
      const [x, n, p, B, C, E, F, D] = ['history', 'n', 'p', 'B', 'C', 'E', 'F', 'D'].map(read);
      let state = range(2).map(() => [0, 0] as readonly [number, number]);
      return range(longest).flatMap((t) => {
        if (t >= lengths[row]!) return [0, 0, 0];
        state = state.map(([re, im], u) => {
          const size = Math.exp(-Math.exp(n!(u)));
          const [c, s, g] = [size * Math.cos(p!(u)), size * Math.sin(p!(u)), Math.sqrt(1 - size ** 2)];
          const enter = (W: (...indices: number[]) => number) => g * sum(range(3).map((d) => x!(row, t, d) * W(d, u)));
          return [c * re - s * im + enter(B!), s * re + c * im + enter(C!)];
        });
        return range(3).map(
          (d) => sum(state.map(([re, im], u) => re * E!(u, d) - im * F!(u, d))) + D!(d) * x!(row, t, d),
        );
      });
    },
  },
  {
    title: 'a gated recurrent unit, with lines that several read (GRU)',
    block: `block recurrent(units = 64) of (x: sequence[t, d]) {
      weights R[d -> u: units], Z[d -> u], M[d -> u], A[u -> u], B[u -> u], C[u -> u], a[u] = 0, b[u] = 0, c[u] = 0, e[u] = 0
      scan over t {
        r = sigmoid(x @ R + h @ A + a)
        z = sigmoid(x @ Z + h @ B + b)
        m = tanh(x @ M + c + r * (h @ C + e))
        h[u] = 0 then (1 - z) * m + z * h
      }
      give h
    }`,
    entries: 'channel main = history -> recurrent(2) -> flatten',
    expected(read, row) {
      const [x, R, Z, M, A, B, C, a, b, c, e] = ['history', 'R', 'Z', 'M', 'A', 'B', 'C', 'a', 'b', 'c', 'e'].map(read);
      let h: readonly number[] = [0, 0];
      return range(longest).flatMap((t) => {
        if (t >= lengths[row]!) return [0, 0];
        const of = (W: Read, u: number) => sum(range(3).map((d) => x!(row, t, d) * W(d, u)));
        const after = (W: Read, u: number) => sum(h.map((value, v) => value * W(v, u)));
        h = range(2).map((u) => {
          const [reset, update] = [
            sigmoid(of(R!, u) + after(A!, u) + a!(u)),
            sigmoid(of(Z!, u) + after(B!, u) + b!(u)),
          ];
          const candidate = Math.tanh(of(M!, u) + c!(u) + reset * (after(C!, u) + e!(u)));
          return (1 - update) * candidate + update * h[u]!;
        });
        return h;
      });
    },
  },
  {
    title: 'vertical filters, by places from the newest (Caser)',
    block: `block vertical(filters = 4) of (x: sequence[t, d]) {
      weights W[t -> n: filters]
      give x @ W as vector[n, d]
    }`,
    entries: 'channel main = history -> vertical(2)',
    expected(read, row) {
      const [x, W] = ['history', 'W'].map(read);
      const count = lengths[row]!;
      return range(2).flatMap((n) =>
        range(3).map((d) => sum(range(count).map((t) => x!(row, t, d) * W!(count - 1 - t, n)))),
      );
    },
  },
  {
    title: 'experts and their gate (MMoE)',
    block: `block experts(n = 4, units = 64) of (x: vector[d]) {
      weights W[each k: n, d -> u: units], b[k, u] = 0
      give relu(x @ W + b) as interests[k, u]
    }
    block gated of (x: vector[d], f: interests[k, u]) {
      weights G[d -> k]
      give softmax over k (x @ G) @ f
    }`,
    entries: 'pool = user_id -> experts(3, 2)  channel main = user_id -> gated(f: pool)',
    expected(read, row) {
      const [id, W, b, G] = ['user_id', 'W', 'b', 'G'].map(read);
      const x = range(3).map((d) => id!(row, d));
      const powers = range(3).map((k) => Math.exp(sum(x.map((value, d) => value * G!(d, k)))));
      return range(2).map((u) =>
        sum(
          range(3).map((k) => {
            const expert = Math.max(0, sum(x.map((value, d) => value * W!(k, d, u))) + b!(k, u));
            return (powers[k]! / sum(powers)) * expert;
          }),
        ),
      );
    },
  },
  {
    title: 'a flow as a parameter',
    block: `block twice(f: flow) of (x: vector[d]) { give x + (x -> f) * 2 }`,
    entries: 'channel main = user_id -> twice(dense(3) -> tanh)',
    expected(read, row) {
      const [id, W, b] = ['user_id', 'weights', 'bias'].map(read);
      return range(3).map((d) => id!(row, d) + 2 * Math.tanh(sum(range(3).map((i) => id!(row, i) * W!(i, d))) + b!(d)));
    },
  },
  {
    title: 'a block of one vector, for each element of a list',
    block: 'block scaled of (x: vector[d]) { weights g[d] = 1, W[d -> d]  give tanh(x @ W) * g + mean over d (x) }',
    entries: 'channel main = history -> scaled -> flatten',
    expected(read, row) {
      const [x, g, W] = ['history', 'g', 'W'].map(read);
      return range(longest).flatMap((t) => {
        const values = range(3).map((d) => x!(row, t, d));
        if (t >= lengths[row]!) return [0, 0, 0];
        return range(3).map(
          (d) => Math.tanh(sum(values.map((value, i) => value * W!(i, d)))) * g!(d) + sum(values) / 3,
        );
      });
    },
  },
];

/** Reductions over a list, by \`over\` and what they give for each column. */
const reductions: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => sum(values),
  mean: (values) => sum(values) / Math.max(1, values.length),
  max: (values) => (values.length === 0 ? 0 : Math.max(...values)),
  min: (values) => (values.length === 0 ? 0 : Math.min(...values)),
  logsumexp: (values) => (values.length === 0 ? 0 : Math.log(sum(values.map(Math.exp)))),
};

for (const [name, reduce] of Object.entries(reductions)) {
  (cases as Case[]).push({
    title: `${name} over a list, of numbers that are not 0 past its end`,
    block: `block reduced of (x: sequence[t, d]) { give ${name} over t (exp(x)) }`,
    entries: 'channel main = history -> reduced',
    expected: (read, row) =>
      range(3).map((d) => reduce(range(lengths[row]!).map((t) => Math.exp(read('history')(row, t, d))))),
  });
  (cases as Case[]).push({
    title: `${name} over the elements before each`,
    block: `block before of (x: sequence[t, d]) { give ${name} over s where s < t (exp(x[t: s])) }`,
    entries: 'channel main = history -> before -> flatten',
    expected: (read, row) =>
      range(longest).flatMap((t) =>
        range(3).map((d) =>
          t < lengths[row]! ? reduce(range(t).map((s) => Math.exp(read('history')(row, s, d)))) : 0,
        ),
      ),
  });
}

describeCases(cases);

it('names weights alike in a line that is shown', () => {
  const block = (shown: string): string => `block asked of (x: sequence[t, d]) {
    weights v[d] = normal(0.02)
    ${shown}a = softmax over t (x @ v)
    give a @ x
  }`;
  const entries = 'channel main = history -> asked';
  expect(computed(block('shown '), entries).names).toEqual(computed(block(''), entries).names);
});
