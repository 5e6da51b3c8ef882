import { scoreBound } from './bounds.ts';
import type { Rule } from './rule.ts';

/** A temperature means something only on scores of a known size. */
export const temperature: Rule = {
  name: 'temperature on an unnormalised score',
  check(resolution, report) {
    for (const { loss, score, node } of resolution.tasks) {
      if (!loss || !score || loss.arguments.temperature === undefined || scoreBound(resolution, score)) continue;
      const pairs = score.towers.map((name, side) => {
        const steps = resolution.towers.find((tower) => tower.name === name)?.steps ?? [];
        const read = new Set(score.channels.map((pair) => (side === 0 ? pair.query : pair.item)));
        return steps.filter((step) => read.has(step.name) && step.flow);
      });
      const edits = pairs.flat().map(({ node: { flow } }) => {
        const { source, end } = flow.span;
        return { at: { source, start: end, end }, text: ' -> normalize' };
      });
      const written = node.entries.find(({ name }) => name.name === 'loss')?.value;
      const argument =
        written?.kind === 'Call' ? written.arguments.find(({ name }) => name?.name === 'temperature') : undefined;
      const fixes = edits.length > 0 ? [edits] : [];
      const facts = { score: score.call.kind, argument: 'temperature' };
      report('temperature-unnormalised', argument?.span ?? loss.span, facts, { fixes });
    }
  },
};
