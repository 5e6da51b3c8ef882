import { removal } from '../edits.ts';
import { channelsThrough } from '../through.ts';
import type { Rule } from './rule.ts';

/** A channel that neither a score nor a list reads learns nothing; nor does a step that nothing reads. */
export const unreadChannel: Rule = {
  name: 'channel no score reads',
  check({ towers, tasks, features, reads, uncertain }, report) {
    for (const tower of towers) {
      const froms = new Set(tower.steps.flatMap(({ reads: read = [] }) => read.map(({ name }) => name)));
      const hasChannel = tower.steps.some(({ channel }) => channel);
      const encodes = channelsThrough(features.keys(), features, tower);
      for (const { name, span, channel, node } of tower.steps) {
        if (froms.has(name) || encodes.has(name)) continue;
        const extra = { fixes: [[removal(node.span)]] };
        if (!channel && hasChannel) report('unread-step', span, { name }, extra);
        if (!channel || tasks.length === 0 || towers.length !== 2 || uncertain.has('channel')) continue;
        if (!reads.channel.has(`${tower.name}.${name}`))
          report('unread-channel', span, { tower: tower.name, channel: name }, extra);
      }
    }
  },
};
