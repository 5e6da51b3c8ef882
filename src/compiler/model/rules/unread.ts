import { groupBy } from '../../../base/util/objects.ts';
import { channelsThrough, featuresOfTasks } from '../references.ts';
import { removal } from '../report.ts';
import type { Rule } from '../resolution.ts';
import { outputsOf } from '../resolve/resolve_towers.ts';
import { factorNames } from './score_size.ts';

/** A channel that neither a score nor a list reads learns nothing, and neither does a step that nothing reads. */
export const unreadChannel: Rule = ({ towers, tasks, features, reads, uncertain }, report) => {
  for (const tower of towers) {
    const froms = new Set(tower.steps.flatMap(({ reads: read = [] }) => read.map(({ name }) => name)));
    const hasChannel = tower.steps.some(({ channel }) => channel);
    const encodes = channelsThrough(features.keys(), features, tower);
    for (const { name, span, channel, node } of tower.steps) {
      if (froms.has(name) || encodes.has(name)) continue;
      const removalFix = { fixes: [[removal(node.span)]] };
      if (!channel && hasChannel) report('unread-step', span, { name }, removalFix);
      if (!channel || tasks.length === 0 || towers.length !== 2 || uncertain.has('channel')) continue;
      if (!reads.channel.has(`${tower.name}.${name}`))
        report('unread-channel', span, { tower: tower.name, channel: name }, removalFix);
    }
  }
};

/** Warns about unused outputs of a block with several: they learn nothing. */
export const unreadOutput: Rule = ({ towers, library }, report) => {
  for (const { steps } of towers) {
    const read = groupBy(
      steps.flatMap(({ reads = [] }) => reads),
      ({ name }) => name,
    );
    for (const step of steps) {
      const uses = read.get(step.name) ?? [];
      // A step that nothing reads is reported as a whole, and a step that is read without an output is an error of its reader.
      if (uses.length === 0 || uses.some(({ output }) => output === undefined)) continue;
      for (const output of outputsOf(library, step, steps) ?? []) {
        if (uses.some((use) => use.output === output)) continue;
        report('unread-output', step.span, { name: step.name, output });
      }
    }
  }
};

/** Warns about inputs that neither a flow of a tower nor a loss reads, as `within: market` does. */
export const unreadInput: Rule = ({ towers, tasks, features: declared, library, groups, uncertain }, report) => {
  if (uncertain.has('feature')) return;
  const ofTasks = featuresOfTasks(
    tasks.map(({ loss }) => ({ loss })),
    declared,
    library,
  );
  for (const { name: tower, inputs, features: all, steps, key } of towers) {
    if (steps.length === 0) continue;
    const within = new Set(inputs.flatMap((input) => input.groups));
    const names = steps.flatMap(({ reads = [] }) => reads.map(({ name }) => name));
    const fromNames = names.flatMap((name) => [name, ...(within.has(name) ? (groups.get(name) ?? []) : [])]);
    const froms = new Set([...fromNames, ...ofTasks]);
    // A flow with an unknown source is reported, and may have meant this input.
    const knownNames = new Set([...inputs.map(({ name }) => name), ...within, ...steps.map(({ name }) => name)]);
    const strange = names.filter((name) => !knownNames.has(name));
    const features = new Set(strange.length > 0 ? all : []);
    if (steps.some(({ reads }) => reads === undefined) || strange.some((name) => !features.has(name))) continue;
    for (const { name, span, features: own } of inputs) {
      if (froms.has(name)) continue;
      const unread = own.filter((feature) => !froms.has(feature) && feature !== key?.name);
      if (own.every((feature) => !froms.has(feature))) {
        report('unread-input', span, { tower, name }, { fixes: [[removal(span)]] });
      } else {
        // Flows read some features of this group by name, so the others are reported one by one.
        for (const feature of unread) report('unread-input', span, { tower, name: feature });
      }
    }
  }
};

/** Warns about features of this file that no tower reads and that are no key, weight or base of another feature. */
export const unreadFeature: Rule = ({ file, scope, towers, reads, uncertain }, report) => {
  if (towers.length === 0 || uncertain.has('feature')) return;
  const unread = [...scope.features.values()].filter(
    ({ name, span }) => !reads.feature.has(name.name) && span.source === file.span.source,
  );
  if (unread.length === 0) return;
  // If nothing uses a group, the group is reported instead of its features, and likewise an input that no flow reads.
  const alone = new Set(unread.map(({ name }) => name.name));
  for (const { features } of towers) for (const name of features) alone.delete(name);
  for (const { members } of scope.groups.values()) for (const { name } of members) alone.delete(name);
  for (const entry of unread) {
    const { name } = entry.name;
    if (!alone.has(name)) continue;
    report('unread-feature', entry.name.span, { name }, { fixes: [[removal(entry.span)]] });
  }
};

/** Warns about labels of this file that no task reads. */
export const unreadLabel: Rule = ({ file, scope, tasks, reads, uncertain }, report) => {
  if (tasks.length === 0 || uncertain.has('label')) return;
  const factors = factorNames({ tasks });
  // A task without its required label is reported, and may have meant this one. A factor of a product needs no label.
  if (tasks.some(({ name, loss, saysLabel }) => loss === undefined && !saysLabel && !factors.has(name))) return;
  for (const [name, entry] of scope.labels) {
    if (reads.label.has(name) || entry.span.source !== file.span.source) continue;
    report('unread-label', entry.name.span, { name }, { fixes: [[removal(entry.span)]] });
  }
};
