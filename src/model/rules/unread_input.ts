import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

/** What a tower lets in, some flow of it reads. */
export const unreadInput: Rule = {
  name: 'input no flow reads',
  check({ towers, uncertain }, report) {
    if (uncertain.has('feature')) return;
    for (const { name: tower, inputs, features: all, steps } of towers) {
      if (steps.length === 0) continue;
      const froms = new Set(steps.flatMap(({ reads = [] }) => reads.map(({ name }) => name)));
      // A flow that begins with something else is reported; it may be this input that it means.
      const known = new Set([...inputs.map(({ name }) => name), ...all, ...steps.map(({ name }) => name)]);
      if (steps.some(({ reads }) => reads === undefined || reads.some(({ name }) => !known.has(name)))) continue;
      for (const { name, span, features } of inputs) {
        if (froms.has(name) || features.some((feature) => froms.has(feature))) continue;
        report('unread-input', span, { tower, name }, { fixes: [[removal(span)]] });
      }
    }
  },
};
