/** What holds for every row of every table. */
import { describe, expect, test } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { blocks } from '../../../src/compiler/library/blocks/table.ts';
import type { Parameter } from '../../../src/compiler/library/contract.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { allKinds, exampleOf, takesOf } from '../../../src/editor/reference/examples.ts';
import { printType } from '../../../src/graph/dims.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { feed, planOf } from './support.ts';

const rows = allKinds().map((kind) => ({ kind, table: kind.section.table, name: kind.name, row: kind.row }));

describe.each(rows)('$table: $name', ({ kind, name, row }) => {
  const parameters = Object.entries(row.parameters) as [string, Parameter][];

  test('says what it computes and where it comes from', () => {
    expect(row.doc).toMatch(/^\S.{20,}\.$/su);
    expect(row.when, 'when to use it').toMatch(/^\S.{20,}\.$/);
    expect(row.paper, 'a paper, or a word on why there is none').toMatch(/\b(19|20)\d\d\b|^no paper: /);
    expect(
      [row.doc, ...(row.formula ?? []), row.when, row.paper].join(' '),
      'what `npm run new` left to write',
    ).not.toMatch(/\bTODO\b/);
  });

  test('has a formula in lines of plain text', () => {
    const lines = row.formula ?? [];
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.trimStart() || '-').toMatch(/^\S[^\n`]{0,109}(?<![.\s])$/);
  });

  test('documents its parameters, each with a default in its range', () => {
    for (const [word, { type, doc, default: value, required, rest }] of parameters) {
      expect(word).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(doc, word).toMatch(/^.{8,}\.$/su);
      if (required || value === undefined || rest) continue;
      switch (type.is) {
        case 'integer':
        case 'number': {
          const { min, max, above, below } = type as { min?: number; max?: number; above?: number; below?: number };
          const number = value as number;
          expect(number >= (min ?? -Infinity) && number <= (max ?? Infinity), word).toBe(true);
          expect(number > (above ?? -Infinity) && number < (below ?? Infinity), word).toBe(true);
          if (type.is === 'integer') expect(Number.isInteger(number), word).toBe(true);
          break;
        }
        case 'choice':
          expect(type.of, word).toContain(value);
          break;
        default:
          expect(value, word).toBe(false);
      }
    }
  });

  test('its example begins with its name, checks, lowers and trains every weight', () => {
    expect(row.example).toMatch(new RegExp(`^${name}\\b`));
    expectEveryWeightToLearn(planOf(exampleOf(kind).model));
  });

  if (row.example === name || parameters.some(([, { required }]) => required)) return;
  test('lowers at its defaults', () => {
    expectEveryWeightToLearn(planOf(exampleOf(kind, name).model));
  });
});

/** One step on random numbers moves each weight, and reaches each embedding; everything stays finite. */
function expectEveryWeightToLearn({ step, towers, fitted, tables }: Plan): void {
  // A score that is fitted as a whole learns in no step: its tables hold what was fitted.
  if (fitted) {
    expect(tables.map(({ dim }) => dim)).toEqual([fitted.keep, fitted.keep, 1]);
    return;
  }
  const before = initialValues(step.graph, 3);
  const inputs = feed(step, 4, {
    hits: step.inputs.some(({ name }) => name.startsWith('hits/sampled'))
      ? [[0, 1]]
      : [
          [0, 2],
          [2, 0],
        ],
  });
  const { outputs, parameters } = evaluateGraph(step.graph, inputs, before);
  for (const { name, trainable } of step.graph.parameters) {
    const change = [...parameters[name]!.data].map((value, at) => value - before[name]!.data[at]!);
    expect(change.every(Number.isFinite), `${name} stays finite`).toBe(true);
    if (trainable)
      expect(
        change.some((value) => value !== 0),
        `${name} learns`,
      ).toBe(true);
  }
  for (const { name, source } of step.inputs) {
    if (source.from !== 'embedding' && source.from !== 'sequence') continue;
    const gradient = outputs[`gradient:${name}`]!;
    expect(gradient.shape).toEqual(inputs[name]!.shape);
    expect(
      gradient.data.some((value) => value !== 0),
      `${name} has a gradient`,
    ).toBe(true);
  }
  expect(Number.isFinite(outputs.loss!.data[0])).toBe(true);
  for (const { embedded, width, interests } of towers) {
    const type = embedded.graph.nodes[embedded.graph.outputs[0]!.node]!.type;
    // Nothing is summed over rows.
    expect(printType(type)).toBe(`float32[batch, ${interests === undefined ? '' : `${interests}, `}${width}]`);
  }
}

/** The flows in the words of blocks: `history -> conv(64, width: 3, activation: relu) -> max`. */
const advisedFlows = Object.entries(blocks).flatMap(([name, { doc, when, example }]) =>
  [...`${doc} ${when}`.matchAll(/`([^`]*->[^`]*)`/g)].map(([, flow]) => ({ name, flow: flow!, example })),
);

/** A source for a flow that begins with a block, by what the block takes. */
const sources: Readonly<Record<string, string>> = {
  vector: 'profile -> flatten',
  fields: 'profile',
  sequence: 'history',
  interests: 'history -> multi_interest(2)',
};

test.each(advisedFlows)(
  'the advice of $name checks after each value that the block takes: $flow',
  ({ flow, example }) => {
    const beginsWithSource = /^(?:history|profile) ->/.test(flow);
    const taken = new Set(takesOf(example).map(({ takes }) => takes.kind));
    const written = beginsWithSource ? [flow] : [...taken].map((kind) => `${sources[kind]} -> ${flow}`);
    expect(written.length).toBeGreaterThan(0);
    for (const one of written) {
      const text = `
      model m
      features { user_id, item_id: id(dim: 8), history: list(item_id, max: 20, pool: none), age: category(dim: 8) }
      group profile = user_id, age
      tower user(profile, history) keyed by user_id { advised = ${one}, channel main = profile -> flatten -> dense(8) }
      tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> dense(8) }
      task t { score = cosine(user, item) / 0.1, loss = softmax(in_batch) }`;
      const { diagnostics } = checkSource(makeSource('advice.tower', text));
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    }
  },
);
