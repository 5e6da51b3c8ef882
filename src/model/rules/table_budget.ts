import { ShapeError } from '../../library/contract.ts';
import { clockRows } from '../../library/features/time.ts';
import { featureUse } from '../../library/features/uses.ts';
import type { Feature } from '../model.ts';
import type { Resolution } from '../resolution.ts';
import type { Rule } from './rule.ts';

/** 2 GB, before the optimizer's state. */
const defaultBudget = 2e9;

/** Embedding tables whose size the text shows, summed: a learned vocabulary's is known only once the data is read. */
export const tableBudget: Rule = {
  name: 'embedding tables over the budget',
  check({ features, scope }, report, { tableBudget: budget = defaultBudget }) {
    const tables = [...features.values()].map((feature) => ({ feature, bytes: tableBytes(feature, features) }));
    const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
    if (bytes === 0 || bytes <= budget) return;
    const largest = tables
      .filter((table) => table.bytes > 0)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 3);
    const at = scope.features.get(largest[0]!.feature.name)?.value.span;
    const names = largest.map(({ feature }) => `\`${feature.name}\``);
    report('table-over-budget', at, { bytes, budget, largest: names });
  },
};

function tableBytes(feature: Feature, features: Resolution['features']): number {
  try {
    const { encoder, dim = 0 } = featureUse(feature.name, features);
    // Who shares a table with another has none of its own.
    return 'owner' in encoder ? 0 : rows(encoder) * dim * Float32Array.BYTES_PER_ELEMENT;
  } catch (error) {
    if (error instanceof ShapeError) return 0;
    throw error;
  }
}

/** How many rows the text shows a table to have; 0 for a learned vocabulary, and for one of a file. */
export function rows(encoder: Exclude<ReturnType<typeof featureUse>['encoder'], { readonly owner: string }>): number {
  switch (encoder.kind) {
    case 'hash':
      return encoder.buckets;
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return encoder.file === undefined ? encoder.buckets : 0;
    case 'quantiles':
      return encoder.buckets + 1;
    case 'boundaries':
      return encoder.boundaries.length + 2;
    case 'clock':
      return clockRows(encoder.part);
    case 'vocabulary':
      return encoder.values ? encoder.values.length + 1 : 0;
    default:
      return 0;
  }
}
