// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import { losses } from '../losses/table.ts';
import { callEntry, declaration, uncheckedEntry } from './entry.ts';

export const task = declaration({
  brief: 'What the model learns: a score of the two towers, and a loss.',
  doc: 'What the model learns: a score of the two towers, or a product of other tasks, and a loss; a label if the loss needs one.',
  example: 'task watch {\n  score = cosine(user, item)\n  loss  = softmax(in_batch, temperature: 0.05)\n}',
  snippet: [
    'task ${1:watch} {',
    '  score = ${2:cosine}(${3:user}, ${4:item})',
    '  loss  = ${5:softmax(in_batch, temperature: 0.05)}',
    '}',
  ],
  entries: {
    score: uncheckedEntry(
      'cosine(user, item)',
      { is: 'score' },
      {
        required: true,
        doc: 'How well an item answers: `cosine(user, item)`, times or divided by a number. `dot` also takes biases: `+ user.bias + item.bias + mean`. Or the product of what other tasks predict: `click * convert`.',
      },
    ),
    loss: callEntry(
      'softmax(in_batch, temperature: 0.1)',
      { what: 'loss', of: losses },
      {
        doc: 'What is minimised: `softmax(in_batch)`, `bce`. A task needs one, unless a product names the task: it then learns through the product.',
      },
    ),
    label: uncheckedEntry(
      'clicked',
      { is: 'reference', of: ['label'] },
      { doc: 'The label that the loss predicts, if it needs one.' },
    ),
    weight: uncheckedEntry(
      'seconds',
      { is: 'reference', of: ['feature', 'label'] },
      { doc: 'A label or feature whose value weighs each row.' },
    ),
    only: uncheckedEntry(
      'clicked',
      { is: 'reference', of: ['label'], binary: true },
      { doc: 'A binary label: the task learns only from rows where it is 1.' },
    ),
  },
});
