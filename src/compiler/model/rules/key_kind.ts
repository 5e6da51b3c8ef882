import { notes } from '../../../base/diagnostics/notes.ts';
import { type FeatureUse, ShapeError } from '../../library/contract.ts';
import { featureUse } from '../../library/features/uses.ts';
import type { Resolution } from '../resolution.ts';
import type { Rule } from './rule.ts';

/** A key identifies one user or one item, so its value must be one code. */
export const keyKind: Rule = {
  name: 'kind of a key',
  check({ towers, features }, report) {
    for (const { name: tower, key } of towers) {
      const feature = key && features.get(key.name);
      if (!key || !feature || tellsApart(key.name, features) !== false) continue;
      const declared = { message: notes.declared('feature', key.name), at: feature.span };
      report('key-kind', key.span, { tower, key: key.name }, { notes: [declared] });
    }
  },
};

/** Nothing where the declaration itself is wrong. */
function tellsApart(name: string, features: Resolution['features']): boolean | undefined {
  try {
    const use = featureUse(name, features);
    const owner = 'owner' in use.encoder ? featureUse(use.encoder.owner, features) : use;
    return use.gives === 'code' && use.crosses === undefined && use.last === undefined && namesValues(owner);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

const namesValues = ({ encoder }: FeatureUse): boolean =>
  'kind' in encoder && (encoder.kind === 'vocabulary' || encoder.kind === 'hash');
