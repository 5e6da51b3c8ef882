import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

/** Every feature of this file is read: by a tower, as a key, as a weight, or by another feature that is like it. */
export const unreadFeature: Rule = {
  name: 'feature no tower reads',
  check({ file, scope, towers, reads, uncertain }, report) {
    if (towers.length === 0 || uncertain.has('feature')) return;
    const unread = reads.feature.missing(scope.features).filter(({ span }) => span.source === file.span.source);
    if (unread.length === 0) return;
    const inGroup = new Set([...scope.groups.values()].flatMap(({ members }) => members.map(({ name }) => name)));
    const inputs = new Set(towers.flatMap(({ features }) => features));
    for (const entry of unread) {
      const { name } = entry.name;
      // In a group that nothing uses, the group is what is reported; an input that no flow reads likewise.
      if (inputs.has(name) || inGroup.has(name)) continue;
      report('unread-feature', entry.name.span, { name }, { fixes: [[removal(entry.span)]] });
    }
  },
};
