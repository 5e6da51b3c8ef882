/** Operators of formulas against numbers that PyTorch computed: outputs and gradients. test/fixtures/formulas.py makes them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { flat, type Nested, shapeOf } from '../../../fixtures/fixtures.ts';
import { expectClose } from '../../library/support.ts';
import { computed, lengths, longest } from './support.ts';

interface Case {
  readonly name: string;
  readonly body: string;
  readonly channel: string;
  readonly history: Nested;
  readonly weights: Readonly<Record<string, Nested>>;
  readonly output: Nested;
  readonly gradients: Readonly<Record<string, Nested>>;
}
const { cases } = JSON.parse(readFileSync('test/fixtures/formulas.json', 'utf8')) as { cases: readonly Case[] };

it.each(cases)('$name', ({ body, channel, history, weights, output, gradients }) => {
  const block = `block b of (x: sequence[t, d]) { ${body} }`;
  const { fed, parameters, evaluate } = computed(block, `channel main = ${channel}`);
  const values: Readonly<Record<string, Nested>> = { ...weights, history };
  const nameOf = (name: string): string =>
    Object.keys({ ...fed, ...parameters }).find((known) => known === name || known.endsWith(`/${name}`))!;
  expect(Object.keys(parameters).sort()).toEqual(Object.keys(weights).map(nameOf).sort());
  for (const [name, value] of Object.entries(values))
    (fed[nameOf(name)] ?? parameters[nameOf(name)])!.data.set(flat(value));
  const outputs = evaluate();
  expect(outputs.vector!.shape).toEqual(shapeOf(output));
  expectClose(outputs.vector!.data, flat(output), 1e-8);
  // Past the end of a list no row of a table gets a gradient.
  const isCounted = (name: string, index: number): boolean =>
    name !== 'history' || Math.floor(index / 3) % longest < lengths[Math.floor(index / 3 / longest)]!;
  for (const [name, value] of Object.entries(gradients)) {
    const found = outputs[`d ${nameOf(name)}`]?.data;
    const expected = flat(value);
    expectClose(
      expected.map((_, index) => (isCounted(name, index) ? (found?.[index] ?? 0) : 0)),
      expected,
      1e-8,
    );
  }
});
