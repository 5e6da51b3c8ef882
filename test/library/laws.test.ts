/** What holds for every row of every table. */
import { describe, expect, test } from 'vitest';
import { printType } from '../../src/graph/dims.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { blocks } from '../../src/library/blocks/table.ts';
import type { KindRow, Parameter } from '../../src/library/contract.ts';
import { features } from '../../src/library/features/table.ts';
import { losses } from '../../src/library/losses/table.ts';
import { metrics } from '../../src/library/metrics/table.ts';
import { optimizers } from '../../src/library/optimizers/table.ts';
import { scores } from '../../src/library/scores/table.ts';
import { weightings } from '../../src/library/weightings/table.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { feed, planOf, smallModel } from './support.ts';

const tables: Readonly<Record<string, Readonly<Record<string, KindRow>>>> = {
  features,
  blocks,
  scores,
  losses,
  weightings,
  optimizers,
  metrics,
};
const rows = Object.entries(tables).flatMap(([table, kinds]) =>
  Object.entries(kinds).map(([name, row]) => ({ table, name, row })),
);

/** Blocks that take fields, or a sequence; the others stand behind a `flatten`. */
const takeFields = ['flatten', 'senet', 'mean', 'sum', 'product', 'concat', 'dropout', 'fm', 'ffm', 'cin', 'bilinear'];
const takeSequences = ['attention', 'self_attention', 'gru', 'multi_interest'];
const giveOutputs = ['mmoe', 'ple'];

/** A whole model that uses `example` at its place. */
function modelWith(table: string, name: string, example: string): string {
  switch (table) {
    case 'features':
      return smallModel({
        features: `${example.replaceAll('movie_id', 'video_id')}${name === 'cross' ? ', country: category' : ''}${name === 'last' ? ', history: list(video_id)' : ''}`,
        user: example.includes('none') ? 'tried -> mean -> dense(4)' : 'profile -> flatten -> dense(4)',
      });
    case 'blocks':
      if (takeSequences.includes(name)) {
        return smallModel({
          features: 'list(video_id, max: 5, pool: none)',
          user: `tried -> ${example} -> flatten -> dense(4)`,
        });
      }
      if (giveOutputs.includes(name)) {
        return smallModel({ steps: `several = profile -> flatten -> ${example}`, user: 'several.click -> dense(4)' });
      }
      return smallModel({
        // Two fields share what ffm splits.
        ...(name === 'ffm' ? { dim: 4 } : {}),
        user: `profile -> ${takeFields.includes(name) ? '' : 'flatten -> '}${example} -> flatten -> dense(4)`,
      });
    case 'scores':
      return smallModel({ score: example });
    case 'losses': {
      const label = losses[name]!.label;
      return smallModel({
        labels: label === 'none' ? '' : `labels { wanted: ${label} }`,
        score: 'cosine(user, item) / 0.5',
        task: `loss = ${example}${label === 'none' ? '' : ', label = wanted'}`,
      });
    }
    case 'weightings':
      return smallModel({
        more: `task like { score = dot(user, item), loss = softmax(in_batch) } objective = ${example}`,
      });
    case 'optimizers':
      return smallModel({
        dense: example.replace(/,? *per: row/, ''),
        embeddings: example,
      });
    default:
      return smallModel({ stop: example });
  }
}

describe.each(rows)('$table: $name', ({ table, name, row }) => {
  const parameters = Object.entries(row.parameters) as [string, Parameter][];

  test('says what it computes and where it comes from', () => {
    expect(row.doc).toMatch(/^\S.{20,}\.$/su);
    expect(row.paper, 'a paper, or a word on why there is none').toMatch(/\b(19|20)\d\d\b|^no paper: /);
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
    expectEveryWeightToLearn(planOf(modelWith(table, name, row.example)));
  });

  if (parameters.some(([, { required }]) => required)) return;
  test('lowers at its defaults', () => {
    const bare = table === 'scores' ? `${name}(user, item)` : name;
    expectEveryWeightToLearn(planOf(modelWith(table, name, bare)));
  });
});

/** One step on random numbers moves each weight, and reaches each embedding; everything stays finite. */
function expectEveryWeightToLearn({ step, towers }: Plan): void {
  const before = initialValues(step.graph, 3);
  const inputs = feed(step, 6, {
    hits: step.inputs.some(({ name }) => name.startsWith('hits/sampled'))
      ? [[0, 1]]
      : [
          [0, 2],
          [2, 0],
        ],
  });
  const { outputs, parameters } = evaluate(step.graph, inputs, before);
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
  for (const { embedded, width } of towers) {
    const type = embedded.graph.nodes[embedded.graph.outputs[0]!.node]!.type;
    expect(printType(type)).toBe(`float32[batch, ${width}]`);
  }
}
