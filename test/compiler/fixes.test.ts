/** Mistakes as people bring them from other languages: whatever fix is offered first leads to fewer errors, and to none that is new. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import type { Diagnostic } from '../../src/base/diagnostics/diagnostic.ts';
import { applyEdits, applySafeFixes } from '../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';

const model = readFileSync('models/two_tower.tower', 'utf8').replace(/\nsearch \{[\s\S]*/, '');
const flow = 'profile -> flatten -> mlp(128, 64)';
const userId = 'user_id  : id(dim: 32)';
const loss = 'softmax(in_batch, temperature: 0.05, correction: frequency)';

/** What the model has, and what is written for it. */
const mistakes: readonly (readonly [of: string, written: string])[] = [
  // Other languages
  ...[
    'profile -> flatten -> LayerNorm(128) -> mlp(128, 64)',
    'profile -> flatten -> layer_norm(128) -> mlp(128, 64)',
    'profile -> flatten -> BatchNorm1d(128) -> mlp(128, 64)',
    'profile -> flatten -> Dropout(0.1) -> mlp(128, 64)',
    'profile -> flatten -> nn.Linear(96, 128) -> dense(64)',
    'profile -> flatten -> Dense(128, relu) -> dense(64)',
    'profile -> flatten -> ReLU() -> mlp(128, 64)',
    'profile -> flatten -> MLP([128, 64])',
    'profile -> flatten -> mlp([128, 64])',
    'profile -> flatten -> mlp(units: [128, 64], 64)',
    'profile -> flatten -> mlp(hidden, 64)',
    'profile -> flatten -> mlp(128, 64, 0.1)',
    'profile -> flatten -> mlp(128, 64, activation=relu)',
    'profile -> flatten -> mlp(128, 64, activation: "relu")',
    'profile -> flatten -> mlp(128, 64, act: relu)',
    'profile -> flatten -> mlp(128, 64, dropout_rate: 0.1)',
    'profile -> flatten -> mlp(128 64)',
    'profile -> flatten -> mlp(128, 64',
    'profile => flatten => mlp(128, 64)',
    'profile | flatten | mlp(128, 64)',
    'profile.flatten.mlp(128, 64)',
    'mlp(flatten(profile), 128, 64)',
    'dense(concat(user_id, history), 64)',
    'concat([user_id, history], dim=-1) -> mlp(128, 64)',
    'profile -> Flatten -> mlp(128, 64)',
    'profile -> flaten -> mlp(128, 64)',
    'profile -> flatten -> relu -> mlp(128)',
    'profile -> mlp(128, 64)',
    'profle -> flatten -> mlp(128, 64)',
    'movie -> flatten -> mlp(128, 64)',
    'profile -> flatten -> mlp(128, 64) # two layers',
    'profile -> flatten -> mlp(128, 64) -- two layers',
    'profile -> flatten -> mlp(128, 64);',
    'profile -> flatten -> mlp(1,024, 64)',
    'profile -> flatten -> mlp(128, 0)',
    'profile -> flatten -> mlp(-128, 64)',
    'profile -> flatten -> mlp(128, 32)',
  ].map((written) => [flow, written] as const),
  // Features
  ...[
    'optional user_id : id(dim: 32)',
    'required user_id : id(dim: 32)',
    'user_id? : id(dim: 32)',
    'user_id = id(dim: 32)',
    'user_id id(dim: 32)',
    '"user_id" : id(dim: 32)',
    'user-id : id(dim: 32)',
    'user_id : Embedding(32)',
    'user_id : id(32)',
    'user_id : id(dim = 32)',
    'user_id : id(dimension: 32)',
    'user_id : id(dim: "32")',
    'user_id : id(dim: 32px)',
    'user_id : id(dim: width)',
    'user_id : int64',
    'user_id : string',
    '- user_id: id(dim: 32)\n  - age: number',
    '- user_id: id(dim: 32)\n  - age',
    'user_id : id(dim: 32) age : number(',
    'usеr_id : id(dim: 32)',
    'user_id： id(dim: 32)',
  ].map((written) => [userId, written] as const),
  // Tasks and training
  ...[
    'softmax(in_batch, temp: 0.05)',
    'softmax(in_batch, temperature: 5%%)',
    'softmax(in_batch, temperature: .05)',
    'softmax(in_batch, hard_negatives: 10)',
    'softmax(in_batch, temperature: 0.05, temperature: 0.1)',
    'CrossEntropyLoss()',
    'BPR',
    'infonce(temperature: 0.05)',
    'bce',
  ].map((written) => [loss, written] as const),
  ['train {', 'train:'],
  ['train {', 'training {'],
  ['batch = 256, ', 'batch_size = 256, '],
  ['batch = 256, ', 'batch: 256, '],
  ['epochs = 20', 'epochs = many'],
  ['adam(rate: 1e-3)', 'Adam(lr=1e-3)'],
  ['adam(rate: 1e-3)', 'adamm(1e-3)'],
  ['stop  = recall(50, patience: 5)', 'early_stopping = recall@50'],
  ['cosine(user, item)', 'cosine(item, user)'],
  ['cosine(user, item)', 'dot_product(user, item)'],
  ['keyed by user_id', 'keyed by userid'],
  ['group profile = user_id, history, recent', 'group profile = [user_id, history, recent]'],
  ['group profile = user_id, history, recent', 'group profile { user_id, history, recent }'],
  ['model two_tower', 'model two_tower\nlet w: number = 32'],
  ['model two_tower', 'model two_tower\nblock deep(n) { dense(n) }'],
];

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
const kindOf = ({ code, message }: Diagnostic): string => `${code} ${message}`;
const check = (text: string) => checkSource(makeSource('program.tower', text)).diagnostics;
const made = mistakes.map(([of, written]) => ({ written, text: model.replace(of, written) }));

describe.each(made)('$written', ({ written, text }) => {
  it('is a mistake whose fixes lead to fewer errors, and to none that is new', () => {
    expect(text).toContain(written);
    const source = makeSource('program.tower', text);
    const found = checkSource(source).diagnostics;
    const errors = found.filter(isError);
    for (const { fixes } of found) {
      for (const edits of fixes) {
        const after = check(applyEdits(source, edits)).filter(isError);
        expect(after.length).toBeLessThanOrEqual(errors.length);
        expect(errors.map(kindOf)).toEqual(expect.arrayContaining(after.map(kindOf)));
      }
    }
    for (const { fixes } of errors.slice(0, 1)) {
      if (fixes[0]) expect(check(applyEdits(source, fixes[0])).filter(isError).length).toBeLessThan(errors.length);
    }
  });
});

test('most of them have a fix', () => {
  const fixable = made.filter(({ text }) => check(text).find(isError)?.fixes.length);
  expect(made.length).toBeGreaterThanOrEqual(75);
  expect(fixable.length).toBeGreaterThanOrEqual(45);
});

test.each([
  ['optional user_id : id(dim: 32)', undefined],
  ['profile -> flatten -> LayerNorm(128) -> mlp(128, 64)', undefined],
  ['- user_id: id(dim: 32)\n  - age', undefined],
  ['- user_id: id(dim: 32)\n  - age: number', 'user_id: id(dim: 32)\n  age: number'],
])('`--fix` does not guess: %s', (written, fixed) => {
  const { text } = made.find((one) => one.written === written)!;
  const remake = (next: string) => makeSource('program.tower', next);
  const after = applySafeFixes(remake(text), (source) => checkSource(source).diagnostics, remake);
  expect(after.text).toBe(fixed === undefined ? text : text.replace(written, fixed));
});
