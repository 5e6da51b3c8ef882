/** A graph as a module of PyTorch: what a person reads, and that no name of a model becomes code. Its numbers are in the tests of engines. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { torchModule } from '../../../src/engines/formats/torch_module.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { symbolicDim } from '../../../src/graph/dims.ts';
import type { Graph } from '../../../src/graph/graph.ts';

const batch = symbolicDim('batch');
const zeros = { kind: 'zeros' } as const;

function layer(): Graph {
  const b = makeBuilder('layer');
  const x = b.input('distinct/user', [batch, 8]);
  const at = b.input('at', [symbolicDim('hits', 2)], 'int32');
  const weights = b.parameter('user/main/weights', [8, 4], zeros);
  const bias = b.parameter('user/main/bias', [4], zeros);
  const hidden = b.scope('user/main', () => b.relu(b.add(b.matMul(x, weights), bias)));
  const score = b.scope('score', () => {
    const places = b.constant([0, 1, 2, 3]);
    return b.sum(b.mul(b.mul(hidden, places), -0.5), [1], true);
  });
  b.output('score', score);
  b.output('rows', b.gather(hidden, at));
  b.output('pairs', b.matMul(score, score, { transposeB: true }));
  b.update(bias, b.sub(bias, b.mean(hidden, [0])));
  return b.finish();
}

describe('a graph in PyTorch', () => {
  it('reads as a person would write it', () => {
    expect(
      torchModule(layer()).source,
    ).toBe(`"""Graph layer, written by Tower: outputs, then new values of parameters."""
import torch
from torch.nn import functional

INPUTS = [
    "distinct/user",
    "at",
]
PARAMETERS = [
    "user/main/weights",
    "user/main/bias",
]
OUTPUTS = [
    "score",
    "rows",
    "pairs",
]
UPDATES = [
    "user/main/bias",
]

table = torch.tensor([0.0, 1.0, 2.0, 3.0], dtype=torch.float32)


def layer(
    # inputs
    distinct_user,  # [batch, 8] distinct/user
    at,  # int32 [2 * hits]
    # parameters
    user_main_weights,  # [8, 4] user/main/weights
    user_main_bias,  # [4] user/main/bias
):
    device = distinct_user.device

    # user/main
    user_main = torch.relu(distinct_user @ user_main_weights + user_main_bias)  # [batch, 4]

    # score
    score = (user_main * table.to(device) * -0.5).sum(1, keepdim=True)  # [batch, 1]

    Gather = user_main[at]  # [2 * hits, 4]
    MatMul = score @ score.mT  # [batch, batch]
    Sub = user_main_bias - user_main.mean(0)  # [4]

    return (
        score,
        Gather,  # rows
        MatMul,  # pairs
        Sub,  # new user/main/bias
    )
`);
  });

  it('keeps the order of operations by parentheses', () => {
    const b = makeBuilder('order');
    const [x, y, z] = ['x', 'y', 'z'].map((name) => b.input(name, [2])) as [never, never, never];
    b.output('a', b.sub(x, b.sub(y, z)));
    b.output('b', b.mul(b.add(x, y), b.neg(b.add(y, z))));
    b.output('c', b.div(b.div(x, y), b.mul(y, z)));
    b.output('d', b.equal(b.greater(x, y), b.greater(y, z)));
    const lines = torchModule(b.finish()).source.split('\n');
    const code = lines.filter((line) => / = .*# /.test(line)).map((line) => line.split(' = ')[1]!.split('  #')[0]);
    expect(code).toEqual(['x - (y - z)', '(x + y) * -(y + z)', 'x / y / (y * z)', '(x > y) == (y > z)']);
  });
});

/** Texts that end a string, a comment or a statement, and then run something. */
const hostile = [
  'x\n__import__("os").system("touch pwned")\n#',
  '"]; __import__("os").system("touch pwned"); ["',
  '"""\n__import__("os").system("touch pwned")\n"""',
  'a\\',
  'def',
  'torch',
  '__import__("os")',
  '\u2028\u0085\f\r1',
  'Ünïcode ﬁ',
  '',
];

function hostileGraph(): Graph {
  const b = makeBuilder(hostile[2]!);
  for (const [at, name] of hostile.entries()) {
    const x = b.input(`${name}${at}`, [symbolicDim(name.replaceAll('·', '')), 2]);
    const w = b.parameter(`${name}w${at}`, [2], zeros);
    b.output(
      `${name}y${at}`,
      b.scope(name, () => b.reshape(b.exp(b.mul(x, w)), [symbolicDim(name, 2)])),
    );
    b.update(w, b.neg(w));
  }
  return b.finish();
}

describe('names of a model', () => {
  it('never become code', () => {
    const { source, entry } = torchModule(hostileGraph());
    // Without comments and strings only identifiers, numbers and what the table writes are left.
    const code = source.replace(/"(?:[^"\\\n]|\\.)*"/g, '""').replace(/#.*/g, '');
    const called = [...code.matchAll(/([\w.]+)\(/g)].map(([, name]) => name!);
    expect(called.filter((name) => name !== entry && name !== 'torch.exp' && !/(^|\.)reshape$/.test(name))).toEqual([]);
    expect(code.match(/[^\x20-\x7e\n]/g)).toBeNull();
    expect(code.match(/__\w*/g)).toBeNull();
    expect(source).not.toMatch(/[^\x20-\x7e\n]/);
    expect(entry).toMatch(/^[A-Za-z]\w*$/);
    const names = [...code.matchAll(/^ {4}([A-Za-z]\w*),/gm)].map(([, name]) => name);
    expect(new Set(names.slice(0, 2 * hostile.length)).size).toBe(2 * hostile.length);
    expect(names).not.toContain('def');
    expect(names).not.toContain('torch');
  });

  it('leave a module that Python reads as imports, lists and one function', ({ skip }) => {
    const script = 'import ast, sys; print(*(type(each).__name__ for each in ast.parse(sys.stdin.read()).body))';
    const { status, stdout, error } = spawnSync('python3', ['-c', script], {
      input: torchModule(hostileGraph()).source,
      encoding: 'utf8',
    });
    skip(error !== undefined, 'python3 is not here');
    expect(status).toBe(0);
    expect(stdout.trim()).toBe('Expr Import ImportFrom Assign Assign Assign Assign FunctionDef');
  });
});
