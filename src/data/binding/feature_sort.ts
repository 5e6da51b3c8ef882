import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnKind } from './layout.ts';

export function kindOf(feature: FeaturePlan): ColumnKind {
  switch (feature.encoder.kind) {
    case 'vocabulary':
    case 'hash':
      return feature.gives === 'bag' ? 'texts' : 'text';
    case 'words':
    case 'bigrams':
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
