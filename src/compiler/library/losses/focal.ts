import { number } from '../parameters.ts';
import { formulaLoss } from './formula_loss.ts';

export const focal = formulaLoss('focal', {
  doc: 'Binary cross-entropy with less weight on examples that the model already gets right. Never a logarithm of 0.',
  when: 'In place of `bce` where easy negatives are most of the data.',
  paper: 'Lin et al., "Focal loss for dense object detection", ICCV 2017 (equation 5)',
  example: 'focal(gamma: 2, scale: 10)',
  label: 'binary',
  needsItemKey: false,
  probability: ({ scale }) => scale,
  parameters: {
    gamma: number({ min: 0, doc: 'The exponent of the weight; 0 is binary cross-entropy.', default: 2 }),
    alpha: number({ above: 0, below: 1, doc: 'What a positive counts, and 1 − alpha a negative; not given: 1 each.' }),
    scale: number({ above: 0, doc: 'Multiplies the score before the sigmoid.', default: 1 }),
  },
});
