/** `validate` of `train`: how often a run is validated, and on how much of the validation part. */
import type { KindRow } from '../contract.ts';
import { integer } from '../parameters.ts';

export const validations = {
  every: {
    doc: 'How many epochs or steps pass from one validation to the next. The last epoch and the last step are always validated.',
    example: 'every(5)',
    parameters: {
      epochs: integer({ min: 1, positional: true, doc: 'Epochs between two validations. Default 1.' }),
      steps: integer({
        min: 1,
        doc: 'Steps between two validations. A record in `metrics.jsonl` and a checkpoint then come after as many steps too, and `stop` counts these validations.',
      }),
    },
  },
  sample: {
    doc: 'Validates on some of the rankings of the validation part, the same ones each time. Which they are follows from `seed`.',
    example: 'sample(2000)',
    parameters: {
      rankings: integer({
        min: 1,
        required: true,
        positional: true,
        doc: 'How many rankings: of users where the data block says `evaluate = per_user`, else of events.',
      }),
    },
  },
} satisfies Readonly<Record<string, KindRow>>;
