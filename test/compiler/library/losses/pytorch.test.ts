/** Every loss and its gradients against numbers that PyTorch computed: test/fixtures/losses.py makes them. */
import { expect, test } from 'vitest';
import { losses } from '../../../../src/compiler/library/losses/table.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../../src/graph/graph.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { casesOf, flat, floatsOf, type Nested, shapeOf } from '../../../fixtures/fixtures.ts';
import { expectClose, integers } from '../support.ts';
import { lossGraph } from './support.ts';

interface Case {
  /** What it shows, where its loss has several. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** By the name of a graph's input. */
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Nested>>;
}

const places = (value: Nested): Tensor => integers(shapeOf(value), flat(value));

const cases = casesOf<Case>('losses', Object.keys(losses));
const titled = cases.map(([kind, each]) => [[kind, each.name].filter(Boolean).join(' '), kind, each] as const);

test.each(titled)('%s has the value and the gradients that PyTorch gives', (_, kind, each) => {
  const width = shapeOf(each.inputs.query!)[1]!;
  const { weight, label } = each.inputs;
  const { graph, raw } = lossGraph({
    kind,
    arguments: each.arguments,
    width,
    label: label !== undefined,
    weighted: weight !== undefined,
    users: 'users/items/video_id' in each.inputs,
  });
  for (const some of [raw, graph]) {
    const given = Object.fromEntries(
      some.inputs.map(({ name, node }) => {
        const value = each.inputs[name];
        expect(value, name).toBeDefined();
        return [name, some.nodes[node]!.type.dtype === 'int32' ? places(value!) : floatsOf(value!)];
      }),
    );
    const { outputs } = evaluateGraph(some, given, initialValues(some, 1));
    expectClose(outputs.loss!.data, [each.loss], 1e-5);
    for (const [input, gradient] of Object.entries(each.gradients)) {
      expectClose(outputs[`gradient:${input}`]!.data, flat(gradient), 1e-5);
    }
  }
});
