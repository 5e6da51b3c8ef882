/** What is wrong in a block of formulas: said once, at its place in the block, or at the use in words of the signature. */
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';

/** Returns the errors of a model with a block, each after the text that it points at. */
function errorsOf(block: string, channel = 'user_id -> dense(2)'): readonly string[] {
  const text = `model m
features {
  user_id  : id(dim: 3)
  age      : category(dim: 2)
  movie_id : id(dim: 3)
  history  : list(movie_id, max: 4, pool: none)
}
${block}
group profile = user_id, age
tower user(profile, history) keyed by user_id { channel main = ${channel} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(2) }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;
  return checkSource(makeSource('m.tower', text))
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ at, message }) => `${text.slice(at!.start, at!.end)}: ${message}`);
}

const uneven = (what: string): string =>
  `\`${what}\` needs one size for \`d\`, which differs from field to field: compute number by number, or take \`sum\`, \`mean\` or \`max over d\` first`;

const twice = 'd: `d` stands here twice, and one letter is one axis';

/** Blocks that nothing uses. */
const alone: Readonly<Record<string, readonly string[]>> = {
  'of (x: fields[f, any d]) { give x * softmax over f (x) }': [`softmax over f (x): ${uneven('softmax over')}`],
  'of (x: fields[f, any d]) { give logsumexp over d (x) }': [`logsumexp over d (x): ${uneven('logsumexp over')}`],
  'of (x: fields[f, any d]) { give sum over f (x * x) }': [`sum over f (x * x): ${uneven('sum over')}`],
  'of (x: fields[f, any d]) { give x @ x }': [`x @ x: ${uneven('@')}`],
  'of (x: fields[f, any d]) { give x[d: e] }': [`x[d: e]: ${uneven('a new letter')}`],
  'of (x: fields[f, any d]) { give x * size(d) }': [`size(d): ${uneven('size')}`],
  'of (x: fields[f, any d]) { s = sum over d (x) give spread over d (s) }': [`spread over d (s): ${uneven('spread')}`],
  'of (x: fields[f, any d]) { give x as vector[f, d] }': [`x: ${uneven('as')}`],
  'of (x: fields[f, any d]) { weights w[f, d] = 1 give x * w }': [`w: ${uneven('w')}`],
  'of (x: fields[f, any d]) { weights w[f -> h: d / 2] give sum over d (x) @ w }': [`d: ${uneven('d')}`],
  'of (x: fields[f, any d], q: vector[d]) { give x * q }': [
    'd: `d` has another size in each field, and another input needs another letter',
  ],
  'of (x: vector[d]) { weights W[d, d] = 1 give x }': [twice],
  'of (x: vector[d]) { weights W[d, d -> e: 4] give x @ W }': [twice],
  'of (x: vector[d]) { weights W[each d, e: 2 -> d] = 1 give x }': [twice],
  'of (x: vector[d]) { give sum over d, d (x) }': [twice],
  'of (x: vector[d]) { give spread over d, d (1) }': [twice],
  'of (x: sequence[t, d]) { scan over t { r[d, d] = 0 then r + x } give r }': [twice],
  'of (x: sequence[t, d]) { give x as vector[d, d] }': [twice],
  'of (x: vector[d]) { weights W[d -> d] give W }': ['W: `W` maps an axis to itself, and is used by `@ W` only'],
  'of (x: vector[d]) { weights W[d -> d] give x * W }': ['W: `W` maps an axis to itself, and is used by `@ W` only'],
  'of (x: vector[d]) { repeat 0 { y[d] = x then y + x } give y }': [
    '0: `repeat` takes a whole number from 1 to 100, not 0',
  ],
  'of (x: vector[d]) { repeat 1e9 { y[d] = x then y + x } give y }': [
    '1e9: `repeat` takes a whole number from 1 to 100, not 1000000000',
  ],
  'of (x: vector[d]) { repeat 2 { weights w[d -> e: 2] y[d] = x then y @ w } give y }': [
    'y @ w: `y` has [d], and its next value [e]',
  ],
  'of (x: vector[d]) { repeat 2 { z = x * 2 y[d] = 0 then y + z } give y + z }': [
    'z: there is no value of this block called `z`',
  ],
  'of (x: vector[d]) { repeat 2 { y[u] = 0 then y + 1 } give y }': [
    'u: `u` is no axis that a state can have: no input has it',
  ],
  'of (x: vector[d]) { weights a[e: 3] = 1, b[e: 4] = 1 give x }': ['e: `e` has a size already'],
  'of (x: vector[d]) { weights a[d] = exp(1000) give x * a }': [
    'exp(1000): `a` must be from -1000000 to 1000000, found Infinity',
  ],
  'of (x: vector[d]) { give x / (1 - 1) }': ['1 - 1: `divisor` must be other than 0, found 0'],
  'of (x: sequence[t, d]) { give x as sequence[d, t] }': [
    'sequence: `as` takes a list first, and no other among the axes of sequence',
  ],
  'of (x: sequence[t, d]) { give x as interests[t, d] }': ['interests: `as` takes no list among the axes of interests'],
  'of (x: vector[d]) { weights a[d] = normal(-1) give x * a }': ['-1: `normal` must be from 0 to 1000000, found -1'],
  'of (x: vector[d]) { weights a[d] = uniform(1e30) give x * a }': [
    '1e30: `uniform` must be from 0 to 1000000, found 1e+30',
  ],
  'of (x: vector[d]) { weights a[d -> k: 0] give x @ a }': ['0: `k` must be a whole number from 1 to 1000000, found 0'],
  'of (x: vector[d]) { weights a[d -> k: 1e9] give x @ a }': [
    '1e9: `k` must be a whole number from 1 to 1000000, found 1000000000',
  ],
  'of (x: vector[d]) { scan over t { r[d] = 0 then x } give r }': [
    't: `t` is no axis of a sequence, and `scan` goes over the elements of one',
  ],
};

describe('a block that nothing uses', () => {
  it.each(Object.entries(alone))('%s', (block, expected) => {
    expect(errorsOf(`block b ${block}`)).toEqual(expected);
  });

  it('has its errors once, however often it is used', () => {
    const block = 'block b of (x: vector[d]) { weights W[d, d] = 1 give x }';
    expect(errorsOf(block, 'user_id -> b -> b -> dense(2)')).toEqual([twice]);
  });
});

/** Blocks whose errors only a use tells. */
const used: Readonly<Record<string, readonly [channel: string, error: string]>> = {
  'b of (x: vector[d]) { weights W[d -> k: d - 3] give x @ W }': [
    'user_id -> b',
    'b: `b` needs a whole number from 1 to 1000000 for the size of `k`, but gets 0',
  ],
  'b of (x: vector[d]) { weights w[d] = normal(d - 4) give x * w }': [
    'user_id -> b -> dense(2)',
    'b: `b` needs first values of `w` from 0 to 1000000, but gets -1',
  ],
  'b(n) of (x: vector[d]) { weights W[d -> k: n] give x @ W }': [
    'user_id -> b(0)',
    '0: `k` must be a whole number from 1 to 1000000, found 0',
  ],
  'b of (x: fields[f, any d]) { weights w[f] = 1 give spread over f (sum over f ((x -> senet) * w)) }': [
    'profile -> b -> flatten',
    'b: `b` takes fields of several widths only for sum, mean, max and min over `d`',
  ],
  'b of (x: fields[f, any d]) { y = x -> senet give y as vector[f, d] }': [
    'profile -> b',
    'b: `b` gives fields of several widths: write `-> flatten` after the block',
  ],
};

describe('a block at its use', () => {
  it.each(Object.entries(used))('%s', (block, [channel, error]) => {
    expect(errorsOf(`block ${block}`, channel)).toEqual([error]);
  });

  it('takes what a flow makes of fields of several widths', () => {
    expect(
      errorsOf('block b of (x: fields[f, any d]) { give sum over d ((x -> senet) * x) }', 'profile -> b -> dense(2)'),
    ).toEqual([]);
  });
});
