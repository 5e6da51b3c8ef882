import { invariant } from '../../../base/diagnostics/failure.ts';
import { number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const huber = lossKind({
  doc: 'Half the squared error of the score up to delta, and linear beyond: far outliers pull no harder than near ones.',
  formula: ['e = |s − y|, m = min(e, delta)', 'loss = m · (e − m / 2)'],
  when: 'For a label that is a number and has outliers, such as seconds watched.',
  paper: 'Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 1964',
  example: 'huber(delta: 0.5)',
  label: 'number',
  needsItemKey: false,
  parameters: {
    delta: number({ above: 0, doc: 'Where it turns from a square into a line, in the unit of the label.', default: 1 }),
  },
  lower({ builder, label, weight }, { query, item }, { delta }) {
    invariant(label, 'huber is given its label');
    const error = builder.abs(builder.sub(rowScore(builder, query, item), label));
    const near = builder.minimum(error, delta);
    return weightedMean(builder, builder.mul(near, builder.sub(error, builder.mul(near, 0.5))), weight);
  },
});
