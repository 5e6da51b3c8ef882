/** Codes of warnings: the model can be trained, but most likely not as intended. */
import { didYouMean, formatBytes, row } from '../wording.ts';

export const lint = {
  'temperature-unnormalised': row<{ score: string; argument: string }>({
    severity: 'warning',
    message: ({ score, argument }) =>
      `\`${argument}\` ${argument === 'scale' ? 'multiplies' : 'divides'} \`${score}\`, whose size has no limit, so training can undo it`,
    hint: 'end both channels with `-> normalize`, or score with `cosine`',
  }),

  'bce-unscaled': row<{ loss?: string; score: string; low: string; high: string }>({
    severity: 'warning',
    message: ({ loss = 'sigmoid', score, low, high }) =>
      `\`${loss}\` on \`${score}\` cannot predict below ${low} or above ${high}`,
    hint: 'scale the score, such as `/ 0.1`',
  }),

  'bias-cancels': row<{ bias: string; loss: string }>({
    severity: 'warning',
    message: ({ bias, loss }) => `\`${bias}\` has no effect: \`${loss}\` compares scores of one row, which all have it`,
    hint: 'remove the bias',
    unnecessary: true,
  }),

  'table-over-budget': row<{ bytes: number; budget: number; largest: readonly string[] }>({
    severity: 'warning',
    message: ({ bytes, budget }) =>
      `the embedding tables take ${formatBytes(bytes)} (${bytes} bytes) without optimizer state, which is more than ${formatBytes(budget)}`,
    hint: ({ largest }) =>
      `use fewer \`hash\` buckets, a smaller \`dim\`, or \`precision: bf16\`; the largest tables are ${largest.join(', ')}`,
  }),

  'wide-table': row<{ name: string; rows: number; dim: number; enough: number }>({
    severity: 'warning',
    message: ({ name, rows, dim }) =>
      `the table of \`${name}\` has ${rows} rows of ${dim} numbers, far more than ${rows} values need`,
    hint: ({ enough }) => `use \`dim: ${enough}\`, which is enough`,
  }),

  'temperature-extreme': row<{ stretch: number; sharp: boolean }>({
    severity: 'warning',
    message: ({ stretch, sharp }) =>
      sharp
        ? `scores reach ±${stretch} before the softmax, so only the hardest negative has an effect`
        : `scores stay within ±${stretch} before the softmax, so the best and the worst item look almost alike`,
    hint: 'choose a temperature between 0.02 and 0.2, which is usual for a cosine',
  }),

  'negatives-outweigh': row<{ weight: number; score: string }>({
    severity: 'warning',
    message: ({ weight, score }) =>
      `the negatives count ${weight} times as much as the positives, so the loss also falls if \`${score}\` falls for all items alike`,
    hint: 'use `weight: 1`, and raise it only as far as a metric on validation rises',
  }),

  'margin-without-effect': row<{ loss: string; margin: number; apart: number }>({
    severity: 'warning',
    message: ({ loss, margin, apart }) =>
      `two scores differ by ${apart} at most, so no item can be better than its negatives by ${margin}, the margin of \`${loss}\``,
    hint: 'choose a margin between 0.1 and 0.5, which is usual for a cosine',
  }),

  'rate-extreme': row<{ optimizer: string; rate: number; least: number; most: number }>({
    severity: 'warning',
    message: ({ optimizer, rate, most }) =>
      rate > most
        ? `a rate of ${rate} is so large for \`${optimizer}\` that each step undoes the steps before it`
        : `a rate of ${rate} is so small for \`${optimizer}\` that the weights hardly change`,
    hint: ({ optimizer, least, most }) =>
      `choose a rate between ${least} and ${most}; \`${optimizer}\` alone takes the usual one`,
  }),

  'few-negatives': row<{ batch: number; loss: string }>({
    severity: 'warning',
    message: ({ batch, loss }) =>
      `\`${loss}\` takes its negatives from the batch, and a batch of ${batch} has only ${batch - 1} for each event`,
    hint: 'raise `batch` to some hundreds, or draw negatives with `negatives: sampled(…)`',
  }),

  'own-negatives': row<{ loss: string }>({
    severity: 'warning',
    message: ({ loss }) =>
      `\`${loss}\` takes its negatives from the batch, and \`targets = positions\` puts the events of a user into one batch`,
    hint: 'draw negatives with `sampled(…)`, or score `all` items',
  }),

  'nonnegative-channel': row<{ tower: string; channel: string; activation: string }>({
    severity: 'warning',
    message: ({ tower, channel, activation }) =>
      `\`${tower}.${channel}\` ends in \`${activation}\`, so no cosine of its vectors can be below 0`,
    hint: 'remove the last activation, or end with `tanh`',
  }),

  'last-dropout': row<{ tower: string; channel: string }>({
    severity: 'warning',
    message: ({ tower, channel }) =>
      `\`${tower}.${channel}\` ends in \`dropout\`, and no later layer can make up for the dropped numbers`,
    hint: 'move `dropout` before the last layer',
  }),

  'retrieve-scales': row<Record<'first' | 'second' | 'firstSize' | 'secondSize', string> & { isWritten: boolean }>({
    severity: 'warning',
    message: ({ first, second, firstSize, secondSize, isWritten }) =>
      `${isWritten ? '`retrieve` adds' : 'without `retrieve`, items rank by a sum of'} scores of different sizes: \`${first}\` ${firstSize}, \`${second}\` ${secondSize}`,
    hint: ({ first, second, firstSize, secondSize }) =>
      [firstSize, secondSize].includes('has no limit')
        ? `rank by one task, such as \`retrieve = ${first}\`, or give both a score with a limit, such as \`cosine\``
        : `write the weight of each task, such as \`retrieve = 0.5 * ${first} + 0.5 * ${second}\``,
  }),

  'retrieve-zero': row<{ task: string }>({
    severity: 'warning',
    message: ({ task }) => `\`retrieve\` gives \`${task}\` the weight 0, so it has no effect`,
    hint: 'remove the task from `retrieve`',
  }),

  'shadowed-name': row<{ what: string; name: string; hides: string }>({
    severity: 'warning',
    message: ({ what, name, hides }) => `${what} \`${name}\` hides ${hides}`,
    hint: 'choose another name',
  }),

  'unused-constant': row<{ name: string }>({
    severity: 'warning',
    message: ({ name }) => `nothing reads the constant \`${name}\``,
    hint: 'remove it',
    unnecessary: true,
  }),

  'ignore-without-reason': row<{ code: string }>({
    severity: 'warning',
    message: () => 'this ignore gives no reason',
    hint: ({ code }) => `add the reason: \`// tower-ignore ${code}: …\``,
  }),

  'ignore-unknown-code': row<{ code: string; nearest?: string | undefined }>({
    severity: 'warning',
    message: ({ code }) => (code === '' ? 'this ignore names no code' : `there is no code \`${code}\``),
    hint: (facts) =>
      didYouMean(facts) ??
      'write the code that each message ends with, such as `// tower-ignore few-negatives: a test`',
    fix: 'restores',
  }),

  'ignore-of-error': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `\`${code}\` is an error, and errors cannot be ignored`,
    hint: 'fix the error, and remove this comment',
  }),

  'unused-ignore': row<{ code: string }>({
    severity: 'warning',
    message: ({ code }) => `this ignore silences nothing: the next line has no \`${code}\``,
    hint: 'remove it',
    unnecessary: true,
  }),
} as const;
