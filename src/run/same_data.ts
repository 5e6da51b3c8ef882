import type { Dataset } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Trained } from './artifact/load.ts';

/**
 * The codes in a data set mean what the model's tables learnt only if both were encoded alike.
 * @throws Failure `other-data`
 */
export function refuseOtherData({ encodings }: Pick<Trained, 'encodings'>, dataset: Dataset): void {
  for (const [feature, encoding] of encodings) {
    if (JSON.stringify(dataset.encodings.get(feature)) !== JSON.stringify(encoding)) {
      throw failure('other-data', { feature });
    }
  }
}
