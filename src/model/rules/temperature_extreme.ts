import { scoreBound } from './bounds.ts';
import type { Rule } from './rule.ts';

/** Past this the softmax sees only its hardest negative; published temperatures of a cosine stretch it 5 to 50 times. */
const most = 100;
/** Below this the best item is at most e² times as likely as the worst: there is little to learn from. */
const least = 1;

/** A cosine lies between −1 and 1: what it is stretched to decides how sharp a softmax over it can be. */
export const temperatureExtreme: Rule = {
  name: 'temperature far from what a softmax can use',
  check(resolution, report) {
    for (const { loss, score, node } of resolution.tasks) {
      if (!loss || !score || !resolution.library.losses[loss.kind]!.needsItemKey) continue;
      const bound = scoreBound(resolution, score);
      const argument = ['temperature', 'scale'].find((name) => typeof loss.arguments[name] === 'number');
      if (bound === undefined || (argument === undefined && score.terms.every(({ factor }) => factor === 1))) continue;
      const given = argument === undefined ? 1 : (loss.arguments[argument] as number);
      const channels = score.terms.reduce((sum, term) => sum + term.channels.length, 0);
      // Rounded, so that 1 / 0.01 is 100.
      const stretch = Number(((bound / channels) * (argument === 'temperature' ? 1 / given : given)).toPrecision(12));
      if (stretch >= least && stretch <= most) continue;
      const written = node.entries.find(({ name }) => name.name === 'loss')?.value;
      const place =
        written?.kind === 'Call' ? written.arguments.find(({ name }) => name?.name === argument) : undefined;
      const at = place?.span ?? score.span;
      report('temperature-extreme', at, { stretch: Number(stretch.toPrecision(3)), sharp: stretch > most });
    }
  },
};
