/** What the roundings of `precision = bf16` do to a step of each model in `models/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lower } from '../../src/compiler/lower/lower.ts';
import { useBfloat16 } from '../../src/graph/in_bfloat16.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { feed, modelOf } from '../compiler/library/support.ts';
import { asDefined, distance, inDoubles, lengthOf, type Named, withoutSingles } from './rounding.ts';

/** Plain arrays are slow: widths and lists an eighth as long have the same ops. Years stay. */
const smaller = (text: string): string => {
  const at = text.indexOf('\ntrain {');
  const shrunk = text.slice(0, at).replace(/(?<![\w."])\d+(?![\w.%])/g, (digits) => {
    const size = Number(digits);
    return size < 16 || size > 1900 ? digits : String(Math.max(8, size >> 3));
  });
  return shrunk + text.slice(at);
};

const rows = 3;
/** The rounding itself is one more draw of what a rounding may do. */
const most = 2;
/** Draws of each model, and of one whose numbers these do not explain: at a hinge a rounding changes much or nothing, which few draws may miss. */
const [fewest, largest] = [3, 12];

it.each(readdirSync('models').filter((name) => name.endsWith('.tower')))(
  'explain each number of a step of %s',
  (name) => {
    const model = modelOf(smaller(readFileSync(`models/${name}`, 'utf8')));
    // Most optimizers divide by the size of the gradient, which would hide how large it is. With this one, the update is the gradient.
    const dense = { ...model.train.dense, kind: 'sgd', arguments: { rate: 1, momentum: 0, l2: 0 } };
    const { step } = lower({ ...model, train: { ...model.train, dense, overrides: undefined } }).output!.plan;
    const graph = useBfloat16(step.graph, { minOperations: 0 });
    expect(verifyGraph(graph)).toEqual([]);
    const inputs = feed(step, rows);
    const parameters = initialValues(step.graph, 5);
    const exact = inDoubles(step.graph, inputs, parameters);
    // Without its roundings it is the same step.
    expect(inDoubles(graph, inputs, parameters)).toEqual(exact);

    const drawn: Named[] = [];
    const draw = (): void => {
      drawn.push(withoutSingles(inDoubles(graph, inputs, parameters, drawn.length + 1)));
    };
    while (drawn.length < fewest) draw();
    const [wide, narrow] = [step.graph, graph].map((each) => withoutSingles(asDefined(each, inputs, parameters)));
    for (const [output, values] of withoutSingles(exact)) {
      const off = (of: Named): number => distance(of.get(output)!, values);
      const explained = (): number => most * Math.max(...drawn.map(off)) + off(wide!) + 1e-6 * lengthOf(values) + 1e-9;
      while (off(narrow!) > explained() && drawn.length < largest) draw();
      expect(off(narrow!), output).toBeLessThanOrEqual(explained());
    }
  },
);
