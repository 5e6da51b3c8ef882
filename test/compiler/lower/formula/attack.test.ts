/** Traps of formulas, held against plain loops, and their gradients against differences. Lists are full, shorter and empty. */
import { type Case, describeCases, lengths, longest, range, sum } from './support.ts';

const cases: readonly Case[] = [
  {
    title: 'a value minus its sum over the list',
    block: 'block b of (x: sequence[t, d]) { give x - sum over t (x) }',
    entries: 'channel main = history -> b -> flatten',
    expected: (read, row) =>
      range(longest).flatMap((t) =>
        range(3).map((d) =>
          t < lengths[row]!
            ? read('history')(row, t, d) - sum(range(lengths[row]!).map((s) => read('history')(row, s, d)))
            : 0,
        ),
      ),
  },
  {
    title: 'a sum, spread over the list again',
    block: 'block b of (x: sequence[t, d]) { give spread over t (sum over t (x)) }',
    entries: 'channel main = history -> b -> flatten',
    expected: (read, row) =>
      range(longest).flatMap((t) =>
        range(3).map((d) => (t < lengths[row]! ? sum(range(lengths[row]!).map((s) => read('history')(row, s, d))) : 0)),
      ),
  },
  {
    title: 'a value divided by itself',
    block: 'block b of (x: sequence[t, d]) { give sum over t (x / x) }',
    entries: 'channel main = history -> b',
    expected: (_read, row) => range(3).map(() => lengths[row]!),
  },
  {
    title: 'a scan whose divisor is 0 past the end',
    block: 'block b of (x: sequence[t, d]) { scan over t { r[d] = 1 then 1 + 0.01 * r / x } give r }',
    entries: 'channel main = history -> b -> flatten',
    expected(read, row) {
      let r = range(3).map(() => 1);
      return range(longest).flatMap((t) => {
        if (t >= lengths[row]!) return [0, 0, 0];
        r = r.map((value, d) => 1 + (0.01 * value) / read('history')(row, t, d));
        return r;
      });
    },
  },
  {
    title: 'a mean by the count of elements, which may be 0',
    block: 'block b of (x: sequence[t, d]) { give sum over t (x) / count(t) }',
    entries: 'channel main = history -> b',
    expected: (read, row) =>
      range(3).map((d) => {
        const values = range(lengths[row]!).map((t) => read('history')(row, t, d));
        return values.length === 0 ? 0 : sum(values) / values.length;
      }),
  },
  {
    title: 'shares by a sum, which is 0 before the first element',
    block:
      'block b of (x: sequence[t, d]) { y = exp(x) give sum over s where s < t (y[t: s]) / sum over s where s < t (square(y[t: s])) }',
    entries: 'channel main = history -> b -> flatten',
    expected: (read, row) =>
      range(longest).flatMap((t) =>
        range(3).map((d) => {
          if (t === 0 || t >= lengths[row]!) return 0;
          const values = range(t).map((s) => Math.exp(read('history')(row, s, d)));
          return sum(values) / sum(values.map((value) => value ** 2));
        }),
      ),
  },
  {
    title: 'heads laid end to end in each element',
    block: `block b(heads = 3) of (x: sequence[t, d]) { weights Q[d -> h: heads, e: 2]
      give x @ Q as sequence[t, e, h] }`,
    entries: 'channel main = history -> b -> flatten',
    expected: (read, row) =>
      range(longest).flatMap((t) =>
        range(2).flatMap((e) =>
          range(3).map((h) =>
            t < lengths[row]! ? sum(range(3).map((d) => read('history')(row, t, d) * read('Q')(d, h, e))) : 0,
          ),
        ),
      ),
  },
  {
    title: 'interests of heads laid end to end',
    block: 'block b of (x: vector[d]) { weights Q[d -> k: 2, h: 2, e: 2]  give x @ Q as interests[k, h, e] }',
    entries: 'channel main = user_id -> b -> flatten',
    expected: (read, row) =>
      range(2).flatMap((k) =>
        range(2).flatMap((h) =>
          range(2).map((e) => sum(range(3).map((d) => read('user_id')(row, d) * read('Q')(d, k, h, e)))),
        ),
      ),
  },
  {
    title: 'elements laid end to end, by numbers',
    block: 'block b of (x: sequence[t, d]) { give exp(x) as vector[d, t] }',
    entries: 'channel main = history -> b',
    expected: (read, row) =>
      range(3).flatMap((d) =>
        range(longest).map((t) => (t < lengths[row]! ? Math.exp(read('history')(row, t, d)) : 0)),
      ),
  },
  {
    title: 'pairs of fields, by a letter that only a rename has',
    block: 'block b of (x: fields[f, d]) { give sum over f, g where f < g (sum over d (x * x[f: g])) }',
    entries: 'channel main = alike -> b',
    expected(read, row) {
      const [a, b, c] = ['user_id', 'zip', 'street'].map((name) => range(3).map((d) => read(name)(row, d)));
      const dot = (one: readonly number[], other: readonly number[]) => sum(one.map((value, d) => value * other[d]!));
      return [dot(a!, b!) + dot(a!, c!) + dot(b!, c!)];
    },
  },
  {
    title: 'the products of pairs of fields, for each width',
    block: 'block b of (x: fields[f, d]) { other = x[f: g]  give sum over f, g where f < g (x * other) }',
    entries: 'channel main = alike -> b',
    expected(read, row) {
      const [a, b, c] = ['user_id', 'zip', 'street'].map((name) => range(3).map((d) => read(name)(row, d)));
      return range(3).map((d) => a![d]! * b![d]! + a![d]! * c![d]! + b![d]! * c![d]!);
    },
  },
  {
    title: 'attention to earlier elements from a state',
    block: `block b of (x: sequence[t, d]) {
      y = x[t: s]
      scan over t {
        a = softmax over s where s <= t (sum over d (y * h))
        h[d] = 0 then 0.5 * h + x + a @ y
      }
      give h
    }`,
    entries: 'channel main = history -> b -> flatten',
    expected(read, row) {
      let h: readonly number[] = [0, 0, 0];
      const x = (t: number) => range(3).map((d) => read('history')(row, t, d));
      return range(longest).flatMap((t) => {
        if (t >= lengths[row]!) return [0, 0, 0];
        const powers = range(t + 1).map((s) => Math.exp(sum(x(s).map((value, d) => value * h[d]!))));
        h = h.map((value, d) => {
          const seen = sum(powers.map((power, s) => power * x(s)[d]!)) / sum(powers);
          return 0.5 * value + x(t)[d]! + seen;
        });
        return h;
      });
    },
  },
  {
    title: 'attention between fields',
    block: `block b of (x: fields[f, d]) { weights K[d -> e: 2], V[d -> e], Q[d -> e]
      a = softmax over g (sum over e ((x @ Q) * (x[f: g] @ K)))
      give sum over g (a * (x[f: g] @ V)) }`,
    entries: 'channel main = alike -> b -> flatten',
    expected(read, row) {
      const x = ['user_id', 'zip', 'street'].map((name) => range(3).map((d) => read(name)(row, d)));
      const by = (W: string, f: number, e: number) => sum(x[f]!.map((value, d) => value * read(W)(d, e)));
      return range(3).flatMap((f) => {
        const powers = range(3).map((g) => Math.exp(sum(range(2).map((e) => by('Q', f, e) * by('K', g, e)))));
        return range(2).map((e) => sum(powers.map((p, g) => p * by('V', g, e))) / sum(powers));
      });
    },
  },
  {
    title: 'a scan of a flow of its state',
    block: 'block b of (x: sequence[t, d]) { scan over t { h[d] = 0 then (h -> tanh) * 0.5 + x } give h }',
    entries: 'channel main = history -> b -> flatten',
    expected(read, row) {
      let h = [0, 0, 0];
      return range(longest).flatMap((t) => {
        if (t >= lengths[row]!) return [0, 0, 0];
        h = h.map((value, d) => Math.tanh(value) * 0.5 + read('history')(row, t, d));
        return h;
      });
    },
  },
];

describeCases(cases);
