/** Codes of a model's towers, flows and unused declarations. */
import { quotedList, row } from '../wording.ts';

export const model = {
  'tower-count': row<{ count: number }>({
    message: ({ count }) =>
      count === 0 ? 'this model has no towers: it needs two' : `a model has two towers, and this one has ${count}`,
    hint: ({ count }) =>
      count < 2
        ? 'add a tower, such as `tower item(movie) keyed by movie_id { channel main = … }`'
        : 'remove the others, or move them to a model of their own',
  }),

  'no-task': row<Record<never, never>>({
    message: () => 'this model has no task, so it has nothing to learn',
    hint: 'add a task, such as `task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }`',
  }),

  'repeated-declaration': row<{ what: string }>({
    message: ({ what }) => `a model has one \`${what}\`, and this is a second one`,
    hint: 'join the two, or remove one',
  }),

  'through-tower': row<{ name: string; reason: string; instead: string }>({
    message: ({ name, reason }) => `\`${name}\` cannot go through this tower: ${reason}`,
    hint: ({ instead }) => instead,
  }),

  'through-cycle': row<{ name: string; tower: string; other: string }>({
    message: ({ name, tower }) => `\`${name}\` goes through tower \`${tower}\`, which reads \`${name}\` itself`,
    hint: ({ name, tower, other }) => `read \`${name}\` in tower \`${other}\` alone, or remove \`through: ${tower}\``,
  }),

  'not-an-input': row<{ tower: string; name: string }>({
    message: ({ tower, name }) => `\`${name}\` is not an input of tower \`${tower}\``,
    hint: ({ tower, name }) => `add it to the inputs: \`tower ${tower}(…, ${name})\``,
  }),

  'read-before': row<{ name: string }>({
    message: ({ name }) => `\`${name}\` is read before it is computed`,
    hint: ({ name }) => `move the line of \`${name}\` above this one`,
  }),

  'not-a-flow': row<{ found: string; expected: string; flow?: string | undefined }>({
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    hint: ({ flow = 'source -> block -> block' }) => `write a flow as \`${flow}\``,
    fix: 'restores',
  }),

  'not-a-formula': row<{ found: string; expected: string }>({
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    hint: 'write numbers, names, `+ - * / @`, functions such as `sigmoid(x)`, and `sum over t (x)`',
  }),

  'wrong-axes': row<{ what: string; reason: string }>({ message: ({ what, reason }) => `\`${what}\` ${reason}` }),

  'block-arguments': row<{ name: string; flow?: string | undefined }>({
    message: ({ name, flow }) =>
      flow === undefined
        ? `\`${name}\` is a block without parameters, so it takes no arguments`
        : `block \`${name}\` takes a value from an arrow, not as an argument`,
    hint: ({ name, flow }) =>
      flow === undefined
        ? `remove the arguments, or declare parameters: \`block ${name}(width) = …\``
        : `write \`${flow}\``,
  }),

  'shared-arguments': row<{ name: string; values: string; others: string }>({
    message: ({ name, values, others }) =>
      `shared block \`${name}\` has one set of weights, but gets ${values} here and ${others} elsewhere`,
    hint: 'give the same values at every use, or declare a second shared block',
  }),

  'unused-parameter': row<{ block: string; name: string; what?: string }>({
    severity: 'warning',
    message: ({ block, name, what = 'block' }) => `${what} \`${block}\` never reads its parameter \`${name}\``,
    hint: 'read it in the block, or remove it here and at each use',
    unnecessary: true,
  }),

  'block-cycle': row<{ name: string }>({
    message: ({ name }) => `block \`${name}\` contains itself`,
    hint: 'remove one of the uses that close the cycle',
  }),

  'block-too-large': row<{ name: string; blocks: number; depth: number }>({
    message: ({ name, blocks, depth }) =>
      `the flow is too large with block \`${name}\`: the limit is ${depth} nested declared blocks, and ${blocks} blocks in all`,
    hint: 'write fewer blocks, or make one block wider',
  }),

  'group-cycle': row<{ name: string }>({
    message: ({ name }) => `group \`${name}\` contains itself`,
    hint: 'remove one of the members that lead back to it',
  }),

  'repeated-member': row<{ group: string; names: readonly string[]; first: string; second: string }>({
    message: ({ group, names, first, second }) =>
      `group \`${group}\` gets ${quotedList(names)} twice: with \`${first}\` and with \`${second}\``,
    hint: 'remove one of the two members, or name the features that you want',
  }),

  'feature-both-sides': row<{ name: string; first: string; second: string; group?: boolean; keyOf?: string }>({
    message: ({ name, first, second, group, keyOf }) =>
      keyOf
        ? `tower \`${keyOf}\` is keyed by \`${name}\`, a feature of tower \`${keyOf === first ? second : first}\``
        : `${group ? 'group' : 'feature'} \`${name}\` is read by both towers, \`${first}\` and \`${second}\``,
    hint: ({ name, group, keyOf }) =>
      keyOf
        ? `choose the key of \`${keyOf}\` among its own features`
        : group
          ? 'give each tower inputs of its own'
          : `remove it from one tower; if each side has its own column, share the table with \`like(${name})\``,
  }),

  'tower-without-channel': row<{ tower: string }>({
    message: ({ tower }) => `tower \`${tower}\` has no channel, so no score can read it`,
    hint: 'write `channel` before its last step',
  }),

  'unread-channel': row<{ tower: string; channel: string }>({
    severity: 'warning',
    message: ({ tower, channel }) => `no score reads channel \`${tower}.${channel}\`, so it is not trained`,
    hint: ({ tower, channel }) => `read it in a task as \`${tower}.${channel}\`, or remove it`,
    unnecessary: true,
  }),

  'unread-step': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `nothing reads \`${name}\``,
    hint: 'remove it',
    unnecessary: true,
  }),

  'unread-output': row<{ name: string; output: string }>({
    severity: 'warning',
    message: ({ name, output }) => `nothing reads \`${name}.${output}\``,
    hint: ({ name, output }) => `begin a flow with \`${name}.${output}\`, or leave \`${output}\` out`,
    unnecessary: true,
  }),

  'no-outputs': row<{ name: string; output: string }>({
    message: ({ name, output }) => `\`${name}\` gives one value, so it has no output \`${output}\``,
    hint: 'read the step by its name alone, or make it of a block such as `mmoe(click, like)`',
  }),

  'unread-feature': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `no tower reads feature \`${name}\``,
    hint: 'add it to a group or a tower, or remove it',
    unnecessary: true,
  }),

  'unread-label': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `no task reads label \`${name}\``,
    hint: 'name it in a task with `label =` or `weight =`, or remove it',
    unnecessary: true,
  }),

  'unread-input': row<{ tower: string; name: string }>({
    severity: 'warning',
    message: ({ tower, name }) => `tower \`${tower}\` has the input \`${name}\`, but no flow reads it`,
    hint: 'read it in a channel, or remove it',
    unnecessary: true,
  }),

  'unused-group': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `group \`${name}\` is never used`,
    hint: 'remove it',
    unnecessary: true,
  }),

  'unused-block': row<{ name: string; what?: string }>({
    severity: 'warning',
    message: ({ name, what = 'block' }) => `${what} \`${name}\` is never used`,
    hint: 'remove it',
    unnecessary: true,
  }),
} as const;
