// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const tower = {
  brief: 'One side: what it reads, its key, its channels.',
  doc: 'One side of the model. The parentheses name its inputs; `keyed by` names the feature that identifies a user or an item. Its lines are steps; lines with `channel` are its outputs.',
  example: 'tower item(film) keyed by movie_id {\n  channel main = film -> flatten -> mlp(128, 64)\n}',
  snippet: [
    'tower ${1:user}(${2:profile}) keyed by ${3:user_id} {',
    '  channel ${4:main} = $2 -> flatten -> ${5:mlp(128, 64)}',
    '}',
  ],
  value: { is: 'channel' },
  words: {
    keyed: {
      what: 'word of a tower',
      brief: 'The feature that identifies a user or an item.',
      doc: 'Names the feature that identifies a user or an item.',
      example: 'tower user(person) keyed by user_id { channel main = person -> flatten -> dense(64) }',
    },
    by: {
      what: 'word of a tower and of a data file',
      brief: 'The column that it is joined by.',
      doc: 'After `keyed` it names the key of a tower; after a file of items or users the column that joins it to the events.',
      example: 'items = "movies.csv" by movie_id',
    },
    channel: {
      what: 'word of a tower',
      brief: 'An output of the tower.',
      doc: 'An output of a tower. A score pairs the channels of the two towers by name, and two that pair have one width.',
      example: 'channel main = film -> flatten -> mlp(128, 64)',
    },
  },
} satisfies DeclarationRow;
