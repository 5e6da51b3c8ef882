import { notes } from '../../../base/diagnostics/notes.ts';
import type { Span } from '../../../base/text/source.ts';
import type { SideArgument } from '../../library/contract.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import { towerOrder } from '../complete.ts';
import { guess } from '../guess.ts';
import { withNamed } from '../references.ts';
import type { Resolution, TowerPart } from '../resolution.ts';
import { featuresThrough, useOf } from '../through.ts';
import type { Rule } from './rule.ts';

/** A list goes through the item tower, and holds values of its key. */
export const throughTower: Rule = {
  name: 'list through a tower',
  check(resolution, report) {
    const { features, scope, library } = resolution;
    const order = towerOrder(resolution);
    if (!order) return;
    const [query, item] = order;
    const reported = new Set<ExpressionNode>();
    for (const [name, through] of featuresThrough(features)) {
      const written = scope.features.get(name)?.value;
      // Several names of one kind make one mistake.
      if (written === undefined || reported.has(written)) continue;
      const at = argumentIn(written) ?? written.span;
      const declared = { message: notes.declared('tower', item.name), at: item.span };
      const refuse = (reason: string, instead: string): void => {
        reported.add(written);
        report('through-tower', at, { name, reason, instead }, { notes: [declared] });
      };
      if (through.tower === query.name) {
        refuse(
          `\`${query.name}\` is the query tower, and elements of a list are items`,
          `name the item tower: \`through: ${item.name}\``,
        );
        continue;
      }
      if (through.tower !== item.name) continue;
      const reads = withNamed(item.features, features, library.features);
      if (reads.has(name)) {
        reported.add(written);
        const note = { message: notes.read(item.name, name), at: inputOf(item, name) };
        report('through-cycle', at, { name, tower: item.name, other: query.name }, { notes: [note] });
        continue;
      }
      if (!item.node.key) {
        refuse(`tower \`${item.name}\` has no key`, `add \`keyed by\` to tower \`${item.name}\``);
        continue;
      }
      const key = item.key && ownerOf(item.key.name, features);
      const own = ownerOf(name, features);
      if (key !== undefined && own !== undefined && key !== own) {
        refuse(
          `its elements are values of \`${own}\`, and tower \`${item.name}\` is keyed by \`${item.key!.name}\``,
          `list \`${item.key!.name}\`, or remove \`through\``,
        );
        continue;
      }
      if (reportChannel(through, item, at, report)) reported.add(written);
    }
  },
};

/** Whether the channel is wrong. */
function reportChannel({ channel }: SideArgument, tower: TowerPart, at: Span, report: Parameters<Rule['check']>[1]) {
  const channels = tower.steps.filter((step) => step.channel).map(({ name }) => name);
  if (channel === undefined) {
    // A tower without any is reported where it is declared.
    if (channels.length < 2) return channels.length === 0;
    report('channel-needed', at, { tower: tower.name, channels, by: 'list' });
    return true;
  }
  if (channels.includes(channel)) return false;
  const { extra, ...meant } = guess(channel, { ...at, start: at.end - channel.length }, channels);
  const what = `channel of tower \`${tower.name}\``;
  report('unknown-name', at, { what, name: channel, known: channels, ...meant }, extra);
  return true;
}

/** The feature whose values a feature has. */
function ownerOf(name: string, features: Resolution['features']): string | undefined {
  const use = useOf(name, features);
  return use && ('owner' in use.encoder ? use.encoder.owner : name);
}

/** Where `through` is written. */
function argumentIn(value: ExpressionNode): Span | undefined {
  if (value.kind !== 'Call') return undefined;
  return value.arguments.find(({ name }) => name?.name === 'through')?.value.span;
}

const inputOf = ({ inputs, span }: TowerPart, name: string): Span =>
  inputs.find(({ features }) => features.includes(name))?.span ?? span;
