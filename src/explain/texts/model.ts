/** Codes of a model's parts, its shapes, and data blocks. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

const bceTask = 'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }';
const twoTasks = `task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05) }\n${bceTask}`;
const twoLabels = `${bceTask}\ntask see { score = cosine(user, item) / 0.1, loss = bce, label = seen, weight = seen }`;
const twoWidths = 'channel main = user_id -> mlp(32, 16)\nchannel wide = user_id -> dense(16)';

const withDevice = (kind: string): string =>
  smallModel({
    features: `device: ${kind}`,
    groups: 'group person = user_id, device',
    userInputs: 'person',
    user: 'channel main = person -> flatten -> mlp(32, 16)',
  });

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
    means: 'No score reads this channel, so that nothing would train it, and its cost would buy nothing.',
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
    means: 'Nothing reads this step: it computes what reaches no channel.',
    wrong: smallModel({ user: 'wide = user_id -> dense(64)\nchannel main = user_id -> mlp(32, 16)' }),
  },
  'unread-output': {
    means: 'A block such as `mmoe` gives one value for each name it is given, and this one is read by nobody.',
    wrong: smallModel({
      labels: 'liked: binary',
      user: 'experts = user_id -> mmoe(view, like, experts: 2, units: 16)\nchannel view = experts.view -> dense(16)',
      item: 'channel view = movie_id -> dense(16)',
      tasks:
        'task view { score = cosine(user.view, item.view), loss = softmax(in_batch, temperature: 0.05) }\ntask like { score = cosine(user.view, item.view) / 0.1, loss = bce, label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      user: 'experts = user_id -> mmoe(view, like, experts: 2, units: 16)\nchannel view = experts.view -> dense(16)\nchannel like = experts.like -> dense(16)',
      item: 'channel view = movie_id -> dense(16)\nchannel like = movie_id -> dense(16)',
      tasks:
        'task view { score = cosine(user.view, item.view), loss = softmax(in_batch, temperature: 0.05) }\ntask like { score = cosine(user.like, item.like) / 0.1, loss = bce, label = liked }',
    }),
  },
  'no-outputs': {
    means: 'An output is taken of a step that gives one value. Only blocks such as `mmoe(click, like)` give several.',
    wrong: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep.click -> dense(16)' }),
    right: smallModel({ user: 'deep = user_id -> mlp(32, 16)\nchannel main = deep -> dense(16)' }),
  },
  'unread-feature': {
    means:
      'No tower reads this feature. It would need a column in the data and have no effect, and mostly it was forgotten in a group.',
    wrong: smallModel({ features: 'age: number(standardize)' }),
  },
  'unread-label': {
    means: 'No task reads this label, so that the data would need a column for nothing.',
    wrong: smallModel({ labels: 'liked: binary, seconds: number', tasks: bceTask }),
    right: smallModel({ labels: 'liked: binary', tasks: bceTask }),
  },
  'unread-input': {
    means: 'The tower lets this in, and none of its flows reads it.',
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
  'not-a-score': {
    means:
      'A score compares the two towers, times a number, or is a sum of such: it must remain an inner product of one vector a side, or nearest-neighbour search could not find its best items.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item) + 2, loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  },
  'score-towers': {
    means: 'A score compares two towers, and is given more or fewer.',
    wrong: smallModel({ tasks: 'task watch { score = cosine(user), loss = softmax(in_batch, temperature: 0.05) }' }),
    right: smallModel(),
  },
  'same-tower': {
    means: 'Both sides of this score are one tower: it would compare everybody with themselves.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, user), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel(),
  },
  'towers-swapped': {
    means:
      'The tower named first asks, the other is retrieved. All tasks must agree on it: the item vectors of one index serve them all.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: twoTasks.replace('cosine(user, item) / 0.1', 'cosine(item, user) / 0.1'),
    }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks }),
  },
  'step-not-channel': {
    means: 'A score reads channels, and this is a step: a name for other lines of its tower.',
    wrong: smallModel({
      user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)',
      tasks: 'task watch { score = cosine(user.deep, item), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({ user: 'deep = user_id -> dense(16)\nchannel main = deep -> dense(16)' }),
  },
  'unpaired-channel': {
    means: 'A score of two towers pairs their channels by name, and this channel has no partner.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)' }),
    right: smallModel({
      user: 'channel main = user_id -> dense(16)\nchannel wide = user_id -> dense(16)',
      item: 'channel main = movie_id -> dense(16)\nchannel wide = movie_id -> dense(16)',
    }),
  },
  'channel-needed': {
    means: 'One side names a channel, so the other must as well, and it has several.',
    wrong: smallModel({
      user: twoWidths,
      tasks: 'task watch { score = cosine(user, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
    right: smallModel({
      user: 'channel main = user_id -> mlp(32, 16)',
      tasks: 'task watch { score = cosine(user.main, item.main), loss = softmax(in_batch, temperature: 0.05) }',
    }),
  },
  'label-needed': {
    means:
      'This loss compares the score with what happened, and the task does not say which label that is. The softmax losses need none: there, what happened is the row itself.',
    wrong: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels.replace(', label = seen', '') }),
    right: smallModel({ labels: 'liked: binary, seen: binary', tasks: twoLabels }),
  },
  'label-not-read': {
    means:
      'This loss reads no label: other items are its negatives. A label may weigh its rows, which is said with `weight`.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), label = liked }',
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = liked }',
    }),
  },
  'label-sort': {
    means: 'The loss needs a label of another sort: `bce` predicts the chance of a yes, `mse` a number.',
    wrong: smallModel({ labels: 'seconds: number', tasks: bceTask.replace('liked', 'seconds') }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds }',
    }),
  },
  'only-not-binary': {
    means: '`only` picks the rows where a label is 1. With a number it would not be said which rows those are.',
    wrong: smallModel({
      labels: 'seconds: number',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = seconds }',
    }),
    right: smallModel({
      labels: 'seconds: number, clicked: binary',
      tasks: 'task stay { score = dot(user, item), loss = mse, label = seconds, only = clicked }',
    }),
  },
  'item-key-needed': {
    means:
      'This loss compares an item with other items of the batch. Some of them may be the very same item, and only its key can tell: without it they would be trained as their own opposite.',
    wrong: smallModel({ itemKey: '' }),
  },
  'key-kind': {
    means:
      'A key tells one user, or one item, from another, so its feature takes a value as a name: an id, a category, or one `like` such. Lists, texts, vectors, numbers, moments and crosses name nobody.',
    wrong: smallModel({
      features: 'year: number',
      itemInputs: 'movie_id, year',
      itemKey: ' keyed by year',
      item: 'channel main = concat(movie_id, year) -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'year: number',
      itemInputs: 'movie_id, year',
      item: 'channel main = concat(movie_id, year) -> mlp(32, 16)',
    }),
  },
  'not-a-sum': {
    means: '`objective` and `retrieve` are sums of numbers times tasks.',
    wrong: smallModel({ after: 'objective = watch * watch' }),
    right: smallModel({ after: 'objective = 1.0 * watch' }),
  },
  'objective-omits': {
    means: 'A task that `objective` leaves out would never be learnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = 1.0 * view' }),
  },
  'objective-weight': {
    means: 'The weight of a loss is above 0. With 0 its task would not be learnt, and below 0 it would be unlearnt.',
    wrong: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view - 0.5 * like' }),
    right: smallModel({ labels: 'liked: binary', tasks: twoTasks, after: 'objective = view + 0.5 * like' }),
  },
  'retrieve-empty': {
    means: 'Every score is weighed with 0, so that all items would be equally good.',
    wrong: smallModel({ after: 'retrieve = 0 * watch' }),
    right: smallModel({ after: 'retrieve = 1 * watch' }),
  },
  'no-elements': {
    means: 'A feature names itself where another one is meant.',
    mend: 'Name another feature, or write a kind of element such as `category(dim: 16)`.',
  },

  'shape-mismatch': {
    means:
      'What reaches this block is not what it can take. The message says what it is, in the types that every arrow has: `fields[9 × 16]`, `sequence[50 × 32]`, `vector[64]`.',
    wrong: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> mlp(32, 16)',
    }),
  },
  'arguments-conflict': {
    means: 'Each argument is right by itself, and together they contradict each other or one would have no effect.',
    wrong: withDevice('id(hash: 1000, min_count: 3, dim: 8)'),
    right: withDevice('id(hash: 1000, dim: 8)'),
  },
  'channel-not-vector': {
    means: 'A channel is what scores compare, and they compare vectors. This one ends as fields or as a sequence.',
    wrong: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person',
    }),
    right: smallModel({
      features: 'age: number(standardize, dim: 8)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  },
  'item-interests': {
    means:
      'Several vectors, one for each interest, are for the side that asks: it searches once with each. What is found has one vector, or it would stand in the index several times.',
    wrong: smallModel({
      features: 'scenes: list(category(dim: 16), max: 8, pool: none)',
      itemInputs: 'movie_id, scenes',
      item: 'channel main = scenes -> multi_interest(4, attention)\nchannel key = movie_id -> dense(16)',
      user: 'channel main = user_id -> dense(16)\nchannel key = user_id -> dense(16)',
    }),
    right: smallModel({
      features: 'scenes: list(category(dim: 16), max: 8, pool: mean)',
      itemInputs: 'movie_id, scenes',
      item: 'channel main = scenes -> dense(16)\nchannel key = movie_id -> dense(16)',
      user: 'channel main = user_id -> dense(16)\nchannel key = user_id -> dense(16)',
    }),
  },
  'interests-in-retrieve': {
    means:
      'A query of several interests is searched once for each, and the largest score counts. A sum over tasks keeps that only where one of them has interests, with a factor above 0.',
    mend: 'Let `retrieve` weigh one task that has several interests, with a factor above 0, and others that have one vector.',
  },
  'channel-widths': {
    means: 'Two channels that a score pairs need the same width: each number is multiplied with its counterpart.',
    wrong: smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }),
    right: smallModel(),
  },
  'key-without-embedding': {
    means: 'A feature with `dim: 0` is a key only. It has no numbers that could flow.',
    wrong: smallModel({
      features: 'film: id(dim: 0)',
      itemInputs: 'film',
      itemKey: ' keyed by film',
      item: 'channel main = film -> dense(16)',
    }).replace('movie_id: id(dim: 16)\n', ''),
    right: smallModel(),
  },
  'sequence-among-fields': {
    means: 'A list that keeps its order is a sequence of several rows, and fields have one row each.',
    wrong: smallModel({
      features: 'history: list(movie_id, max: 10, pool: none)',
      groups: 'group person = user_id, history',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'history: list(movie_id, max: 10, pool: mean)',
      groups: 'group person = user_id, history',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  },
  'weight-not-number': {
    means: 'A weight is one number a row, never below 0: how much the row counts in the loss.',
    wrong: smallModel({
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = user_id }',
    }),
    right: smallModel({
      labels: 'seconds: number',
      tasks: 'task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.05), weight = seconds }',
    }),
  },

  'misplaced-by': {
    means: '`by` says the column that joins a file to the events. The events are what is joined to.',
    wrong: 'data views {\n  events = "views.csv" by user_id\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(test: 10%)\n}\n',
  },
  'missing-key': {
    means: 'A file of items or users has a row for each, and is joined to the events by the column that both have.',
    wrong: 'data views {\n  events = "views.csv"\n  items = "movies.csv"\n  split = random(test: 10%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  items = "movies.csv" by movie_id\n  split = random(test: 10%)\n}\n',
  },
  'time-needed': {
    means:
      'A history, and a split by time, must know which event came earlier. Without a time a row could see what happened after it.',
    wrong: 'data views {\n  events = "views.csv"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
    right:
      'data views {\n  events = "views.csv"\n  time = "seen_at"\n  split = by_time(validation: 10%, test: 10%)\n}\n',
  },
  'split-share': {
    means: 'What is held out for validation and test is everything, and nothing is left to train on.',
    wrong: 'data views {\n  events = "views.csv"\n  split = random(validation: 50%, test: 50%)\n}\n',
    right: 'data views {\n  events = "views.csv"\n  split = random(validation: 10%, test: 10%)\n}\n',
  },
} as const satisfies Partial<Record<Code, Explanation>>;
