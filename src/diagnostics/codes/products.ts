/** Codes of products of tasks, and of tasks without a loss, which learn through a product. */

import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';

const productTask = 'task buy { score = click * convert, loss = bce, label = bought }';

/** Clicks, and what is bought after a click. */
const productModel = (buy = productTask, after = 'retrieve = click + convert'): string =>
  smallModel({
    labels: 'clicked: binary, bought: binary',
    tasks: `task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }\ntask convert { score = cosine(user, item) / 0.2 }\n${buy}`,
    after,
  });

export const products = {
  'not-a-product': row<{ found: string }>({
    severity: 'error',
    message: ({ found }) => `a product takes names of tasks alone, found ${found}`,
    hint: () => 'write a product such as `click * convert`, or a score of the two towers',
    means:
      'A product multiplies the probabilities that tasks predict: `click * convert`. It takes no numbers, no scores and no sums, because the result must be a probability. Give each score a task, and name the tasks.',
    wrong: productModel('task buy { score = 0.5 * click * convert, loss = bce, label = bought }'),
    right: productModel(),
  }),

  'product-of-one': row<{ task: string }>({
    severity: 'error',
    message: ({ task }) => `\`${task}\` is a task, and a product needs two tasks at least`,
    hint: () => 'write two tasks, such as `click * convert`, or a score of the two towers',
    means:
      'A score compares the two towers, or it is the product of two tasks or more. The name of one task is neither. To learn another label by the same score, write the score again.',
    wrong: productModel(
      'task see { score = click, loss = bce, label = bought }\ntask buy { score = click * convert, loss = bce, label = bought }',
    ),
    right: productModel(),
  }),

  'product-cycle': row<{ cycle: readonly string[] }>({
    severity: 'error',
    message: ({ cycle }) => `a product has itself as a factor: ${cycle.map((name) => `\`${name}\``).join(' → ')}`,
    hint: () => 'remove one of the factors, or give a task a score of the two towers',
    means: 'A product is computed from its factors, so none of them may be computed from the product.',
    wrong: productModel(
      'task buy { score = click * keep, loss = bce, label = bought }\ntask keep { score = convert * buy }',
    ),
    right: productModel(),
  }),

  'product-factor-loss': row<{ task: string; loss: string }>({
    severity: 'error',
    message: ({ task, loss }) => `\`${task}\` learns by \`${loss}\`, so that its score is no probability of an event`,
    hint: () => 'use `bce` with a label for that task, or remove its loss',
    means:
      'The factors of a product are probabilities of one event: σ(score). A task with `bce` and a label, or with `focal`, predicts one. Losses that compare items with others do not say how likely one item is by itself, and `mse` predicts a number. A task without a loss learns through the product.',
    wrong: productModel().replace('loss = bce', 'loss = mse'),
    right: productModel(),
  }),

  'product-loss': row<{ task: string; loss: string; scale?: number }>({
    severity: 'error',
    message: ({ task, loss, scale }) =>
      scale === undefined
        ? `task \`${task}\` is a product of probabilities, and \`${loss}\` takes no probability`
        : `task \`${task}\` is a product of probabilities, so \`${loss}\` takes no scale, found ${scale}`,
    hint: ({ scale }) =>
      scale === undefined ? 'use `bce` with a binary label' : 'remove the scale, or scale the scores of the factors',
    means:
      'A product of probabilities is the probability of a label, such as that somebody clicks and buys. `bce` with a label and `focal` learn one. A scale would change the probability, so that it would no longer be the product.',
    wrong: productModel('task buy { score = click * convert, loss = mse, label = bought }'),
    right: productModel(),
  }),

  'entry-without-loss': row<{ task: string; entry: string }>({
    severity: 'error',
    message: ({ task, entry }) => `task \`${task}\` has no loss, so its \`${entry}\` has no effect`,
    hint: ({ entry }) => `remove \`${entry}\`, or add a loss`,
    means:
      'A task without a loss learns through the products that name it. A label, a weight and `only` are what a loss reads.',
    wrong: productModel().replace('/ 0.2 }', '/ 0.2, label = bought }'),
    right: productModel(),
  }),

  'objective-no-loss': row<{ task: string }>({
    severity: 'error',
    message: ({ task }) => `\`objective\` has task \`${task}\`, which has no loss`,
    hint: () => 'remove the task from `objective`, or give it a loss',
    means: '`objective` adds up losses. A task without a loss learns through the product that names it.',
    wrong: productModel(undefined, 'objective = click + convert + buy\nretrieve = click + convert'),
    right: productModel(undefined, 'objective = click + buy\nretrieve = click + convert'),
  }),

  'product-in-retrieve': row<{ task: string; logits: string; absent?: true }>({
    severity: 'error',
    message: ({ task, absent }) =>
      absent
        ? `without \`retrieve\`, items would rank by task \`${task}\`, and a product of probabilities is no inner product`
        : `items cannot rank by task \`${task}\`: a product of probabilities is no inner product`,
    hint: ({ logits }) => `rank by the scores of its factors, such as \`retrieve = ${logits}\``,
    means:
      'Items rank by one inner product, so that an index can find the best. The product of probabilities is none. The sum of the logits of its factors is one, and it ranks nearly as the product does where probabilities are small: log(σ(a) · σ(b)) is close to a + b for a and b far below 0. Where a probability is near 1, its logit still counts in the sum and no longer in the product. Weigh the terms, or rank by one task alone, if validation says so.',
    wrong: productModel(undefined, 'retrieve = buy'),
    right: productModel(),
  }),
} as const;
