/** `0.7 * cosine(user.a, item.a) + 0.3 * dot(user.b, item.b)`: kinds of score, the channels each pairs, factors, and biases. */
import { notes } from '../../../base/diagnostics/notes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments/call.ts';
import { asCall } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { guess } from '../guess.ts';
import { linear, type Term } from '../linear.ts';
import type { Bias, ScoreUse } from '../model.ts';
import type { TaskScore, TowerPart } from '../resolution.ts';
import { find } from '../scope.ts';
import type { Workspace } from '../workspace.ts';
import { isBias, resolveBias } from './biases.ts';
import { pairChannels, type Side, stepNotChannel } from './pairs.ts';

type Towers = ReadonlyMap<string, TowerPart>;

/** @returns nothing when it is not valid: then whether every channel is read is not known either */
export function resolveScore(workspace: Workspace, value: Ast.ExpressionNode, towers: Towers): TaskScore | undefined {
  const score = validScore(workspace, value, towers);
  if (!score) workspace.uncertain.add('channel');
  return score;
}

function validScore(workspace: Workspace, value: Ast.ExpressionNode, towers: Towers): TaskScore | undefined {
  const parts = linear(value, workspace.constants, workspace.report, (part) => odd(workspace, part), true);
  if (!parts) return undefined;
  const added = parts.filter(({ of }) => isBias(workspace, of));
  const terms = parts.filter((part) => !added.includes(part));
  if (terms.length === 0) return odd(workspace, value);
  const named = new Set(added.map(({ of }) => nameOf(of)));
  const uses = terms.map((term) => resolveTerm(workspace, parts.length === 1 ? value : term.of, term, towers, named));
  const [first] = uses;
  if (!first || uses.some((use) => use === undefined)) return undefined;
  const valid = uses as ValidTerm[];
  const swapped = valid.find((use) => use.towers[0] !== first.towers[0]);
  if (swapped) {
    const [query, item] = first.towers;
    const note = { message: notes.order(query), at: first.use.span };
    workspace.report('towers-swapped', swapped.use.span, { query, item }, { notes: [note] });
    return undefined;
  }
  if (cancelOut(valid)) return odd(workspace, value, '0 whatever the towers say');
  const idle = added.find(({ factor }) => factor === 0);
  if (idle) return odd(workspace, idle.of, '0 whatever the towers say');
  const biases = added.map((term) => resolveBias(workspace, term, first.towers, towers, cosineOf(valid)));
  if (biases.some((bias) => bias === undefined)) return undefined;
  return {
    span: value.span,
    terms: valid.map(({ use }) => use),
    ...(biases.length > 0 ? { biases: biases as Bias[] } : {}),
    towers: first.towers,
  };
}

const nameOf = (of: Ast.ExpressionNode): string =>
  of.kind === 'Name' ? of.parts.map(({ name }) => name).join('.') : '';

const cosineOf = (terms: readonly ValidTerm[]): Ast.ExpressionNode['span'] | undefined =>
  terms.find(({ use }) => use.call.kind === 'cosine')?.use.call.span;

/** `cosine(user, item) - cosine(user, item)` */
function cancelOut(terms: readonly ValidTerm[]): boolean {
  const sums = new Map<string, number>();
  for (const { use } of terms) {
    const key = JSON.stringify([use.call.kind, use.call.arguments, use.channels]);
    sums.set(key, (sums.get(key) ?? 0) + use.factor);
  }
  return [...sums.values()].every((factor) => factor === 0);
}

function odd({ report }: Workspace, part: Ast.ExpressionNode, found = describeExpression(part)): undefined {
  report('not-a-score', part.span, { found });
}

interface ValidTerm {
  readonly use: ScoreUse;
  readonly towers: TaskScore['towers'];
}

/** @param whole what is written of it, with its factor where it is alone */
function resolveTerm(
  workspace: Workspace,
  whole: Ast.ExpressionNode,
  { of, factor }: Term,
  towers: Towers,
  biases: ReadonlySet<string>,
): ValidTerm | undefined {
  const { report, library, reads } = workspace;
  if (factor === 0) return odd(workspace, whole, '0 whatever the towers say');
  const call = asCall(of);
  if (!call) return odd(workspace, of);
  const { name, span } = call.callee;
  const row = Object.hasOwn(library.scores, name) ? library.scores[name] : undefined;
  if (!row) {
    const known = Object.keys(library.scores);
    const { extra, ...meant } = guess(name, span, known, 'score');
    report('unknown-kind', span, { what: 'score', name, known, ...meant }, extra);
    return undefined;
  }

  const places = call.arguments.filter((argument) => argument.name === undefined);
  const sides = places.slice(0, 2).map((argument) => resolveSide(workspace, argument.value, towers));
  const others = call.arguments.filter((argument) => !places.slice(0, 2).includes(argument));
  const bound = bindCall({ ...call, arguments: others }, row, workspace.binding);
  if (places.length < 2) {
    report('score-towers', call.span, { kind: name, count: places.length });
    return undefined;
  }
  const [query, item] = sides;
  if (!query || !item) return undefined;
  if (query.tower === item.tower) {
    report('same-tower', call.span, { tower: query.tower.name });
    return undefined;
  }
  const channels: ScoreUse['channels'] | undefined = pairChannels(workspace, query, item, biases);
  if (!bound || !channels) return undefined;
  for (const pair of channels) {
    reads.channel.add(`${query.tower.name}.${pair.query}`);
    reads.channel.add(`${item.tower.name}.${pair.item}`);
  }
  return {
    use: { span: whole.span, call: { ...bound, span: call.span }, channels, factor },
    towers: [query.tower.name, item.tower.name],
  };
}

function resolveSide(workspace: Workspace, value: Ast.ExpressionNode, towers: Towers): Side | undefined {
  const { report } = workspace;
  if (value.kind !== 'Name' || value.parts.length > 2) {
    const facts = {
      of: 'score',
      expected: 'a tower, or a channel such as `user.click`',
      found: describeExpression(value),
    };
    report('wrong-type', value.span, facts);
    return undefined;
  }
  const tower = find('tower', towers, value.parts[0]!, report)?.value;
  if (!tower) return undefined;
  const part = value.parts[1];
  if (!part) return { tower, span: value.span };
  const step = tower.steps.findLast(({ name }) => name === part.name);
  if (step && !step.channel) {
    stepNotChannel(workspace, tower, step, part.span);
    return undefined;
  }
  if (step) return { tower, channel: step.name, span: value.span };
  const channels = new Map(tower.steps.filter(({ channel }) => channel).map((step) => [step.name, step]));
  const channel = find(`channel of tower \`${tower.name}\``, channels, part, report);
  return channel && { tower, channel: channel.name, span: value.span };
}
