import type { FeatureUse } from '../../library/contract.ts';
import { clockRows } from '../../library/features/time.ts';
import { usesOf } from '../../library/features/uses.ts';
import type { Rule } from './rule.ts';

/** 2 GB, before the optimizer's state. */
const defaultBudget = 2e9;

/** Embedding tables whose size the text shows, summed: a learned vocabulary's is known only once the data is read. */
export const tableBudget: Rule = {
  name: 'embedding tables over the budget',
  check({ features, scope }, report, { tableBudget: budget = defaultBudget }) {
    const sizes = [...usesOf(features)].map(([name, use]) => ({ name, bytes: tableBytes(use) }));
    const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
    if (bytes <= budget) return;
    const largest = sizes
      .filter((size) => size.bytes > 0)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 3);
    const at = scope.features.get(largest[0]!.name)?.value.span;
    const names = largest.map(({ name }) => `\`${name}\``);
    report('table-over-budget', at, { bytes, budget, largest: names });
  },
};

/** Who shares a table with another has none of its own. */
const tableBytes = ({ encoder, dim = 0, precision }: FeatureUse): number =>
  'owner' in encoder ? 0 : rows(encoder) * dim * (precision === 'bf16' ? 2 : 4);

/** How many rows the text shows a table to have; 0 for a learned vocabulary, and for one of a file. */
export function rows(encoder: Exclude<FeatureUse['encoder'], { readonly owner: string }>): number {
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
