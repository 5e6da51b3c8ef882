import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

/** Every feature of this file is read: by a tower, as a key, as a weight, or by another feature that is like it. */
export const unreadFeature: Rule = {
  name: 'feature no tower reads',
  check({ file, scope, towers, reads, uncertain }, report) {
    if (towers.length === 0 || uncertain.has('feature')) return;
    const unread = [...scope.features.values()].filter(
      ({ name, span }) => !reads.feature.has(name.name) && span.source === file.span.source,
    );
    if (unread.length === 0) return;
    // In a group that nothing uses, the group is what is reported; an input that no flow reads likewise.
    const alone = new Set(unread.map(({ name }) => name.name));
    for (const { features } of towers) for (const name of features) alone.delete(name);
    for (const { members } of scope.groups.values()) for (const { name } of members) alone.delete(name);
    for (const entry of unread) {
      const { name } = entry.name;
      if (!alone.has(name)) continue;
      report('unread-feature', entry.name.span, { name }, { fixes: [[removal(entry.span)]] });
    }
  },
};
