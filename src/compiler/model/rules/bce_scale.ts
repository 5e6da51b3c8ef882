import { insertion } from '../edits.ts';
import { scoreBound } from './bounds.ts';
import { factorNames } from './factors.ts';
import type { Rule } from './rule.ts';

/** Below this the sigmoid of a score cannot pass 0.95, so even a certain answer is punished for ever. */
const enough = 3;

/** A probability cannot be learned through a score that is too small to reach it. */
export const bceScale: Rule = {
  name: 'bce on a cosine without a scale',
  check(resolution, report) {
    const factors = factorNames(resolution);
    for (const { name, loss, score } of resolution.tasks) {
      // Without a loss it is a factor of a product, which takes the sigmoid of the score as it is.
      if (!score || !(loss ? resolution.library.losses[loss.kind]!.label === 'binary' : factors.has(name))) continue;
      const bound = scoreBound(resolution, score);
      if (bound === undefined) continue;
      const scale = typeof loss?.arguments.scale === 'number' ? loss.arguments.scale : 1;
      const reach = bound * scale;
      if (reach >= enough) continue;
      const high = 1 / (1 + Math.exp(-reach));
      const facts = {
        score: score.terms[0]!.call.kind,
        low: (1 - high).toFixed(2),
        high: high.toFixed(2),
        ...(loss ? { loss: loss.kind } : {}),
      };
      const [term, ...others] = score.terms;
      const plain = others.length === 0 && Math.abs(term!.factor) === 1;
      const fixes = plain ? [[insertion(score.span.source, score.span.end, ' / 0.1')]] : [];
      report('bce-unscaled', score.span, facts, { fixes });
    }
  },
};
