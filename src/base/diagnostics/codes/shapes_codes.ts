/** Codes of the types and widths of values in a flow. */
import { row } from '../wording.ts';

export const shapes = {
  'no-elements': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` refers to itself`,
    hint: 'name another feature, or write a kind of element such as `category(dim: 16)`',
  }),

  'shape-mismatch': row<{ kind: string; reason: string; insert?: string | undefined }>({
    message: ({ kind, reason }) => `\`${kind}\` ${reason}`,
    hint: ({ insert }) => (insert === undefined ? undefined : `write \`${insert} ->\` before it`),
  }),

  'arguments-conflict': row<{ kind: string; reason: string }>({
    message: ({ kind, reason }) => `\`${kind}\` ${reason}`,
  }),

  'channel-not-vector': row<{ channel: string; type: string; insert?: string | undefined }>({
    message: ({ channel, type }) => `channel \`${channel}\` ends as ${type}, and a score needs a vector`,
    hint: ({ insert }) => (insert === undefined ? undefined : `end it with \`-> ${insert}\``),
  }),

  'item-interests': row<{ channel: string; type: string }>({
    message: ({ channel, type }) =>
      `channel \`${channel}\` ends as ${type}, but the item tower has one vector per item`,
    hint: 'end it with `-> flatten`, or pool it earlier',
  }),

  'interests-in-retrieve': row<{ task: string; reason: string }>({
    message: ({ task, reason }) => `\`retrieve\` cannot weigh task \`${task}\` like this: ${reason}`,
    hint: 'weigh one task that has several interests, with a factor above 0, and otherwise only tasks that have one vector',
  }),

  'channel-widths': row<{ kind: string; query: string; item: string; widths: readonly [number, number] }>({
    message: ({ kind, query, item, widths }) =>
      `\`${kind}\` needs two vectors of the same width, but \`${query}\` is vector[${widths[0]}] and \`${item}\` is vector[${widths[1]}]`,
    hint: ({ widths }) => `end both with the same width, such as \`-> dense(${Math.min(...widths)})\``,
  }),

  'key-without-embedding': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` is only a key (\`dim: 0\`): it has no embedding to pass on`,
    hint: ({ name }) => `set a \`dim\` above 0 for \`${name}\`, or remove it from the group`,
  }),

  'sequence-among-fields': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` is a sequence, and a group of fields cannot contain a sequence`,
    hint: 'declare it as a `list(…)`, begin a flow of its own with it, or join it element by element with `concat(…)`',
  }),

  'positions-one-list': row<{ tower: string; lists: readonly string[] }>({
    message: ({ tower, lists }) =>
      lists.length === 0
        ? `\`targets = positions\` needs a list in sequence, but tower \`${tower}\` reads none`
        : `\`targets = positions\` needs one list in sequence, but tower \`${tower}\` reads ${lists.map((name) => `\`${name}\``).join(' and ')}`,
    hint: ({ lists }) =>
      lists.length === 0
        ? 'read a `sequence(…)` in the tower, or remove `targets = positions`'
        : 'keep one of the lists in sequence and pool the others; if their elements belong together, declare the others `along(…)` it',
  }),

  'positions-without-last': row<{ kind: string; joined?: boolean }>({
    message: ({ kind, joined }) =>
      joined
        ? `\`${kind}\` takes the sequence and a value of one event, but \`targets = positions\` needs the sequence alone up to \`last\``
        : `\`${kind}\` makes one value of the whole sequence, but \`targets = positions\` needs one for each position`,
    hint: ({ joined }) =>
      joined
        ? 'join the value after `last`, or remove `targets = positions`'
        : 'write `last` in its place, or remove `targets = positions`',
  }),

  'positions-look-ahead': row<{ kind: string }>({
    message: ({ kind }) =>
      `\`${kind}\` changes an element by later ones, and with \`targets = positions\` the later ones are its targets`,
    hint: 'use `transformer` with its causal mask, `bsarec(causal)` or `gru(states: all)`, or remove `targets = positions`',
  }),

  'weight-not-number': row<{ name: string; standardized?: boolean }>({
    message: ({ name, standardized }) =>
      `\`${name}\` cannot be the weight of rows: ${standardized ? 'a standardized number is below 0 in many rows' : 'a weight is one number'}`,
    hint: 'name a label, or a feature that is a plain `number`',
  }),
} as const;
