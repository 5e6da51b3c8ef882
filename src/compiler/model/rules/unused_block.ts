import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

export const unusedBlock: Rule = {
  name: 'unused block',
  check({ file, scope, towers, reads, uncertain }, report) {
    if (towers.length === 0 || uncertain.has('block')) return;
    for (const [name, node] of scope.blocks) {
      if (reads.block.has(name) || node.span.source !== file.span.source) continue;
      report('unused-block', node.name.span, { name }, { fixes: [[removal(node.span)]] });
    }
  },
};
