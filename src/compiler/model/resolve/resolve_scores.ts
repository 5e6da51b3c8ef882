/** Resolves scores such as `0.7 * cosine(user.a, item.a) + item.bias + 3.5`: kinds, the channels that each kind pairs by name, factors, and biases. */
import { notes } from '../../../base/diagnostics/wording.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { type Span, spanText } from '../../../base/text/source.ts';
import { biasWords } from '../../library/scores/table.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments.ts';
import { type LinearTerm, linearConstant } from '../constants.ts';
import { describeExpression } from '../describe.ts';
import { asCall, singleName } from '../expressions.ts';
import { find, guess } from '../guess.ts';
import { rowIn } from '../library.ts';
import { type Bias, keyBias, type ScoreUse } from '../model.ts';
import { reads as readsWord, stepSymbol } from '../occurrences.ts';
import { noteAt, rewrite } from '../report.ts';
import type { ResolvedStep, ResolvedTower, TaskScore } from '../resolution.ts';
import type { Workspace } from '../scope.ts';

type Towers = ReadonlyMap<string, ResolvedTower>;

/** @returns undefined if the score is invalid, which is reported */
export function resolveScore(workspace: Workspace, value: Ast.ExpressionNode, towers: Towers): TaskScore | undefined {
  // `max-sim(user, item)` is no difference.
  const hyphened = /^[a-z]+(-[a-z]+)+(?=\()/i.exec(spanText(value.span))?.[0];
  if (hyphened && rowIn(workspace.library.scores, hyphened.replaceAll('-', '_')))
    return unknownScore(workspace, hyphened, { ...value.span, end: value.span.start + hyphened.length });
  const scoreParts = linearConstant(value, workspace.constants, workspace.report, (part) => odd(workspace, part), true);
  if (!scoreParts) return undefined;
  const added = scoreParts.filter(({ of }) => isBias(workspace, of));
  const terms = scoreParts.filter((part) => !added.includes(part));
  if (terms.length === 0) return odd(workspace, value);
  const namedTowers = new Set(added.map(({ of }) => nameOf(of)));
  const uses = terms.map((term) =>
    resolveTerm(workspace, scoreParts.length === 1 ? value : term.of, term, towers, namedTowers),
  );
  const [first] = uses;
  if (!first || uses.some((use) => use === undefined)) return undefined;
  const valid = uses as ValidTerm[];
  const swapped = valid.find((use) => use.towers[0] !== first.towers[0]);
  if (swapped) {
    const [query, item] = first.towers;
    return workspace.report(
      'towers-swapped',
      swapped.use.span,
      { query, item },
      noteAt(notes.order(query), first.use.span),
    );
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

/** True if the terms cancel, as in `cosine(user, item) - cosine(user, item)`. */
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

function unknownScore({ report, library }: Workspace, name: string, span: Span): undefined {
  const known = Object.keys(library.scores);
  const { extra, ...meant } = guess(name.replaceAll('-', '_'), span, known, 'score');
  report('unknown-kind', span, { what: 'score', name, known, ...meant }, extra);
}

interface ValidTerm {
  readonly use: ScoreUse;
  readonly towers: TaskScore['towers'];
}

/** @param whole the expression of the term, with its factor if the score has no other term */
function resolveTerm(
  workspace: Workspace,
  whole: Ast.ExpressionNode,
  { of, factor }: LinearTerm,
  towers: Towers,
  biases: ReadonlySet<string>,
): ValidTerm | undefined {
  const { report, library, reads } = workspace;
  if (factor === 0) return odd(workspace, whole, '0 whatever the towers say');
  const call = asCall(of);
  if (!call) return odd(workspace, of);
  const { name, span } = call.callee;
  const row = rowIn(library.scores, name);
  if (!row) return unknownScore(workspace, name, span);

  workspace.note(span, { is: 'kind', what: 'score', name, row });
  const positionalArguments = call.arguments.filter((argument) => argument.name === undefined);
  const sides = positionalArguments.slice(0, 2).map((argument) => resolveSide(workspace, argument.value, towers));
  const others = call.arguments.filter((argument) => !positionalArguments.slice(0, 2).includes(argument));
  const bound = bindCall({ ...call, arguments: others }, row, workspace);
  if (positionalArguments.length < 2)
    return report('score-towers', call.span, { kind: name, count: positionalArguments.length });
  const [query, item] = sides;
  if (!query || !item) return undefined;
  if (query.tower === item.tower) return report('same-tower', call.span, { tower: query.tower.name });
  const channels = row.lower ? pairChannels(workspace, query, item, biases) : [];
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

function resolveSide(workspace: Workspace, value: Ast.ExpressionNode, towers: Towers): ScoreSide | undefined {
  if (value.kind !== 'Name' || value.parts.length > 2) {
    const expected = 'a tower, or a channel such as `user.click`';
    return workspace.report('wrong-type', value.span, { of: 'score', expected, found: describeExpression(value) });
  }
  const side = resolveChannel(workspace, value, towers);
  return side && { ...side, span: value.span };
}

/** Looks up `user` or `user.click`. @param also further names of a tower */
function resolveChannel(
  workspace: Workspace,
  { parts: [towerName, name] }: Ast.NameNode,
  towers: Towers,
  also: readonly string[] = [],
): Omit<ScoreSide, 'span'> | undefined {
  workspace.onWord('tower', towerName!);
  const tower = find('tower', towers, towerName!, workspace.report)?.value;
  if (!tower || !name) return tower && { tower };
  const step = tower.steps.findLast((candidate) => candidate.name === name.name);
  if (step) workspace.note(name.span, readsWord(stepSymbol(tower.name, step.node)));
  else if (also.includes(name.name)) {
    workspace.note(name.span, { is: 'word', word: name.name, name: name.name, parameter: biasWords.bias });
  }
  if (step && !step.channel) return stepNotChannel(workspace, tower, step, name.span);
  if (step) return { tower, channel: step.name };
  const channels = new Map([...channelsOf(tower).map((channel) => channel.name), ...also].map((word) => [word, word]));
  const channel = find(`channel of tower \`${tower.name}\``, channels, name, workspace.report);
  return channel && { tower, channel: channel.name };
}

/** The word for the mean of the task's label. A constant of the same name takes precedence. */
const meanWord = 'mean';

/** True if a term of a score is a number, `mean`, or a value of one tower. */
function isBias({ constants }: Workspace, of: Ast.ExpressionNode): boolean {
  if (constants.isNumeric(of)) return true;
  return of.kind === 'Name' && (of.parts.length === 2 || singleName(of)?.name === meanWord);
}

/**
 * Resolves a term for which `isBias` is true.
 * @param sides the names of the query tower and of the item tower
 * @param cosine the span of a cosine in the score, which allows no learned bias
 */
function resolveBias(
  workspace: Workspace,
  { of, factor }: LinearTerm,
  sides: TaskScore['towers'],
  towers: ReadonlyMap<string, ResolvedTower>,
  cosine: Span | undefined,
): Bias | undefined {
  const { constants, report, reads } = workspace;
  const { span } = of;
  if (constants.isNumeric(of)) {
    const number = constants.number(of, 'score', 'a number');
    return number === undefined ? undefined : { kind: 'constant', span, value: number * factor };
  }
  if (of.kind !== 'Name') return undefined;
  const second = of.parts[1];
  if (!second) {
    workspace.note(span, { is: 'word', word: meanWord, name: meanWord, parameter: biasWords.mean });
    return { kind: 'mean', span, factor };
  }
  const side = resolveChannel(workspace, of, towers, [keyBias]);
  if (side?.channel !== second.name) return undefined;
  const { tower } = side;
  if (tower.steps.some(({ name }) => name === second.name)) reads.channel.add(`${tower.name}.${second.name}`);
  else if (!tower.node.key)
    return report(
      'bias-key-needed',
      span,
      { tower: tower.name },
      noteAt(notes.declared('tower', tower.name), tower.span),
    );
  if (cosine)
    return report('bias-with-cosine', span, { name: `${tower.name}.${second.name}` }, noteAt(notes.cosine(), cosine));
  return { kind: 'channel', span, side: tower.name === sides[0] ? 'query' : 'item', channel: second.name, factor };
}

/** One side of a score: a tower, or one of its channels. */
interface ScoreSide {
  readonly tower: ResolvedTower;
  readonly channel?: string;
  readonly span: Span;
}

/**
 * @returns undefined if each side has a channel without a partner, which may be one pair under two names, or if there is no pair; each such channel
 * is reported, with the other tower's span @param biases `tower.channel` of biases that the score adds separately: two whole towers do not pair them
 */
function pairChannels(
  workspace: Workspace,
  query: ScoreSide,
  item: ScoreSide,
  biases: ReadonlySet<string>,
): ScoreUse['channels'] | undefined {
  if (query.channel === undefined && item.channel === undefined) return allChannels(workspace, query, item, biases);
  const queryChannel = theChannel(workspace, query);
  const other = theChannel(workspace, item);
  return queryChannel !== undefined && other !== undefined ? [{ query: queryChannel, item: other }] : undefined;
}

/** Reports a step that a score needs as a channel; the fix adds the keyword. */
function stepNotChannel({ report }: Workspace, tower: ResolvedTower, step: ResolvedStep, at: Span): undefined {
  const { start, source } = step.node.span;
  const fix = { at: { source, start, end: start }, text: 'channel ' };
  const noteAndFix = { notes: [{ message: notes.declared('step', step.name), at: step.span }], fixes: [[fix]] };
  report('step-not-channel', at, { tower: tower.name, name: step.name }, noteAndFix);
}

const channelsOf = (tower: ResolvedTower): ResolvedStep[] => tower.steps.filter((step) => step.channel);

/** Returns all channels except biases; all if every channel is a bias. */
function toPair(tower: ResolvedTower, biases: ReadonlySet<string>): ResolvedStep[] {
  const channels = channelsOf(tower);
  const others = channels.filter(({ name }) => !biases.has(`${tower.name}.${name}`));
  return others.length > 0 ? others : channels;
}

/** Returns the named channel, or the only channel of the tower. */
function theChannel({ report }: Workspace, { tower, channel, span }: ScoreSide): string | undefined {
  if (channel !== undefined) return channel;
  const channels = channelsOf(tower).map((step) => step.name);
  // A tower without channels is reported at its declaration.
  if (channels.length > 1) report('channel-needed', span, { tower: tower.name, channels });
  return channels.length === 1 ? channels[0] : undefined;
}

function allChannels(
  workspace: Workspace,
  query: ScoreSide,
  item: ScoreSide,
  biases: ReadonlySet<string>,
): ScoreUse['channels'] | undefined {
  const { report, reads } = workspace;
  const asking = toPair(query.tower, biases);
  const answering = toPair(item.tower, biases);
  if (asking.length === 0 || answering.length === 0) return undefined;
  let unpairedChannels = asking.filter((channel) => !answering.some(({ name }) => name === channel.name));
  let right = answering.filter((channel) => !asking.some(({ name }) => name === channel.name));

  const unpaired = (channel: ResolvedStep, tower: ResolvedTower, other: ResolvedTower, meant?: ResolvedStep): void => {
    const note = meant
      ? { message: notes.declared('channel', `${other.name}.${meant.name}`), at: meant.span }
      : { message: notes.channels(other.name), at: other.span };
    const channelFacts = { tower: tower.name, channel: channel.name, other: other.name, nearest: meant?.name };
    report('unpaired-channel', channel.span, channelFacts, { notes: [note], ...rewrite(channel.span, meant?.name) });
  };
  /** Reports a step that has the same name and is not read: it was meant as the partner channel. Returns true if there is one. */
  const isStep = (channel: ResolvedStep, own: ResolvedTower, tower: ResolvedTower): boolean => {
    const step = tower.steps.find(({ name, channel: isChannel }) => name === channel.name && !isChannel);
    if (!step || tower.steps.some(({ reads: names }) => names?.some(({ name }) => name === step.name))) return false;
    stepNotChannel(workspace, tower, step, step.span);
    // Marks both as read, so that no rule reports them again.
    for (const { name } of [own, tower]) reads.channel.add(`${name}.${channel.name}`);
    return true;
  };
  const paired = asking.filter((channel) => !unpairedChannels.includes(channel));
  unpairedChannels = unpairedChannels.filter((channel) => !isStep(channel, query.tower, item.tower));
  right = right.filter((channel) => !isStep(channel, item.tower, query.tower));
  // If only one side has channels left over, the other pairs still form a score.
  if (paired.length > 0 && (unpairedChannels.length === 0 || right.length === 0)) {
    for (const [channels, { tower }, { tower: other }] of [
      [unpairedChannels, query, item] as const,
      [right, item, query] as const,
    ]) {
      for (const { name, span } of channels) {
        const note = noteAt(notes.channels(other.name), other.span);
        report('lone-channel', span, { tower: tower.name, channel: name, other: other.name }, note);
        // Counts it as read, so that the rule for unread channels does not report it again.
        reads.channel.add(`${tower.name}.${name}`);
      }
    }
    return paired.map(({ name }) => ({ query: name, item: name }));
  }
  for (const channel of unpairedChannels) {
    const near = findNearest(
      channel.name,
      right.map(({ name }) => name),
    );
    // If each side has one channel left over, they were meant as a pair.
    const meant =
      right.find(({ name }) => name === near) ??
      (unpairedChannels.length === 1 && right.length === 1 ? right[0] : undefined);
    unpaired(channel, query.tower, item.tower, meant);
    right = right.filter((candidate) => candidate !== meant);
  }
  for (const channel of right) unpaired(channel, item.tower, query.tower);
  return undefined;
}
