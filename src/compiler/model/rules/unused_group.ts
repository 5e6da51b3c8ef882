import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

export const unusedGroup: Rule = {
  name: 'unused group',
  check({ file, scope, towers, reads, uncertain }, report) {
    if (towers.length === 0 || uncertain.has('group')) return;
    const unused = [...scope.groups].filter(([name]) => !reads.group.has(name));
    if (unused.length === 0) return;
    // In a group that nothing uses, that group is what is reported.
    const within = new Set([...scope.groups.values()].flatMap(({ members }) => members.map(({ name }) => name)));
    for (const [name, node] of unused) {
      if (within.has(name) || node.span.source !== file.span.source) continue;
      report('unused-group', node.name.span, { name }, { fixes: [[removal(node.span)]] });
    }
  },
};
