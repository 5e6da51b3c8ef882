/** Codes of a model's towers and flows, and of what nothing reads. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';
const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

/** Blocks that each use the one before twice. */
function doublings(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `block b${at + 1} = b${at} -> b${at}`);
}

export const model = {
  'tower-count': {
    means:
      'A retrieval model here has two towers: one for the side that asks, one for the side that is found. Nothing else can be searched by nearest neighbours.',
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
  },
  'no-task': {
    means: 'Without a task nothing says what makes a good pair of vectors, so there is nothing to train.',
    wrong: smallModel({ tasks: 'train { epochs = 3 }' }),
    right: smallModel({ after: 'train { epochs = 3 }' }),
  },
  'repeated-declaration': {
    means: 'A model has one name, one objective, one `retrieve` and one `train`. A second would contradict the first.',
    wrong: smallModel({ after: 'train { epochs = 3 }\ntrain { batch = 256 }' }),
    right: smallModel({ after: 'train { epochs = 3, batch = 256 }' }),
  },
  'not-an-input': {
    means:
      'A tower reads what its parentheses name and nothing else, so that its first line says all that it sees. Here a flow begins with something that they do not name.',
    wrong: smallModel({
      features: 'age: number(standardize)',
      user: 'channel main = user_id -> mlp(32, 16)\nchannel old = age -> dense(16)',
      tasks:
        'task watch { score = cosine(user.main, item) + cosine(user.old, item), loss = softmax(in_batch, temperature: 0.1) }',
    }),
  },
  'read-before': {
    means: 'A step reads what stands above it. This one reads a step that is made further down, or itself.',
    wrong: smallModel({ user: 'channel main = deep -> dense(16)\ndeep = user_id -> mlp(32, 32)' }),
    right: smallModel({ user: 'deep = user_id -> mlp(32, 32)\nchannel main = deep -> dense(16)' }),
  },
  'not-a-flow': {
    means: 'A flow begins with the name of an input or a step, and goes on through blocks. This is neither.',
    wrong: smallModel({ user: 'channel main = user_id * 2 -> dense(16)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(16)' }),
  },
  'block-arguments': {
    means: 'A block that the file declares has its arguments in its declaration, and is used by its name alone.',
    wrong: smallModel({ before: 'block deep = mlp(32, 16)', user: 'channel main = user_id -> deep(64)' }),
  },
  'block-circle': {
    means: 'A block is made of itself, through others or directly, and so could never be written out.',
    wrong: 'block deep = wide -> dense(8)\nblock wide = deep -> dense(16)\n',
    right: 'block deep = mlp(16, 8)\nblock wide = deep -> dense(16)\n',
  },
  'block-too-large': {
    means:
      'A block is written out at each of its uses. Blocks of blocks grow fast: ten that each use the one before twice are a thousand blocks, and the graph has a part for each.',
    wrong: smallModel({
      before: ['block b0 = dense(8)', ...doublings(14)].join('\n'),
      user: 'channel main = user_id -> b14 -> dense(16)',
    }),
    right: smallModel({
      before: ['block b0 = dense(8)', ...doublings(2)].join('\n'),
      user: 'channel main = user_id -> b2 -> dense(16)',
    }),
  },
  'feature-both-sides': {
    means:
      'A tower is a wall: nothing of one side reaches the other before the score. Only then can the vectors of items be computed once, without knowing who will ask. Where each side has a column of its own, `like(…)` shares the table.',
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
  },
  'tower-without-channel': {
    means:
      'A tower gives something to scores through its channels alone. A line without `channel` is a step for others to read.',
    wrong: smallModel({ user: 'main = user_id -> mlp(32, 16)' }),
    right: smallModel(),
  },
  'unread-channel': {
    means:
      'No score reads this channel. It is left out of training and of the exported tower, and so is what only it reads.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user.main, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: twoWidths,
      tasks:
        'task watch { score = cosine(user.main, item) + cosine(user.wide, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  },
  'unread-step': {
    means: 'Nothing reads this step: it computes what reaches no channel. It is left out, and has no weights.',
    wrong: smallModel({ user: 'wide = user_id -> dense(64)\nchannel main = user_id -> mlp(32, 16)' }),
  },
  'unread-output': {
    means:
      'A block such as `mmoe` gives one value for each name it is given, and no flow reads this one. Weights that belong to it alone are not trained.',
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
  },
  'no-outputs': {
    means: 'An output is taken of a step that gives one value. Only blocks such as `mmoe(click, like)` give several.',
    wrong: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep.click -> dense(16)' }),
    right: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep -> dense(16)' }),
  },
  'unread-feature': {
    means:
      'No tower reads this feature, so it has no effect: it needs no column in the data and gets no weights. Often it was forgotten in a group.',
    wrong: smallModel({ features: 'age: number(standardize)' }),
  },
  'unread-label': {
    means: 'No task reads this label, so it has no effect and needs no column in the data.',
    wrong: smallModel({ labels: 'liked: binary, seconds: number', tasks: bceTask }),
    right: smallModel({ labels: 'liked: binary', tasks: bceTask }),
  },
  'unread-input': {
    means:
      'The tower lets this in, and none of its flows reads it. It has no effect: it needs no column in the data and gets no weights.',
    wrong: smallModel({ features: 'age: number(standardize)', userInputs: 'user_id, age' }),
    right: smallModel({
      features: 'age: number(standardize)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  },
  'unused-group': {
    means: 'A group is a name for several features, and no tower says this name.',
    wrong: smallModel({ groups: 'group person = user_id' }),
  },
  'unused-block': {
    means: 'A block is a name for some steps, and no flow says this name.',
    wrong: smallModel({ before: 'block deep = mlp(32, 16)' }),
  },
} as const satisfies Partial<Record<Code, Explanation>>;
