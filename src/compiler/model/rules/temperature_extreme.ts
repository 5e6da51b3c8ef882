import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import type { BoundKind, KindRow } from '../../library/contract.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import { insertion } from '../edits.ts';
import { scoreBound } from './bounds.ts';
import type { Rule } from './rule.ts';

/** Past this the softmax sees only its hardest negative; published temperatures of a cosine stretch it 5 to 50 times. */
const most = 100;
/** Up to this the best item is at most e² times as likely as the worst: there is little to learn from. */
const least = 1;

/** A cosine lies between −1 and 1: what it is stretched to decides how sharp a softmax over it can be. */
export const temperatureExtreme: Rule = {
  name: 'temperature far from what a softmax can use',
  check(resolution, report) {
    for (const { loss, score, node } of resolution.tasks) {
      if (!loss || !score) continue;
      const row = resolution.library.losses[loss.kind]!;
      // Losses with a margin, such as `hinge`, stretch nothing.
      if (!row.needsItemKey || !('scale' in row.parameters)) continue;
      const bound = scoreBound(resolution, score);
      if (bound === undefined) continue;
      const argument = ['temperature', 'scale'].find((name) => loss.arguments[name] !== undefined);
      const given = argument === undefined ? 1 : firstOf(loss.arguments[argument]);
      const channels = score.terms.reduce((sum, term) => sum + term.channels.length, 0);
      // Rounded, so that 1 / 0.01 is 100.
      const stretch = Number(((bound / channels) * (argument === 'temperature' ? 1 / given : given)).toPrecision(12));
      if (stretch > least && stretch <= most) continue;
      const written = node.entries.find(({ name }) => name.name === 'loss')?.value;
      const places = written?.kind === 'Call' && argument !== undefined ? written.arguments : [];
      const place = places.find(({ name }) => name?.name === argument);
      const plain = argument === undefined && score.terms.every(({ factor }) => factor === 1);
      const at = place?.span ?? (plain ? loss.span : score.span);
      const facts = { stretch: Number(stretch.toPrecision(3)), sharp: stretch > most };
      report('temperature-extreme', at, facts, plain && written ? { fixes: [[stretched(written, row)]] } : {});
    }
  },
};

/** A number, or the first value of one that is trained. */
const firstOf = (given: unknown): number =>
  typeof given === 'number' ? given : ((given as BoundKind).arguments.from as number);

/** Gives the loss what it stretches a cosine by in most papers. */
function stretched(loss: ExpressionNode, { parameters }: KindRow): Edit {
  const argument = 'temperature' in parameters ? 'temperature: 0.1' : 'scale: 10';
  const { source, end } = loss.span;
  if (loss.kind !== 'Call') return insertion(source, end, `(${argument})`);
  const last = loss.arguments.at(-1);
  return insertion(source, last ? last.span.end : loss.callee.span.end + 1, `${last ? ', ' : ''}${argument}`);
}
