/** Random edits of models with blocks of formulas, and what must hold of each. The same seed gives the same model. */
import type { Random } from '../../src/base/random/random.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { formatSource } from '../../src/compiler/format/format.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import { pick, randomOf } from './edits.ts';

/** Blocks of formulas, and flows that use them. */
const blocks: readonly (readonly [block: string, flow: string])[] = [
  [
    'block weighed(reduction = 3) of (x: fields[f, any d]) { weights reduce[f -> h: max(1, floor(f / reduction))], expand[h -> f]\n shown excitation = sigmoid(relu(mean over d (x) @ reduce) @ expand)\n give x * excitation }',
    'profile -> weighed(2) -> flatten -> dense(4)',
  ],
  [
    'block pairs of (x: fields[f, d]) { give 0.5 * (square(sum over f (x)) - sum over f (square(x))) }',
    'alike -> pairs',
  ],
  [
    'block layer(rank) of (x: vector[d], first: vector[d]) { weights U[d -> r: rank], V[r -> d], b[d] = 0\n give first * (x @ U @ V + b) + x }\nblock crossed(layers = 2, rank) of (x: vector[d]) { give x -> repeat(layers, layer(rank, first: x)) }',
    'user_id -> crossed(2, 3)',
  ],
  [
    'block asked(units = 8) of (x: sequence[t, d], q: vector[e]) { weights A[d -> u: units], B[e -> u], v[u] = normal(0.02)\n shown a = sigmoid(x @ A + q @ B) @ v\n give a @ x }',
    'history -> asked(q: user_id)',
  ],
  [
    'block causal(heads = 2) of (x: sequence[t, d]) { weights Q[d -> h: heads, e: d / heads], K[d -> h, e], V[d -> h, e], O[h, e -> d]\n q = x @ Q\n k = x[t: s] @ K\n v = x[t: s] @ V\n a = softmax over s where s <= t (sum over e (q * k) / sqrt(size(e)))\n give sum over s ((a -> dropout(0.2)) * v) @ O }',
    'history -> causal -> last',
  ],
  [
    'block filtered of (x: sequence[t, d]) { weights R[k: floor(t / 2) + 1, d] = normal(0.02), I[k, d] = normal(0.02)\n w = 2 * pi / size(t) * place(k) * spread over k (place(t))\n c = cos(w)\n s = sin(w)\n a = sum over t (c * x)\n b = -sum over t (s * x)\n m = min(2, 1 + place(k), 1 + size(t) - 2 * place(k))\n give (sum over k (c * (m * (a * R - b * I))) - sum over k (s * (m * (a * I + b * R)))) / size(t) }',
    'history -> filtered -> mean',
  ],
  [
    'block lru(units = 4) of (x: sequence[t, d]) { weights n[u: units] = -1, p[u] = uniform(3), B[d -> u], C[d -> u], E[u -> d], F[u -> d], D[d] = 1\n m = exp(-exp(n))\n g = sqrt(1 - square(m))\n c = m * cos(p)\n s = m * sin(p)\n scan over t { r[u] = 0 then c * r - s * i + g * (x @ B)\n i[u] = 0 then s * r + c * i + g * (x @ C) }\n give r @ E - i @ F + D * x }',
    'history -> lru -> last',
  ],
  [
    'block vertical(filters = 4) of (x: sequence[t, d]) { weights W[t -> n: filters]\n give x @ W as vector[n, d] }',
    'history -> vertical -> dense(4)',
  ],
  [
    'block experts(n = 4, units = 4) of (x: vector[d]) { weights W[each k: n, d -> u: units], b[k, u] = 0\n give relu(x @ W + b) as interests[k, u] }\nblock gated of (x: vector[d], f: interests[k, u]) { weights G[d -> k]\n give softmax over k (x @ G) @ f }',
    'user_id -> gated(f: user_id -> experts)',
  ],
  [
    'block recurrent(units = 4) of (x: sequence[t, d]) { weights R[d -> u: units], Z[d -> u], A[u -> u], B[u -> u], a[u] = 0\n scan over t { r = sigmoid(x @ R + h @ A + a)\n z = sigmoid(x @ Z + r * (h @ B))\n h[u] = 0 then (1 - z) * tanh(x @ R) + z * h }\n give h as sequence[t, u] }',
    'history -> recurrent -> last',
  ],
  ['block twice(f: flow) of (x: vector[d]) { give x + (x -> f) * 2 }', 'user_id -> twice(dense(4) -> tanh)'],
  [
    'block between of (x: fields[f, d]) { weights W[d -> d]\n give sum over f, g where f < g (sum over d ((x @ W) * x[f: g])) }',
    'alike -> between -> dense(4)',
  ],
  [
    'block scaled of (x: vector[d]) { weights g[d] = 1, W[d -> d]\n give tanh(x @ W) * g + mean over d (x) / size(d) }',
    'history -> scaled -> mean',
  ],
  [
    'block decaying of (x: sequence[t, d]) { give logsumexp over t where t < 3 (x) + min over t (x) + sum over t (x * exp(-place(t))) / count(t) }',
    'history -> decaying',
  ],
];

const signs = ['+', '-', '*', '/', '@', '->', '<', '<=', '=', ',', ':', '(', ')', '[', ']', '{', '}'];
const numbers = ['0', '1', '2', '3', '0.5', '1e9', '1e-30', '7', '256', '1e999'];
const pieces = [
  ...['sum over d', 'max over t', 'softmax over s where s < t', 'mean over f, d', 'spread over d', 'normalize over t'],
  ...['sum over t (x)', 'place(t)', 'size(d)', 'count(t)', 'x[t: s]', 'x[d: e]', '(x -> dropout(0.1))', 'any', 'each'],
  ...['(x -> dense(4))', '(x -> residual(dense(4)))', 'as vector[d, t]', 'as sequence[t, d]', 'shown', 'scan over t {'],
  ...['log', 'sqrt', 'exp', 'floor', 'softplus', 'gelu', 'pi', 'normal(0.1)', 'uniform(2)', 'give', 'then', 'where'],
  ...['sequence[t, d]', 'vector[d]', 'fields[f, d]', 'interests[k, d]', '-', 't', 'd', 's', 'x', '__proto__', '"a"'],
];

/** Returns a model with a changed block of formulas. */
export function formulaModel(seed: number): string {
  const random = randomOf(seed);
  const [block, flow] = pick(random, blocks);
  let [text, use] = [block, flow];
  for (let edits = random.integer(4); edits > 0; edits--) {
    if (random.integer(6) === 0) use = changed(use, block, random);
    else text = changed(text, block, random);
  }
  if (random.integer(6) === 0) text = text.replace('block', 'shared block');
  const again = random.integer(4) === 0 ? `channel other = ${use}` : '';
  return `model m
features {
  user_id  : id(dim: 4)
  age      : category(dim: ${1 + random.integer(4)})
  zip      : category(dim: 4)
  movie_id : id(dim: 4)
  history  : list(movie_id, max: ${random.integer(8) === 0 ? 1 + random.integer(60) : 1 + random.integer(5)}, pool: none)
}
${text}
group profile = user_id, age
group alike = user_id, zip
tower user(profile, alike, history) keyed by user_id { channel main = ${use} ${again} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
task watch { score = dot(user.main, item.main), loss = softmax(in_batch) }
`;
}

/** Changes one word, number or sign of a text; mostly to another one of its kind, which may check. */
function changed(text: string, block: string, random: Random): string {
  const words = [...text.matchAll(/[A-Za-z_]+|[\d.]+|->|<=|\S/g)];
  if (words.length === 0) return text;
  const { index, 0: word } = pick(random, words);
  const others = /^[A-Za-z_]/.test(word) ? (block.match(/[A-Za-z_]+/g) ?? []) : /^\d/.test(word) ? numbers : signs;
  const start = text.slice(0, index);
  const end = text.slice(index + word.length);
  switch (random.integer(8)) {
    case 0:
      return `${start}${end}`;
    case 1:
      return `${start}${word} ${word}${end}`;
    case 2:
      return `${start}${pick(random, pieces)}${end}`;
    case 3:
      return `${start}${word} ${pick(random, pieces)}${end}`;
    case 4:
      return `${start}(${word})${end}`;
    default:
      return `${start}${pick(random, others)}${end}`;
  }
}

/** Returns what is wrong with the answer of the compiler, and whether the model is valid. */
export function judgeFormula(text: string): { readonly faults: readonly string[]; readonly isValid: boolean } {
  const source = makeSource('m.tower', text);
  const { diagnostics, lowered } = compileSource(source);
  const faults = diagnostics.flatMap(({ code, message, at }) => {
    const isOdd = /undefined|NaN|\?\d|invariant|\[object|null/.test(message);
    return !code || !at || isOdd ? [`${code} at ${at?.start}: ${message}`] : [];
  });
  const isValid = !diagnostics.some(({ severity }) => severity === 'error');
  if (isValid && !lowered) faults.push('checks, and does not lower');
  const once = formatSource(source).output;
  if (once !== undefined && formatSource(makeSource('m.tower', once)).output !== once)
    faults.push('format is not stable');
  return { faults, isValid };
}
