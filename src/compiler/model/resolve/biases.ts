/** `+ user.bias + item.bias + mean + 3.5`: what a score adds to its terms. */
import { notes } from '../../../base/diagnostics/notes.ts';
import type { Span } from '../../../base/text/source.ts';
import type * as Ast from '../../syntax/ast.ts';
import { singleName } from '../calls.ts';
import type { Term } from '../linear.ts';
import { type Bias, keyBias } from '../model.ts';
import type { TaskScore, TowerPart } from '../resolution.ts';
import { find } from '../scope.ts';
import type { Workspace } from '../workspace.ts';
import { stepNotChannel } from './pairs.ts';

/** The word for the mean of the task's label. A constant of that name goes before it. */
const meanWord = 'mean';

/** Whether a term of a score is a number, `mean`, or something of one tower. */
export function isBias({ constants }: Workspace, of: Ast.ExpressionNode): boolean {
  if (constants.isNumeric(of)) return true;
  return of.kind === 'Name' && (of.parts.length === 2 || singleName(of)?.name === meanWord);
}

/**
 * Of a term for which `isBias` holds.
 * @param sides the names of the query tower and of the item tower
 * @param cosine where the score has a cosine, which takes no learned bias
 */
export function resolveBias(
  workspace: Workspace,
  { of, factor }: Term,
  sides: TaskScore['towers'],
  towers: ReadonlyMap<string, TowerPart>,
  cosine: Span | undefined,
): Bias | undefined {
  const { constants, report, reads } = workspace;
  const { span } = of;
  if (constants.isNumeric(of)) {
    const number = constants.number(of, 'score', 'a number');
    return number === undefined ? undefined : { kind: 'constant', span, value: number * factor };
  }
  if (of.kind !== 'Name') return undefined;
  const [first, second] = of.parts;
  if (!second) return { kind: 'mean', span, factor };
  const tower = find('tower', towers, first!, report)?.value;
  if (!tower) return undefined;
  const step = tower.steps.findLast(({ name }) => name === second.name);
  if (step && !step.channel) {
    stepNotChannel(workspace, tower, step, second.span);
    return undefined;
  }
  if (!step && second.name !== keyBias) {
    const channels = tower.steps.filter(({ channel }) => channel).map((step) => [step.name, step] as const);
    const known = new Map<string, unknown>([...channels, [keyBias, keyBias]]);
    find(`channel of tower \`${tower.name}\``, known, second, report);
    return undefined;
  }
  if (step) reads.channel.add(`${tower.name}.${step.name}`);
  else if (!tower.node.key) {
    const note = { message: notes.declared('tower', tower.name), at: tower.span };
    report('bias-key-needed', span, { tower: tower.name }, { notes: [note] });
    return undefined;
  }
  if (cosine) {
    const note = { message: notes.cosine(), at: cosine };
    report('bias-with-cosine', span, { name: `${tower.name}.${second.name}` }, { notes: [note] });
    return undefined;
  }
  return { kind: 'channel', span, side: tower.name === sides[0] ? 'query' : 'item', channel: second.name, factor };
}
