/** Codes of products of tasks, and of tasks without a loss, which learn through a product. */
import { row } from '../wording.ts';

export const products = {
  'not-a-product': row<{ found: string }>({
    message: ({ found }) => `a product takes names of tasks alone, found ${found}`,
    hint: 'write a product such as `click * convert`, or a score of the two towers',
  }),

  'product-of-one': row<{ task: string }>({
    message: ({ task }) => `\`${task}\` is a task, and a product needs two tasks at least`,
    hint: 'write two tasks, such as `click * convert`, or a score of the two towers',
  }),

  'product-cycle': row<{ cycle: readonly string[] }>({
    message: ({ cycle }) => `a product has itself as a factor: ${cycle.map((name) => `\`${name}\``).join(' → ')}`,
    hint: 'remove one of the factors, or give a task a score of the two towers',
  }),

  'product-factor-loss': row<{ task: string; loss: string }>({
    message: ({ task, loss }) => `\`${task}\` learns by \`${loss}\`, so that its score is no probability of an event`,
    hint: 'use `bce` with a label for that task, or remove its loss',
  }),

  'product-loss': row<{ task: string; loss: string; scale?: number }>({
    message: ({ task, loss, scale }) =>
      scale === undefined
        ? `task \`${task}\` is a product of probabilities, and \`${loss}\` takes no probability`
        : `task \`${task}\` is a product of probabilities, so \`${loss}\` takes no scale, found ${scale}`,
    hint: ({ scale }) =>
      scale === undefined ? 'use `bce` with a binary label' : 'remove the scale, or scale the scores of the factors',
  }),

  'entry-without-loss': row<{ task: string; entry: string }>({
    message: ({ task, entry }) => `task \`${task}\` has no loss, so its \`${entry}\` has no effect`,
    hint: ({ entry }) => `remove \`${entry}\`, or add a loss`,
  }),

  'objective-no-loss': row<{ task: string }>({
    message: ({ task }) => `\`objective\` has task \`${task}\`, which has no loss`,
    hint: 'remove the task from `objective`, or give it a loss',
  }),

  'product-in-retrieve': row<{ task: string; logits: string; absent?: true }>({
    message: ({ task, absent }) =>
      absent
        ? `without \`retrieve\`, items would rank by task \`${task}\`, and a product of probabilities is no inner product`
        : `items cannot rank by task \`${task}\`: a product of probabilities is no inner product`,
    hint: ({ logits }) => `rank by the scores of its factors, such as \`retrieve = ${logits}\``,
  }),
} as const;
