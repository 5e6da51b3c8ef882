/** Pairs the channels of two towers by name. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { nearest } from '../../../base/text/nearest.ts';
import type { Span } from '../../../base/text/source.ts';
import type { ScoreUse } from '../model.ts';
import { rewrite } from '../report.ts';
import type { TowerPart, TowerStepPart } from '../resolution.ts';
import type { Workspace } from '../workspace.ts';

/** One side of a score: a tower, or one of its channels. */
export interface Side {
  readonly tower: TowerPart;
  readonly channel?: string;
  readonly span: Span;
}

/**
 * @returns nothing where each side has a channel without a partner, which may be one pair under two names, or where no pair is
 * left; each such channel is reported, with the other tower's place
 * @param biases `tower.channel` of those that the score adds by themselves: two whole towers do not pair them
 */
export function pairChannels(
  workspace: Workspace,
  query: Side,
  item: Side,
  biases: ReadonlySet<string>,
): ScoreUse['channels'] | undefined {
  if (query.channel === undefined && item.channel === undefined) return allChannels(workspace, query, item, biases);
  const one = theChannel(workspace, query);
  const other = theChannel(workspace, item);
  return one !== undefined && other !== undefined ? [{ query: one, item: other }] : undefined;
}

/** A step that a score needs as a channel, and the word that makes it one. */
export function stepNotChannel({ report }: Workspace, tower: TowerPart, step: TowerStepPart, at: Span): void {
  const { start, source } = step.node.span;
  const fix = { at: { source, start, end: start }, text: 'channel ' };
  const extra = { notes: [{ message: notes.declared('step', step.name), at: step.span }], fixes: [[fix]] };
  report('step-not-channel', at, { tower: tower.name, name: step.name }, extra);
}

const channelsOf = (tower: TowerPart): TowerStepPart[] => tower.steps.filter((step) => step.channel);

/** All but biases; all where each channel is a bias. */
function toPair(tower: TowerPart, biases: ReadonlySet<string>): TowerStepPart[] {
  const channels = channelsOf(tower);
  const others = channels.filter(({ name }) => !biases.has(`${tower.name}.${name}`));
  return others.length > 0 ? others : channels;
}

/** The channel that is named, or the only one there is. */
function theChannel({ report }: Workspace, { tower, channel, span }: Side): string | undefined {
  if (channel !== undefined) return channel;
  const channels = channelsOf(tower).map((step) => step.name);
  // A tower without any is reported once, where it is declared.
  if (channels.length > 1) report('channel-needed', span, { tower: tower.name, channels });
  return channels.length === 1 ? channels[0] : undefined;
}

function allChannels(
  workspace: Workspace,
  query: Side,
  item: Side,
  biases: ReadonlySet<string>,
): ScoreUse['channels'] | undefined {
  const { report, reads } = workspace;
  const asking = toPair(query.tower, biases);
  const answering = toPair(item.tower, biases);
  if (asking.length === 0 || answering.length === 0) return undefined;
  let left = asking.filter((channel) => !answering.some(({ name }) => name === channel.name));
  let right = answering.filter((channel) => !asking.some(({ name }) => name === channel.name));

  const unpaired = (channel: TowerStepPart, tower: TowerPart, other: TowerPart, meant?: TowerStepPart): void => {
    const note = meant
      ? { message: notes.declared('channel', `${other.name}.${meant.name}`), at: meant.span }
      : { message: notes.channels(other.name), at: other.span };
    const facts = { tower: tower.name, channel: channel.name, other: other.name, nearest: meant?.name };
    report('unpaired-channel', channel.span, facts, { notes: [note], ...rewrite(channel.span, meant?.name) });
  };
  /** A step of the same name that nothing reads was meant as the partner. */
  const isStep = (channel: TowerStepPart, own: TowerPart, tower: TowerPart): boolean => {
    const step = tower.steps.find(({ name, channel: isChannel }) => name === channel.name && !isChannel);
    if (!step || tower.steps.some(({ reads: names }) => names?.some(({ name }) => name === step.name))) return false;
    stepNotChannel(workspace, tower, step, step.span);
    // The rules of what nothing reads need not report either again.
    for (const { name } of [own, tower]) reads.channel.add(`${name}.${channel.name}`);
    return true;
  };
  const paired = asking.filter((channel) => !left.includes(channel));
  left = left.filter((channel) => !isStep(channel, query.tower, item.tower));
  right = right.filter((channel) => !isStep(channel, item.tower, query.tower));
  // Channels left over on one side alone are one edit away from a valid model: the pairs there are still make a score.
  if (paired.length > 0 && (left.length === 0 || right.length === 0)) {
    for (const [channels, { tower }, { tower: other }] of [
      [left, query, item] as const,
      [right, item, query] as const,
    ]) {
      for (const { name, span } of channels) {
        const note = { message: notes.channels(other.name), at: other.span };
        report('lone-channel', span, { tower: tower.name, channel: name, other: other.name }, { notes: [note] });
        // The rule of unread channels need not report it again.
        reads.channel.add(`${tower.name}.${name}`);
      }
    }
    return paired.map(({ name }) => ({ query: name, item: name }));
  }
  for (const channel of left) {
    const near = nearest(
      channel.name,
      right.map(({ name }) => name),
    );
    // Two that are left over, one a side, were meant for each other.
    const meant =
      right.find(({ name }) => name === near) ?? (left.length === 1 && right.length === 1 ? right[0] : undefined);
    unpaired(channel, query.tower, item.tower, meant);
    right = right.filter((candidate) => candidate !== meant);
  }
  for (const channel of right) unpaired(channel, item.tower, query.tower);
  return undefined;
}
