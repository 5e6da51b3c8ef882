/** Codes that warn: the model would train, and most likely not as it was meant. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';
import { bytesWords, didYouMean } from '../wording.ts';

const softmaxOf = (score: string, rest = '') => `task watch { score = ${score}, loss = softmax(in_batch${rest}) }`;

const inPositions = (negatives: string): string =>
  smallModel({
    features: 'history: list(movie_id, max: 10, pool: none)',
    userInputs: 'history',
    user: 'channel main = history -> gru(16)',
    item: 'channel main = movie_id -> dense(16)',
    tasks: `task watch { score = cosine(user, item), loss = softmax(${negatives}, temperature: 0.05) }`,
    after: 'train { targets = positions }',
  });

export const lint = {
  'temperature-unnormalised': row<{ score: string; argument: string }>({
    severity: 'warning',
    message: ({ score, argument }) =>
      `\`${argument}\` ${argument === 'scale' ? 'multiplies' : 'divides'} \`${score}\`, whose size has no limit, so training can undo it`,
    hint: () => 'end both channels with `-> normalize`, or score with `cosine`',
    means:
      'A temperature sets how sharp the softmax is, for scores of a known size. The inner product of free vectors has no fixed size: training can scale it at will, and the temperature has no lasting effect.',
    wrong: smallModel({ tasks: softmaxOf('dot(user, item)', ', temperature: 0.05') }),
  }),

  'bce-unscaled': row<{ loss?: string; score: string; low: string; high: string }>({
    severity: 'warning',
    message: ({ loss = 'sigmoid', score, low, high }) =>
      `\`${loss}\` on \`${score}\` cannot predict below ${low} or above ${high}`,
    hint: () => 'scale the score, such as `/ 0.1`',
    means:
      'A cosine is between −1 and 1, so its sigmoid is between 0.27 and 0.73. The loss keeps punishing even a certain answer.',
    wrong: smallModel({
      labels: 'liked: binary',
      tasks: 'task like { score = cosine(user, item), loss = bce, label = liked }',
    }),
  }),

  'bias-cancels': row<{ bias: string; loss: string }>({
    severity: 'warning',
    message: ({ bias, loss }) => `\`${bias}\` has no effect: \`${loss}\` compares scores of one row, which all have it`,
    hint: () => 'remove the bias',
    unnecessary: true,
    means:
      'The loss compares the scores of one row with each other. What does not depend on the item is the same in all of them, so the loss neither reads nor learns it. A bias of the item tower has an effect.',
    wrong: smallModel({
      tasks: 'task watch { score = dot(user, item) + item.bias + user.bias, loss = softmax(in_batch) }',
    }),
    right: smallModel({ tasks: 'task watch { score = dot(user, item) + item.bias, loss = softmax(in_batch) }' }),
  }),

  'table-over-budget': row<{ bytes: number; budget: number; largest: readonly string[] }>({
    severity: 'warning',
    message: ({ bytes, budget }) =>
      `the embedding tables take ${bytesWords(bytes)} (${bytes} bytes) without optimizer state, which is more than ${bytesWords(budget)}`,
    hint: ({ largest }) =>
      `use fewer \`hash\` buckets, a smaller \`dim\`, or \`precision: bf16\`; the largest tables are ${largest.join(', ')}`,
    means:
      'The embedding tables whose size the file shows take more than 2 GB of memory together. The optimizer needs further numbers for each row.',
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
      `the table of \`${name}\` has ${rows} rows of ${dim} numbers, far more than ${rows} values need`,
    hint: ({ enough }) => `use \`dim: ${enough}\`, which is enough`,
    means:
      'The rows of a table span at most as many directions as there are rows. A much wider table costs memory and time, and learns its few values no better.',
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
        ? `scores reach ±${stretch} before the softmax, so only the hardest negative has an effect`
        : `scores stay within ±${stretch} before the softmax, so the best and the worst item look almost alike`,
    hint: () => 'choose a temperature between 0.02 and 0.2, which is usual for a cosine',
    means:
      'The softmax reads the cosine, times its factor, divided by the temperature. Beyond ±100 only the hardest negative has a gradient. Within ±1 the best item can be at most seven times as likely as the worst.',
    wrong: smallModel({ tasks: softmaxOf('cosine(user, item)', ', temperature: 0.001') }),
    right: smallModel(),
  }),

  'few-negatives': row<{ batch: number; loss: string }>({
    severity: 'warning',
    message: ({ batch, loss }) =>
      `\`${loss}\` takes its negatives from the batch, and a batch of ${batch} has only ${batch - 1} for each event`,
    hint: () => 'raise `batch` to some hundreds, or draw negatives with `negatives: sampled(…)`',
    means:
      'Without `negatives`, the other items of the batch are the negatives of an event. In a small batch a guess is often right, so the loss teaches little.',
    wrong: smallModel({ after: 'train { batch = 8 }' }),
    right: smallModel({ after: 'train { batch = 1024 }' }),
  }),

  'own-negatives': row<{ loss: string }>({
    severity: 'warning',
    message: ({ loss }) =>
      `\`${loss}\` takes its negatives from the batch, and \`targets = positions\` puts the events of a user into one batch`,
    hint: () => 'draw negatives with `sampled(…)`, or score `all` items',
    means:
      'With `targets = positions` the events of a user come together in a step. A loss with negatives of the batch then takes the other items of a user as negatives. The model learns that the user does not want those items.',
    wrong: inPositions('in_batch'),
    right: inPositions('sampled(256)'),
  }),

  'nonnegative-channel': row<{ tower: string; channel: string; activation: string }>({
    severity: 'warning',
    formerly: 'one-sided-channel',
    message: ({ tower, channel, activation }) =>
      `\`${tower}.${channel}\` ends in \`${activation}\`, so no cosine of its vectors can be below 0`,
    hint: () => 'remove the last activation, or end with `tanh`',
    means:
      'After a relu, sigmoid or softplus no number is below 0, so all vectors lie in one corner of the space. No cosine between them is below 0, and no pair can be far apart.',
    wrong: smallModel({ user: 'channel main = user_id -> dense(16, relu)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dense(16)' }),
  }),

  'last-dropout': row<{ tower: string; channel: string }>({
    severity: 'warning',
    message: ({ tower, channel }) =>
      `\`${tower}.${channel}\` ends in \`dropout\`, and no later layer can make up for the dropped numbers`,
    hint: () => 'move `dropout` before the last layer',
    means:
      'Dropout sets numbers to 0 while training, and a later layer learns to work without any one of them. At the end of a channel there is no later layer: training compares vectors with holes, and serving compares whole ones.',
    wrong: smallModel({ user: 'channel main = user_id -> mlp(32, 16) -> dropout(0.2)' }),
    right: smallModel({ user: 'channel main = user_id -> dense(32, relu) -> dropout(0.2) -> dense(16)' }),
  }),

  'retrieve-scales': row<{ first: string; second: string; firstSize: string; secondSize: string }>({
    severity: 'warning',
    message: ({ first, second, firstSize, secondSize }) =>
      `without \`retrieve\`, items rank by a sum of scores of different sizes: \`${first}\` ${firstSize}, \`${second}\` ${secondSize}`,
    hint: ({ first, second }) =>
      `write the weight of each task, such as \`retrieve = 0.5 * ${first} + 0.5 * ${second}\``,
    means:
      'Without `retrieve`, items rank by the sum of the scores of all tasks, with the weights of the objective. A score of at most 10 then outweighs one of at most 1, whatever the objective says. Scores without a limit, such as `dot`, can grow to any size in training.',
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
    message: ({ task }) => `\`retrieve\` gives \`${task}\` the weight 0, so it has no effect`,
    hint: () => 'remove the task from `retrieve`',
    means: 'A task with the weight 0 in `retrieve` has no effect on what is found. Remove it to say the same.',
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
    hint: () => 'choose another name',
    means:
      'One name has two meanings. A step may share its name with a feature, a block with a library block, a parameter with a constant. The meaning of a line then depends on its place.',
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
    means: 'Nothing reads this constant, so a change of it has no effect, even with `--set`.',
    wrong: smallModel({ before: 'let width = 64' }),
  }),

  'ignore-without-reason': row<{ code: string }>({
    severity: 'warning',
    message: () => 'this ignore gives no reason',
    hint: ({ code }) => `add the reason: \`// tower-ignore ${code}: …\``,
    means:
      '`// tower-ignore CODE: reason` silences a warning on its own line, or on the next line if the comment has a line to itself. A later reader must know the reason.',
    wrong: smallModel({ after: '// tower-ignore few-negatives\ntrain { batch = 8 }' }),
    right: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 8 }' }),
  }),

  'ignore-unknown-code': row<{ code: string; nearest?: string | undefined }>({
    severity: 'warning',
    message: ({ code }) => (code === '' ? 'this ignore names no code' : `there is no code \`${code}\``),
    hint: (facts) =>
      didYouMean(facts) ??
      'write the code that each message ends with, such as `// tower-ignore few-negatives: a test`',
    fix: 'restores',
    means: 'An ignore names the code of the warning that it silences. Each message ends with its code in brackets.',
    wrong: smallModel({ after: '// tower-ignore few-negative: only tried on ten rows\ntrain { batch = 8 }' }),
  }),

  'ignore-renamed-code': row<{ former: string; code: string }>({
    severity: 'warning',
    message: ({ former, code }) => `\`${former}\` is now called \`${code}\``,
    hint: ({ code }) => `write \`${code}\`: a later version will not know the former name`,
    fix: 'rewrites',
    means:
      'An ignore names a code by its former name. The ignore still silences the warning, but a later version will not know the former name.',
    wrong: smallModel({
      user: '// tower-ignore one-sided-channel: counts\nchannel main = user_id -> dense(16, relu)',
    }),
  }),

  'ignore-of-error': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `\`${code}\` is an error, and errors cannot be ignored`,
    hint: () => 'fix the error, and remove this comment',
    means: 'An error means that the model cannot be trained as it is written. No comment changes that.',
    wrong: smallModel({ after: '// tower-ignore unknown-entry: later\ntrain { batch = 64 }' }),
  }),

  'unused-ignore': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `this ignore silences nothing: the next line has no \`${code}\``,
    hint: () => 'remove it',
    unnecessary: true,
    means:
      'This ignore silences nothing. The mistake was fixed earlier, and the ignore would silence a new one without notice.',
    wrong: smallModel({ after: '// tower-ignore few-negatives: only tried on ten rows\ntrain { batch = 1024 }' }),
  }),
} as const;
