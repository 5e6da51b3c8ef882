/** The JSON Schemas of the package: what a run writes is what they say. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { EpochRecord } from '../../../src/training/train_options.ts';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const ajv = new Ajv2020({ discriminator: true, strictTypes: false, strictTuples: false });
const schema = read('src/training/artifact/metrics.schema.json');
const validate = ajv.compile(schema);

/** Every entry that there is: the type and the schema have the same. */
const whole: Required<EpochRecord> = {
  epoch: 1,
  step: 98,
  loss: 7.37,
  scalars: { 'loss:watch': 7.37 },
  rows: 99_616,
  rates: { dense: 0.001, embeddings: 0.05 },
  examplesPerSecond: 41_958.6,
  milliseconds: { total: 2374.1, feed: 176.9, engine: 1918.1, scatter: 206.3, validation: 235.4 },
  validation: { 'recall@50': 0.087, auc: 0.81 },
  sample: { rankings: 200, of: 671, per: 'event' },
  best: true,
  alone: { watch: 0.149, like: 0.021 },
  warning: { code: 'ranks-below-popularity', message: 'the loss falls, but …', hint: 'lower the rates' },
};

// The program takes them as they are.
it.each(readdirSync('src/training/artifact').filter((name) => name.endsWith('.schema.json')))(
  '%s is a JSON Schema',
  (name) => {
    expect(ajv.validateSchema(read(`src/training/artifact/${name}`)), ajv.errorsText()).toBe(true);
  },
);

describe('the schema of metrics.jsonl', () => {
  it('takes an epoch, with all that it may have and with what it must have', () => {
    const { validation: _, sample: ___, best: __, alone: _____, warning: ____, ...least } = whole;
    expect(validate(whole), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate(least), ajv.errorsText(validate.errors)).toBe(true);
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(whole).sort());
    expect([...schema.required].sort()).toEqual(Object.keys(least).sort());
  });

  it.each([
    ['without a loss', { ...whole, loss: undefined }],
    ['of epoch 0', { ...whole, epoch: 0 }],
    ['with an entry that it does not know', { ...whole, los: 1 }],
    ['whose metric is a text', { ...whole, validation: { auc: 'high' } }],
  ])('refuses one %s', (_, record) => {
    expect(validate(JSON.parse(JSON.stringify(record)))).toBe(false);
  });
});

it('the package exports its schemas', () => {
  expect(read('package.json').exports['./schemas/*.json']).toBe('./dist/schemas/*.json');
  for (const name of ['manifest', 'serving', 'metrics', 'encoding', 'step']) {
    expect(readFileSync('scripts/build.mjs', 'utf8')).toContain(`'${name}'`);
    expect(() =>
      new Ajv2020({ discriminator: true, strictTypes: false, strictTuples: false }).compile(
        read(`src/training/artifact/${name}.schema.json`),
      ),
    ).not.toThrow();
  }
});
