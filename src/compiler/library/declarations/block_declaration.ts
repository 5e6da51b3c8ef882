// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

const asked =
  'block asked(units = 64) of (x: sequence[t, d], q: vector[e]) {\n  weights A[d -> u: units], B[e -> u], v[u] = normal(0.02)\n  shown a = sigmoid(x @ A + q @ B) @ v\n  give a @ x\n}';
const total =
  'block total(decay = 0.9) of (x: sequence[t, d]) {\n  scan over t {\n    state[d] = 0 then decay * state + x\n  }\n  give state\n}';
const layers =
  'block layers(n = 2) of (first: vector[d]) {\n  repeat n {\n    weights W[d -> d], b[d] = 0\n    x[d] = first then first * (x @ W + b) + x\n  }\n  give x\n}';
const before = 'block before of (x: sequence[t, d]) {\n  give mean over s where s < t (x[t: s])\n}';
const pool =
  'block pool(n = 4, units = 64) of (x: vector[d]) {\n  weights W[each k: n, d -> u: units]\n  give relu(x @ W) as interests[k, u]\n}';
const weighed = 'block weighed of (x: fields[f, any d]) {\n  give x * sigmoid(mean over d (x))\n}';
const twice = 'block twice(f: flow) of (x: vector[d]) {\n  give x + (x -> f)\n}';

const what = 'word of a block that computes by a formula';

export const block = {
  brief: 'Steps with a name, or a formula; each use has weights of its own.',
  doc: 'A name for steps of a flow, or for a formula over inputs and weights. Each use has weights of its own; those of a `shared block` are the same for all uses.',
  example: 'block deep = flatten -> mlp(256, 128) -> dense(64)',
  snippet: ['block ${1:deep} = ${2:flatten -> mlp(128, 64)}'],
  value: { is: 'flow' },
  words: {
    weights: {
      what,
      brief: 'Learned numbers, with their axes and first values.',
      doc: 'Learned numbers of a formula. `A[d -> u: 64]` maps the axis d to a new axis u of 64 numbers; without an arrow a first value must be written.',
      example: asked,
    },
    shown: {
      what,
      brief: 'A line whose numbers `tower inspect --attention` shows.',
      doc: 'Before a line of a formula: `tower inspect RUN --attention` shows its numbers for each query.',
      example: asked,
    },
    give: {
      what,
      brief: 'What the block gives.',
      doc: 'The last line of a formula: what the block gives.',
      example: asked,
    },
    scan: {
      what,
      brief: 'States that go from element to element of a list.',
      doc: 'States that go from element to element of a list, the oldest first: `scan over t { state[d] = first then next }`. After it, a state is the sequence of its values.',
      example: total,
    },
    repeat: {
      what,
      brief: 'Lines that are computed several times, with weights of their own each time.',
      doc: 'Lines that are computed several times: `repeat layers { … }`. Each round has weights of its own, and reads the states, `x[d] = first then next`, of the round before.',
      example: layers,
    },
    // biome-ignore lint/suspicious/noThenProperty: a word of the language
    then: {
      what,
      brief: 'The value of a state after an element.',
      doc: 'In `scan` and `repeat`, between the first value of a state and its value after each element or round.',
      example: total,
    },
    over: {
      what,
      brief: 'The axes that a function goes over.',
      doc: 'Between a function and axes: `sum over t (x)` adds up the elements of a list. `mean`, `max`, `min` and `logsumexp` remove the axis too; `softmax`, `log_softmax` and `normalize` keep it; `spread over k (x)` adds one.',
      example: before,
    },
    where: {
      what,
      brief: 'Which places count.',
      doc: 'After the axes of `over`: only places for which the comparison holds count, such as `s <= t`, the elements up to t.',
      example: before,
    },
    and: {
      what,
      brief: 'Between two comparisons that must both hold.',
      doc: 'Between two comparisons after `where`, which must both hold.',
      example: before.replace('s < t', 's < t and t - s < 5'),
    },
    any: {
      what,
      brief: 'Fields whose widths may differ.',
      doc: 'Before the width of fields: each may have another one. Such fields are computed number by number, and reduced over their widths.',
      example: weighed,
    },
    each: {
      what,
      brief: 'A map for each place of an axis.',
      doc: 'Before an axis of a weight: it has one map for each place of that axis.',
      example: pool,
    },
    as: {
      what,
      brief: 'The order of the axes that a block gives.',
      doc: 'After the value of `give`: what the block gives, and the order of its axes.',
      example: pool,
    },
    flow: {
      what,
      brief: 'A parameter that is a flow.',
      doc: 'After the name of a parameter: a use gives it a flow, such as `dense(64) -> tanh`.',
      example: twice,
    },
  },
} satisfies DeclarationRow;
