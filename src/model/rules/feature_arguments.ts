import { ShapeError } from '../../library/contract.ts';
import { featureUse } from '../../library/features/uses.ts';
import type { Rule } from './rule.ts';

/** Arguments of a feature that do not go together, and features that are defined by one another in a circle. */
export const featureArguments: Rule = {
  name: 'feature arguments',
  check({ features, scope }, report) {
    const calls = new Map([...features].map(([name, { call }]) => [name, call]));
    for (const [name, { call }] of features) {
      if (features.size < scope.features.size && leansOnUnsound(name, calls)) continue;
      try {
        featureUse(name, calls);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        report('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
      }
    }
  },
};

/** Whether a feature names one whose own declaration is already reported. */
function leansOnUnsound(name: string, calls: ReadonlyMap<string, { readonly arguments: object }>): boolean {
  const open = [name];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const call = calls.get(next);
    if (!call) return true;
    open.push(...named(call.arguments));
  }
  return false;
}

function named(args: object): string[] {
  return Object.entries(args).flatMap(([parameter, value]) => {
    if (parameter === 'feature' && typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? named(value) : [];
  });
}
