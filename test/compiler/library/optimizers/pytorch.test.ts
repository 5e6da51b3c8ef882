/** Steps of every optimizer against torch.optim: of dense weights in the graph, and of rows of a table on the host. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { optimizers } from '../../../../src/compiler/library/optimizers/table.ts';
import { GraphInputs } from '../../../../src/compiler/lower/inputs.ts';
import { lowerUpdate } from '../../../../src/compiler/lower/optimize.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { makeTable } from '../../../../src/training/embedding/table.ts';
import { checkText, model } from '../../model/check_text.ts';
import { expectClose, floats } from '../support.ts';

type Numbers = readonly number[];

const fixture = JSON.parse(readFileSync('test/fixtures/optimizers.json', 'utf8')) as {
  readonly dense: { readonly first: [Numbers[], Numbers]; readonly gradients: [Numbers[], Numbers][] };
  readonly rows: { readonly first: Numbers[]; readonly seen: Numbers[]; readonly gradients: Numbers[][] };
  readonly last: Readonly<Record<string, { readonly dense: [Numbers[], Numbers]; readonly rows: Numbers[] }>>;
};

test('every optimizer is compared', () => {
  const compared = Object.keys(fixture.last).map((call) => call.slice(0, call.indexOf('(')));
  expect([...new Set(compared)].sort()).toEqual(Object.keys(optimizers).sort());
});

describe.each(Object.entries(fixture.last))('%s', (call, last) => {
  const { train } = checkText(model({ after: `train { dense = ${call}, embeddings = ${call} }` })).model!;

  test('of a matrix and a bias', () => {
    const { first, gradients } = fixture.dense;
    const inputs = new GraphInputs(makeBuilder('steps'));
    const { builder } = inputs;
    const shapes = { matrix: [2, 3], bias: [3] };
    const weights = Object.entries(shapes).map(([name, shape]) => ({
      name,
      parameter: builder.parameter(name, shape, { kind: 'zeros' }),
      gradient: builder.input(`of/${name}`, shape),
    }));
    lowerUpdate(inputs, train, weights);
    const graph = builder.finish();
    const both = (prefix: string, [matrix, bias]: readonly [readonly Numbers[], Numbers]) => ({
      [`${prefix}matrix`]: floats([2, 3], matrix.flat()),
      [`${prefix}bias`]: floats([3], bias),
    });
    let parameters = { ...initialValues(graph, 1), ...both('', first) };
    gradients.forEach((given, at) => {
      const fed = { ...both('of/', given), 'train/rate': floats([], [0.1]), 'train/step': floats([], [at + 1]) };
      const known = graph.inputs.map(({ name }) => [name, fed[name as keyof typeof fed]!]);
      parameters = evaluateGraph(graph, Object.fromEntries(known), parameters).parameters as typeof parameters;
    });
    expectClose([...parameters.matrix!.data, ...parameters.bias!.data], last.dense.flat(2), 2e-6);
  });

  test('of rows that are looked up by some steps alone', () => {
    const { first, seen, gradients } = fixture.rows;
    const plan = optimizers[train.embeddings.kind]!.rows(train.embeddings.arguments);
    const table = makeTable({ name: 'rows', rows: 4, dim: 5, optimizer: plan });
    table.initialize(1, 1);
    table.values().set(first.flat());
    const lookup = table.lookup({ kind: 'one' });
    seen.forEach((codes, at) => {
      lookup.reserve(codes.length, codes.length);
      lookup.codes().set(codes);
      lookup.gather(codes.length);
      lookup.accumulate(Float32Array.from(gradients[at]!.flat()));
      table.update();
    });
    expectClose(table.values(), last.rows.flat(), 2e-6);
  });
});
