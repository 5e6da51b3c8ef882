/** The features of a file that has mistakes, as far as they are valid. */
import { defined } from '../../base/util/defined.ts';
import { usesOf } from '../../compiler/library/features/uses.ts';
import { type LoweredFeatures, lowerFeatures } from '../../compiler/lower/features.ts';
import { withElements } from '../../compiler/lower/through.ts';
import type { Resolution } from '../../compiler/model/resolution.ts';
import { validTower } from './valid_tower.ts';

/** Features whose arguments go together, and that name none of which they do not. */
export function validFeatures(resolution: Resolution): LoweredFeatures {
  const { features, towers } = resolution;
  const uses = usesOf(features);
  const valid = uses.size === features.size ? features : new Map([...features].filter(([name]) => uses.has(name)));
  const readers = towers.map(({ name, span, features, key }) => ({
    name,
    span,
    features,
    steps: [],
    ...defined({ key: key?.name }),
  }));
  const nobody = { name: '', span: undefined as never, features: [], steps: [] };
  const [first = nobody, second = nobody] = readers;
  const { output } = lowerFeatures({ features: valid, towers: [first, second] });
  return withElements(
    output,
    towers.map((part) => validTower(part, resolution, output)),
  );
}
