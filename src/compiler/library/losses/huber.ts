import { number } from '../parameters.ts';
import { formulaLoss } from './formula_loss.ts';

export const huber = formulaLoss('huber', {
  doc: 'Half the squared error of the score up to delta, and linear beyond: far outliers pull no harder than near ones.',
  when: 'For a label that is a number and has outliers, such as seconds watched.',
  paper: 'Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 1964',
  example: 'huber(delta: 0.5)',
  label: 'number',
  needsItemKey: false,
  parameters: {
    delta: number({ above: 0, doc: 'Where it turns from a square into a line, in the unit of the label.', default: 1 }),
  },
});
