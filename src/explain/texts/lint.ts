/** Codes that warn: the model would train, and most likely not as it was meant. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';
import { smallModel } from '../small_model.ts';

const softmaxOf = (score: string, rest = '') => `task watch { score = ${score}, loss = softmax(in_batch${rest}) }`;

export const lint = {
  'temperature-unnormalised': {
    means:
      'A temperature says how sharp a softmax is over scores of a known size. An inner product of free vectors has no size: training stretches it at will, and the temperature means nothing.',
    wrong: smallModel({ tasks: softmaxOf('dot(user, item)', ', temperature: 0.05') }),
  },
  'bce-unscaled': {
    means:
      'A cosine lies between −1 and 1, and the sigmoid of such a number between 0.27 and 0.73: the loss would punish even a certain answer for ever.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task like { score = cosine(user, item), loss = bce, label = liked }',
    }),
  },
  'table-over-budget': {
    means:
      'The embedding tables whose size the file shows take more memory than 2 GB together, before the optimizer keeps its own numbers for each row.',
    wrong: smallModel({
      features: 'page: id(hash: 50_000_000, dim: 32)',
      userInputs: 'user_id, page',
      user: 'channel main = user_id -> dense(16)\nchannel page = page -> dense(16)',
      tasks: softmaxOf('cosine(user.main, item) + cosine(user.page, item)', ', temperature: 0.1'),
    })
      .replace('channel page = page', 'channel site = page')
      .replace('user.page', 'user.site'),
    right: smallModel({
      features: 'page: id(hash: 1_000_000, dim: 32)',
      userInputs: 'user_id, page',
      user: 'channel main = user_id -> dense(16)\nchannel site = page -> dense(16)',
      tasks: softmaxOf('cosine(user.main, item) + cosine(user.site, item)', ', temperature: 0.1'),
    }),
  },
  'wide-table': {
    means:
      'Rows of a table span at most as many directions as there are rows. A table that is much wider costs memory and time, and learns its few values no better.',
    wrong: smallModel({
      features: 'gender: category("F", "M", dim: 64)',
      groups: 'group person = user_id, gender',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  },
  'temperature-extreme': {
    means:
      'What reaches the softmax is the cosine, times its factor, over the temperature. Beyond ±100 the softmax sees its hardest negative alone and the others give no gradient; within ±1 the best item can be at most seven times as likely as the worst.',
    wrong: smallModel({ tasks: softmaxOf('cosine(user, item)', ', temperature: 0.001') }),
    right: smallModel(),
  },
  'few-negatives': {
    means:
      'Without `negatives` the other items of the batch are what an event is told from. In a small batch a guess is often right, and the loss teaches little.',
    wrong: smallModel({ after: 'train { batch = 8 }' }),
    right: smallModel({ after: 'train { batch = 1024 }' }),
  },
  'one-sided-channel': {
    means:
      'After a relu, sigmoid or softplus no number is below 0, so that all vectors lie in one corner of the space: no cosine between them is below 0, and nothing can be disliked.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16, relu)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dense(16)' }),
  },
  'last-dropout': {
    means:
      'Dropout sets numbers to 0 while training, and a later layer learns to do without any one of them. At the very end there is no later layer: training compares vectors with holes, serving compares whole ones.',
    wrong: smallModel({ user: 'channel main = user_id -> mlp(32, 16) -> dropout(0.2)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dropout(0.2) -> dense(16)' }),
  },
  'retrieve-scales': {
    means:
      'Without `retrieve`, items are ranked by the sum of the tasks’ scores, weighed as in the objective. A score of at most 10 then drowns one of at most 1, whatever the objective says. Scores without a limit, such as `dot`, get any size in training.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: `${softmaxOf('cosine(user, item)', ', temperature: 0.05')}\ntask like { score = cosine(user, item) / 0.1, loss = bce, label = liked }`,
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: `${softmaxOf('cosine(user, item)', ', temperature: 0.05')}\ntask like { score = cosine(user, item) / 0.1, loss = bce, label = liked }`,
      after: 'retrieve = 0.9 * watch + 0.01 * like',
    }),
  },
  'retrieve-zero': {
    means: 'A task that `retrieve` weighs with 0 has no part in what is found. That is said by leaving it out.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: `${softmaxOf('cosine(user, item)', ', temperature: 0.05')}\ntask like { score = cosine(user, item) / 0.1, loss = bce, label = liked }`,
      after: 'retrieve = watch + 0 * like',
    }),
    right: smallModel({
      labels: 'liked: binary',
      tasks: `${softmaxOf('cosine(user, item)', ', temperature: 0.05')}\ntask like { score = cosine(user, item) / 0.1, loss = bce, label = liked }`,
      after: 'retrieve = 1 * watch',
    }),
  },
  'shadowed-name': {
    means:
      'One name stands for two things: a step called like a feature that its tower reads, or a block called like one of the library that it is not made of. Which of them a line means then depends on where it stands.',
    wrong: smallModel({
      features: 'age: number(standardize)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'age = person -> flatten\nchannel main = age -> mlp(32, 16)',
    }),
    right: smallModel({
      features: 'age: number(standardize)',
      groups: 'group person = user_id, age',
      userInputs: 'person',
      user: 'whole = person -> flatten\nchannel main = whole -> mlp(32, 16)',
    }),
  },
  'unused-constant': {
    means: 'Nothing reads this constant, so that changing it, with `--set` too, changes nothing.',
    wrong: smallModel({ before: 'let width = 64' }),
  },
  'ignore-without-reason': {
    means:
      '`// tower-ignore CODE: reason` silences a warning on its own line, or on the next one where it stands alone. Whoever reads it later must know why.',
    wrong: smallModel({ after: '// tower-ignore few-negatives\ntrain { batch = 8 }' }),
    right: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 8 }' }),
  },
  'ignore-unknown-code': {
    means: 'An ignore names the code of the warning that it silences, which stands in brackets behind the message.',
    wrong: smallModel({ after: '// tower-ignore few-negative: only tried on ten rows\ntrain { batch = 8 }' }),
  },
  'ignore-of-error': {
    means: 'An error means that the model cannot be trained, or not as it is written. No comment changes that.',
    wrong: smallModel({ after: '// tower-ignore unknown-entry: later\ntrain { batch = 64 }' }),
  },
  'unused-ignore': {
    means:
      'An ignore that silences nothing is left from a mistake that was mended, and would silence a new one that nobody has seen.',
    wrong: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 1024 }' }),
  },
} as const satisfies Partial<Record<Code, Explanation>>;
