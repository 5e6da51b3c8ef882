import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

/** What a tower lets in, some flow of it reads. */
export const unreadInput: Rule = {
  name: 'input no flow reads',
  check({ towers, groups, uncertain }, report) {
    if (uncertain.has('feature')) return;
    for (const { name: tower, inputs, features: all, steps, key } of towers) {
      if (steps.length === 0) continue;
      const within = new Set(inputs.flatMap((input) => input.groups));
      const names = steps.flatMap(({ reads = [] }) => reads.map(({ name }) => name));
      const froms = new Set(names.flatMap((name) => [name, ...(within.has(name) ? (groups.get(name) ?? []) : [])]));
      // A flow that begins with something else is reported; it may be this input that it means.
      const known = new Set([...inputs.map(({ name }) => name), ...within, ...steps.map(({ name }) => name)]);
      const strange = names.filter((name) => !known.has(name));
      const features = new Set(strange.length > 0 ? all : []);
      if (steps.some(({ reads }) => reads === undefined) || strange.some((name) => !features.has(name))) continue;
      for (const { name, span, features: own } of inputs) {
        if (froms.has(name)) continue;
        const unread = own.filter((feature) => !froms.has(feature) && feature !== key?.name);
        if (own.every((feature) => !froms.has(feature))) {
          report('unread-input', span, { tower, name }, { fixes: [[removal(span)]] });
        } else {
          // Flows read some features of this group each by its name.
          for (const feature of unread) report('unread-input', span, { tower, name: feature });
        }
      }
    }
  },
};
