import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { insertion } from '../edits.ts';
import type { ScoreUse } from '../model.ts';
import type { Resolution, TaskScore } from '../resolution.ts';
import { scoreBound, termBound } from './bounds.ts';
import type { Rule } from './rule.ts';

/** A temperature means something only on scores of a known size. */
export const temperature: Rule = {
  name: 'temperature on an unnormalised score',
  check(resolution, report) {
    // How large a score becomes shows in flows that are valid.
    if (resolution.towers.some(({ steps }) => steps.some(({ flow }) => flow === undefined))) return;
    for (const { loss, score, node } of resolution.tasks) {
      if (!loss || !score || !resolution.library.losses[loss.kind]!.needsItemKey) continue;
      // A factor of 1, which is the default of some losses, stretches nothing.
      const argument = sharpness.find((name) => (loss.arguments[name] ?? 1) !== 1);
      if (argument === undefined || scoreBound(resolution, score) !== undefined) continue;
      const written = node.entries.find(({ name }) => name.name === 'loss')?.value;
      const given = written?.kind === 'Call' ? written.arguments : [];
      const at = given.find(({ name }) => name?.name === argument)?.span ?? loss.span;
      const term = score.terms.find((term) => termBound(resolution, term, score.towers) === undefined);
      // A bias has no limit either; it is there on purpose.
      if (!term) continue;
      const fix = normalized(resolution, term, score.towers);
      const facts = { score: term.call.kind, argument };
      report('temperature-unnormalised', at, facts, { fixes: fix.length > 0 ? [fix] : [] });
    }
  },
};

/** Arguments that stretch the score before a softmax. */
const sharpness = ['temperature', 'scale'];

/** Ends each channel that the term reads with `-> normalize`. */
function normalized({ towers }: Resolution, { channels }: ScoreUse, sides: TaskScore['towers']): Edit[] {
  return sides.flatMap((name, side) => {
    const read = new Set(channels.map((pair) => (side === 0 ? pair.query : pair.item)));
    const steps = towers.find((tower) => tower.name === name)?.steps ?? [];
    return steps
      .filter((step) => read.has(step.name))
      .map(({ node: { flow } }) => insertion(flow.span.source, flow.span.end, ' -> normalize'));
  });
}
