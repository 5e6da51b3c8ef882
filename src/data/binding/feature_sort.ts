/** What the encoder of a feature reads. */
import type { FeaturePlan } from '../../plan/plan.ts';
import type { Sort } from './layout.ts';

export function sortOf(feature: FeaturePlan): Sort {
  switch (feature.encoder.kind) {
    case 'vocabulary':
    case 'hash':
      return feature.gives === 'bag' ? 'texts' : 'text';
    case 'words':
    case 'trigrams':
      return 'text';
    case 'vector':
      return 'vector';
    case 'clock':
      return feature.gives === 'bag' ? 'numbers' : 'moment';
    default:
      return feature.gives === 'bag' ? 'numbers' : 'number';
  }
}
