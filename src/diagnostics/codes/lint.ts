/** Codes that warn: the model would train, and most likely not as it was meant. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { bytesWords, didYouMean } from '../wording.ts';

const softmaxOf = (score: string, rest = '') => `task watch { score = ${score}, loss = softmax(in_batch${rest}) }`;

export const lint = {
  'temperature-unnormalised': row<{ score: string; argument: string }>({
    severity: 'warning',
    message: ({ score, argument }) =>
      `\`${argument}\` stretches \`${score}\`, whose size is not bounded: the vectors can undo it`,
    hint: () => 'end both channels with `-> normalize`, or score with `cosine`',
    means:
      'A temperature says how sharp a softmax is over scores of a known size. An inner product of free vectors has no size: training stretches it at will, and the temperature means nothing.',
    wrong: smallModel({ tasks: softmaxOf('dot(user, item)', ', temperature: 0.05') }),
  }),

  'bce-unscaled': row<{ loss: string; score: string; low: string; high: string }>({
    severity: 'warning',
    message: ({ loss, score, low, high }) =>
      `\`${loss}\` on \`${score}\` can predict nothing below ${low} or above ${high}`,
    hint: () => 'scale the score, such as `/ 0.1`',
    means:
      'A cosine lies between −1 and 1, and the sigmoid of such a number between 0.27 and 0.73: the loss would punish even a certain answer for ever.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task like { score = cosine(user, item), loss = bce, label = liked }',
    }),
  }),

  'table-over-budget': row<{ bytes: number; budget: number; largest: readonly string[] }>({
    severity: 'warning',
    message: ({ bytes, budget }) =>
      `the embedding tables take ${bytesWords(bytes)} (${bytes} bytes) before the optimizer's state, more than ${bytesWords(budget)}`,
    hint: ({ largest }) =>
      `the largest are ${largest.join(', ')}: fewer \`hash\` buckets or a smaller \`dim\` save memory`,
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
  }),

  'wide-table': row<{ name: string; rows: number; dim: number; enough: number }>({
    severity: 'warning',
    message: ({ name, rows, dim }) =>
      `the table of \`${name}\` has ${rows} rows, each ${dim} numbers wide: far more than tell ${rows} values apart`,
    hint: ({ enough }) => `\`dim: ${enough}\` is enough`,
    means:
      'Rows of a table span at most as many directions as there are rows. A table that is much wider costs memory and time, and learns its few values no better.',
    wrong: smallModel({
      features: 'gender: category("F", "M", dim: 64)',
      groups: 'group person = user_id, gender',
      userInputs: 'person',
      user: 'channel main = person -> flatten -> mlp(32, 16)',
    }),
  }),

  'temperature-extreme': row<{ stretch: number; sharp: boolean }>({
    severity: 'warning',
    message: ({ stretch, sharp }) =>
      sharp
        ? `scores reach ±${stretch} before the softmax: it sees the hardest negative alone, and hardly moves for the others`
        : `scores stay within ±${stretch} before the softmax: it can hardly tell the best item from the worst`,
    hint: () => 'temperatures of a cosine mostly lie between 0.02 and 0.2',
    means:
      'What reaches the softmax is the cosine, times its factor, over the temperature. Beyond ±100 the softmax sees its hardest negative alone and the others give no gradient; within ±1 the best item can be at most seven times as likely as the worst.',
    wrong: smallModel({ tasks: softmaxOf('cosine(user, item)', ', temperature: 0.001') }),
    right: smallModel(),
  }),

  'few-negatives': row<{ batch: number; loss: string }>({
    severity: 'warning',
    message: ({ batch, loss }) =>
      `\`${loss}\` takes its negatives from the batch, and a batch of ${batch} has ${batch - 1} for each event`,
    hint: () => 'hundreds are usual: raise `batch`, or draw some with `negatives: sampled(…)`',
    means:
      'Without `negatives` the other items of the batch are what an event is told from. In a small batch a guess is often right, and the loss teaches little.',
    wrong: smallModel({ after: 'train { batch = 8 }' }),
    right: smallModel({ after: 'train { batch = 1024 }' }),
  }),

  'one-sided-channel': row<{ tower: string; channel: string; activation: string }>({
    severity: 'warning',
    message: ({ tower, channel, activation }) =>
      `\`${tower}.${channel}\` ends in \`${activation}\`, so none of its numbers is below 0, and no two vectors can point away from each other`,
    hint: () => 'leave the last activation out, or end with `tanh`',
    means:
      'After a relu, sigmoid or softplus no number is below 0, so that all vectors lie in one corner of the space: no cosine between them is below 0, and nothing can be disliked.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16, relu)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dense(16)' }),
  }),

  'last-dropout': row<{ tower: string; channel: string }>({
    severity: 'warning',
    message: ({ tower, channel }) =>
      `\`${tower}.${channel}\` ends in \`dropout\`: training compares vectors with holes that no layer makes up for`,
    hint: () => 'put `dropout` before the last layer',
    means:
      'Dropout sets numbers to 0 while training, and a later layer learns to do without any one of them. At the very end there is no later layer: training compares vectors with holes, serving compares whole ones.',
    wrong: smallModel({ user: 'channel main = user_id -> mlp(32, 16) -> dropout(0.2)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dropout(0.2) -> dense(16)' }),
  }),

  'retrieve-scales': row<{ first: string; second: string; firstSize: string; secondSize: string }>({
    severity: 'warning',
    message: ({ first, second, firstSize, secondSize }) =>
      `without \`retrieve\`, items rank by the sum of scores of different sizes: \`${first}\` ${firstSize}, \`${second}\` ${secondSize}`,
    hint: ({ first, second }) =>
      `write how much each task counts, for example \`retrieve = 0.5 * ${first} + 0.5 * ${second}\``,
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
  }),

  'retrieve-zero': row<{ task: string }>({
    severity: 'warning',
    message: ({ task }) => `\`retrieve\` weighs \`${task}\` with 0: it has no part in what is found`,
    hint: () => 'leave it out',
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
  }),

  'shadowed-name': row<{ what: string; name: string; hides: string }>({
    severity: 'warning',
    message: ({ what, name, hides }) => `${what} \`${name}\` hides ${hides}`,
    hint: () => 'give it a name of its own',
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
  }),

  'unused-constant': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `nothing reads the constant \`${name}\``,
    hint: () => 'remove it',
    unnecessary: true,
    means: 'Nothing reads this constant, so that changing it, with `--set` too, changes nothing.',
    wrong: smallModel({ before: 'let width = 64' }),
  }),

  'ignore-without-reason': row<{ code: string }>({
    severity: 'warning',
    message: () => 'this ignore gives no reason',
    hint: ({ code }) => `say why: \`// tower-ignore ${code}: …\``,
    means:
      '`// tower-ignore CODE: reason` silences a warning on its own line, or on the next one where it stands alone. Whoever reads it later must know why.',
    wrong: smallModel({ after: '// tower-ignore few-negatives\ntrain { batch = 8 }' }),
    right: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 8 }' }),
  }),

  'ignore-unknown-code': row<{ code: string; nearest?: string | undefined }>({
    severity: 'warning',
    message: ({ code }) => (code === '' ? 'this ignore names no code' : `there is no code \`${code}\` to ignore`),
    hint: (facts) =>
      didYouMean(facts) ?? 'a code stands in brackets behind each message: `// tower-ignore few-negatives: a test`',
    fix: 'restores',
    means: 'An ignore names the code of the warning that it silences, which stands in brackets behind the message.',
    wrong: smallModel({ after: '// tower-ignore few-negative: only tried on ten rows\ntrain { batch = 8 }' }),
  }),

  'ignore-of-error': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `\`${code}\` is an error, and errors cannot be ignored`,
    hint: () => 'mend it, and remove this comment',
    means: 'An error means that the model cannot be trained, or not as it is written. No comment changes that.',
    wrong: smallModel({ after: '// tower-ignore unknown-entry: later\ntrain { batch = 64 }' }),
  }),

  'unused-ignore': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `this ignore silences nothing: the next line gives no \`${code}\``,
    hint: () => 'remove it',
    unnecessary: true,
    means:
      'An ignore that silences nothing is left from a mistake that was mended, and would silence a new one that nobody has seen.',
    wrong: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 1024 }' }),
  }),
} as const;
