/** The features of a file that has mistakes, as far as they are valid. */
import { defined } from '../defined.ts';
import { usesOf } from '../library/features/uses.ts';
import { type LoweredFeatures, lowerFeatures } from '../lower/features.ts';
import { withElements } from '../lower/through.ts';
import type { Resolution } from '../model/resolution.ts';
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
