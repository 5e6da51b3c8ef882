/** Codes of a model's towers and flows, and of what nothing reads. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { list } from '../wording.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';

const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

/** Blocks that each use the one before twice. */
function doublings(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `block b${at + 1} = b${at} -> b${at}`);
}

export const model = {
  'tower-count': row<{ count: number }>({
    severity: 'error',
    message: ({ count }) =>
      count === 0 ? 'this model has no towers: it needs two' : `a model has two towers, and this one has ${count}`,
    hint: ({ count }) =>
      count < 2
        ? 'add a tower, such as `tower item(movie) keyed by movie_id { channel main = … }`'
        : 'remove the others, or move them to a model of their own',
    means:
      'A retrieval model has two towers: a query tower, and an item tower. Nearest-neighbour search compares exactly two vectors.',
    wrong: smallModel({
      features: 'shop: id(dim: 16)',
      after: 'tower seller(shop) keyed by shop { channel main = shop -> dense(16) }',
    }),
    right: smallModel({
      features: 'shop: id(dim: 16)',
      groups: 'group movie = movie_id, shop',
      itemInputs: 'movie',
      item: 'channel main = movie -> flatten -> mlp(32, 16)',
    }),
  }),

  'no-task': row<Record<never, never>>({
    severity: 'error',
    message: () => 'this model has no task, so it has nothing to learn',
    hint: () =>
      'add a task, such as `task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }`',
    means: 'A task says which pairs of vectors are good. Without a task there is nothing to train.',
    wrong: smallModel({ tasks: 'train { epochs = 3 }' }),
    right: smallModel({ after: 'train { epochs = 3 }' }),
  }),

  'repeated-declaration': row<{ what: string }>({
    severity: 'error',
    message: ({ what }) => `a model has one \`${what}\`, and this is a second one`,
    hint: () => 'join the two, or remove one',
    means:
      'A model has one name, one objective, one `retrieve` and one `train`. A second one could contradict the first.',
    wrong: smallModel({ after: 'train { epochs = 3 }\ntrain { batch = 256 }' }),
    right: smallModel({ after: 'train { epochs = 3, batch = 256 }' }),
  }),

  'through-tower': row<{ name: string; reason: string; instead: string }>({
    severity: 'error',
    message: ({ name, reason }) => `\`${name}\` cannot go through this tower: ${reason}`,
    hint: ({ instead }) => instead,
    means:
      'With `through` each element of a list is an item, and the item tower encodes it. So the list holds values of the key of that tower.',
    wrong: smallModel({
      features: 'history: list(movie_id, through: user)',
      userInputs: 'history',
      user: 'channel main = history -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'history: list(movie_id, through: item)',
      userInputs: 'history',
      user: 'channel main = history -> mlp(32, 16)',
    }),
  }),

  'through-cycle': row<{ name: string; tower: string; other: string }>({
    severity: 'error',
    message: ({ name, tower }) => `\`${name}\` goes through tower \`${tower}\`, which reads \`${name}\` itself`,
    hint: ({ name, tower, other }) => `read \`${name}\` in tower \`${other}\` alone, or remove \`through: ${tower}\``,
    means:
      'The tower would need its own output to compute its input. Only the query tower may read a list whose elements the item tower encodes.',
    wrong: smallModel({
      features: 'similar: list(movie_id, through: item)',
      itemInputs: 'movie_id, similar',
      item: 'channel main = concat(movie_id, similar) -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'similar: list(movie_id)',
      itemInputs: 'movie_id, similar',
      item: 'channel main = concat(movie_id, similar) -> mlp(32, 16)',
    }),
  }),

  'not-an-input': row<{ tower: string; name: string }>({
    severity: 'error',
    message: ({ tower, name }) => `\`${name}\` is not an input of tower \`${tower}\``,
    hint: ({ tower, name }) => `add it to the inputs: \`tower ${tower}(…, ${name})\``,
    means:
      'A tower reads only the inputs that its parentheses name. Its first line therefore shows everything it sees. This flow begins with something else.',
    wrong: smallModel({
      features: 'age: number(standardize)',
      user: 'channel main = user_id -> mlp(32, 16)\nchannel old = age -> dense(16)',
      tasks:
        'task watch { score = cosine(user.main, item) + cosine(user.old, item), loss = softmax(in_batch, temperature: 0.1) }',
    }),
  }),

  'read-before': row<{ name: string }>({
    severity: 'error',
    message: ({ name }) => `\`${name}\` is read before it is computed`,
    hint: ({ name }) => `move the line of \`${name}\` above this one`,
    means: 'A step can read the steps above it. This one reads a step further down, or itself.',
    wrong: smallModel({ user: 'channel main = deep -> dense(16)\ndeep = user_id -> mlp(32, 32)' }),
    right: smallModel({ user: 'deep = user_id -> mlp(32, 32)\nchannel main = deep -> dense(16)' }),
  }),

  'not-a-flow': row<{ found: string; expected: string }>({
    severity: 'error',
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    hint: () => 'write a flow as `source -> block -> block`',
    means: 'A flow begins with the name of an input or a step, and continues through blocks.',
    wrong: smallModel({ user: 'channel main = user_id * 2 -> dense(16)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(16)' }),
  }),

  'block-arguments': row<{ name: string; flow?: string | undefined }>({
    severity: 'error',
    message: ({ name, flow }) =>
      flow === undefined
        ? `\`${name}\` is a block without parameters, so it takes no arguments`
        : `block \`${name}\` takes a value from an arrow, not as an argument`,
    hint: ({ name, flow }) =>
      flow === undefined
        ? `remove the arguments, or declare parameters: \`block ${name}(width) = …\``
        : `write \`${flow}\``,
    means:
      'A block that the file declares takes numbers alone, and only if its declaration has parameters. The value that it changes comes from the arrow before it.',
    wrong: smallModel({ before: 'block deep = mlp(32, 16)', user: 'channel main = user_id -> deep(64)' }),
  }),

  'shared-arguments': row<{ name: string; values: string; others: string }>({
    severity: 'error',
    message: ({ name, values, others }) =>
      `shared block \`${name}\` has one set of weights, but gets ${values} here and ${others} elsewhere`,
    hint: () => 'give the same values at every use, or declare a second shared block',
    means:
      'All uses of a shared block have the same weights. Other values of its parameters would need other weights, so every use must give the same values.',
    wrong: smallModel({
      before: 'shared block body(width) = mlp(2 * width, width)',
      user: 'channel main = user_id -> body(16)',
      item: 'channel main = movie_id -> body(8) -> dense(16)',
    }),
    right: smallModel({
      before: 'shared block body(width) = mlp(2 * width, width)',
      user: 'channel main = user_id -> body(16)',
      item: 'channel main = movie_id -> body(16)',
    }),
  }),

  'unused-parameter': row<{ block: string; name: string }>({
    severity: 'warning',
    message: ({ block, name }) => `block \`${block}\` never reads its parameter \`${name}\``,
    hint: () => 'read it in the block, or remove it here and at each use',
    unnecessary: true,
    means:
      'A parameter is a number that each use of the block may give. Nothing in the block reads this parameter, so its value has no effect.',
    wrong: smallModel({
      before: 'block deep(width, depth = 2) = mlp(2 * width, width)',
      user: 'channel main = user_id -> deep(16)',
    }),
    right: smallModel({
      before: 'block deep(width) = mlp(2 * width, width)',
      user: 'channel main = user_id -> deep(16)',
    }),
  }),

  'block-cycle': row<{ name: string }>({
    severity: 'error',
    formerly: 'block-circle',
    message: ({ name }) => `block \`${name}\` contains itself`,
    hint: () => 'remove one of the uses that close the cycle',
    means: 'The block contains itself, directly or through other blocks, so it could never be written out in full.',
    wrong: 'block deep = wide -> dense(8)\nblock wide = deep -> dense(16)\n',
    right: 'block deep = mlp(16, 8)\nblock wide = deep -> dense(16)\n',
  }),

  'block-too-large': row<{ name: string; blocks: number; depth: number }>({
    severity: 'error',
    message: ({ name, blocks, depth }) =>
      `the flow is too large with block \`${name}\`: the limit is ${depth} nested declared blocks, and ${blocks} blocks in all`,
    hint: () => 'write fewer blocks, or make one block wider',
    means:
      'Each use of a block is written out in full. Blocks of blocks grow fast: ten blocks that each use the one before twice become a thousand, and the graph has a part for each.',
    wrong: smallModel({
      before: ['block b0 = dense(8)', ...doublings(14)].join('\n'),
      user: 'channel main = user_id -> b14 -> dense(16)',
    }),
    right: smallModel({
      before: ['block b0 = dense(8)', ...doublings(2)].join('\n'),
      user: 'channel main = user_id -> b2 -> dense(16)',
    }),
  }),

  'group-cycle': row<{ name: string }>({
    severity: 'error',
    formerly: 'group-circle',
    message: ({ name }) => `group \`${name}\` contains itself`,
    hint: () => 'remove one of the members that lead back to it',
    means: 'A group contains itself, through other groups or directly. Its features could never be listed.',
    wrong: smallModel({ groups: 'group all = person\ngroup person = user_id, all', userInputs: 'all' }),
    right: smallModel({ groups: 'group all = person\ngroup person = user_id', userInputs: 'all' }),
  }),

  'repeated-member': row<{ group: string; names: readonly string[]; first: string; second: string }>({
    severity: 'error',
    message: ({ group, names, first, second }) =>
      `group \`${group}\` gets ${list(names)} twice: with \`${first}\` and with \`${second}\``,
    hint: () => 'remove one of the two members, or name the features that you want',
    means:
      'A group holds each feature once. This feature reaches the group twice: by its own name and through a group, or through two groups.',
    wrong: smallModel({
      features: 'country: category(dim: 8)',
      groups: 'group person = user_id, country\ngroup all = person, country',
      userInputs: 'all',
      user: 'channel main = all -> flatten -> mlp(32, 16)',
    }),
  }),

  'feature-both-sides': row<{ name: string; first: string; second: string; group?: boolean; keyOf?: string }>({
    severity: 'error',
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
    means:
      'The two towers share no input: nothing of one side may reach the other before the score. The item vectors can then be computed once, before any query is known. Where each side has a column of its own, `like(…)` shares the embedding table.',
    wrong: smallModel({
      features: 'country: category(dim: 8)',
      userInputs: 'user_id, country',
      user: 'channel main = user_id -> dense(16)\nchannel place = country -> dense(16)',
      itemInputs: 'movie_id, country',
      item: 'channel main = movie_id -> dense(16)\nchannel place = country -> dense(16)',
    }),
    right: smallModel({
      features: 'country: category(dim: 8)\nmade_in: like(country)',
      userInputs: 'user_id, country',
      user: 'channel main = user_id -> dense(16)\nchannel place = country -> dense(16)',
      itemInputs: 'movie_id, made_in',
      item: 'channel main = movie_id -> dense(16)\nchannel place = made_in -> dense(16)',
    }),
  }),

  'tower-without-channel': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `tower \`${tower}\` has no channel, so no score can read it`,
    hint: () => 'write `channel` before its last step',
    means:
      'Scores read a tower only through its channels. A line without `channel` is a step for other lines of the tower.',
    wrong: smallModel({ user: 'main = user_id -> mlp(32, 16)' }),
    right: smallModel(),
  }),

  'unread-channel': row<{ tower: string; channel: string }>({
    severity: 'warning',
    message: ({ tower, channel }) => `no score reads channel \`${tower}.${channel}\`, so it is not trained`,
    hint: ({ tower, channel }) => `read it in a task as \`${tower}.${channel}\`, or remove it`,
    unnecessary: true,
    means:
      'No score reads this channel. Training and the exported tower leave it out, together with the steps that only it reads.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user.main, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: twoWidths,
      tasks:
        'task watch { score = cosine(user.main, item) + cosine(user.wide, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  }),

  'unread-step': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `nothing reads \`${name}\``,
    hint: () => 'remove it',
    unnecessary: true,
    means: 'Nothing reads this step, and it reaches no channel. The model leaves it out, so it has no weights.',
    wrong: smallModel({ user: 'wide = user_id -> dense(64)\nchannel main = user_id -> mlp(32, 16)' }),
  }),

  'unread-output': row<{ name: string; output: string }>({
    severity: 'warning',
    message: ({ name, output }) => `nothing reads \`${name}.${output}\``,
    hint: ({ name, output }) => `begin a flow with \`${name}.${output}\`, or leave \`${output}\` out`,
    unnecessary: true,
    means:
      'A block such as `mmoe` gives one value for each of its names, and no flow reads this value. The weights that belong to it alone are not trained.',
    wrong: smallModel({
      labels: 'liked: binary',
      user: 'experts = user_id -> mmoe(view, like, experts: 2, units: 16)\nchannel view = experts.view -> dense(16)',
      item: 'channel view = movie_id -> dense(16)',
      tasks:
        'task view { score = cosine(user.view, item.view) / 0.1, loss = softmax(in_batch) }\ntask like { score = cosine(user.view, item.view) / 0.1, loss = bce, label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      user: 'experts = user_id -> mmoe(view, like, experts: 2, units: 16)\nchannel view = experts.view -> dense(16)\nchannel like = experts.like -> dense(16)',
      item: 'channel view = movie_id -> dense(16)\nchannel like = movie_id -> dense(16)',
      tasks:
        'task view { score = cosine(user.view, item.view) / 0.1, loss = softmax(in_batch) }\ntask like { score = cosine(user.like, item.like) / 0.1, loss = bce, label = liked }',
    }),
  }),

  'no-outputs': row<{ name: string; output: string }>({
    severity: 'error',
    message: ({ name, output }) => `\`${name}\` gives one value, so it has no output \`${output}\``,
    hint: () => 'read the step by its name alone, or make it of a block such as `mmoe(click, like)`',
    means:
      'This step gives one value, so it has no named outputs. Only blocks such as `mmoe(click, like)` give several values.',
    wrong: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep.click -> dense(16)' }),
    right: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep -> dense(16)' }),
  }),

  'unread-feature': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `no tower reads feature \`${name}\``,
    hint: () => 'add it to a group or a tower, or remove it',
    unnecessary: true,
    means:
      'No tower reads this feature, so it has no effect, no weights, and needs no column in the data. Often it was forgotten in a group.',
    wrong: smallModel({ features: 'age: number(standardize)' }),
  }),

  'unread-label': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `no task reads label \`${name}\``,
    hint: () => 'name it in a task with `label =` or `weight =`, or remove it',
    unnecessary: true,
    means: 'No task reads this label, so it has no effect and needs no column in the data.',
    wrong: smallModel({ labels: 'liked: binary, seconds: number', tasks: bceTask }),
    right: smallModel({ labels: 'liked: binary', tasks: bceTask }),
  }),

  'unread-input': row<{ tower: string; name: string }>({
    severity: 'warning',
    message: ({ tower, name }) => `tower \`${tower}\` has the input \`${name}\`, but no flow reads it`,
    hint: () => 'read it in a channel, or remove it',
    unnecessary: true,
    means:
      'The tower names this input, but none of its flows reads it. The input has no effect, no weights, and needs no column in the data.',
    wrong: smallModel({ features: 'age: number(standardize)', userInputs: 'user_id, age' }),
    right: smallModel({
      features: 'age: number(standardize)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  }),

  'unused-group': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `group \`${name}\` is never used`,
    hint: () => 'remove it',
    unnecessary: true,
    means: 'A group is a name for several features, and no tower uses this name.',
    wrong: smallModel({ groups: 'group person = user_id' }),
  }),

  'unused-block': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `block \`${name}\` is never used`,
    hint: () => 'remove it',
    unnecessary: true,
    means: 'A block is a name for some steps, and no flow uses this name.',
    wrong: smallModel({ before: 'block deep = mlp(32, 16)' }),
  }),
} as const;
