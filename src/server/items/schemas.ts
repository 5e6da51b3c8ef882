/** The schemas of writes of items. The columns are those of the data: the core checks them. */
import { longestKey } from '../limits.ts';
import { closed, type Schema, text } from '../schema_words.ts';

/** One write of an array: `columns` is null for an item that is deleted. */
export interface WriteBody {
  readonly key: string | number;
  readonly columns: Readonly<Record<string, unknown>> | null;
}

export type WriteOutcome = 'added' | 'changed' | 'deleted';

export interface WrittenAnswer {
  readonly key: string;
  readonly outcome: WriteOutcome;
}

const columns: Schema = { maxProperties: 1000, propertyNames: { maxLength: longestKey } };

export const itemSchemas = {
  Item: {
    type: 'object',
    description: 'An item: the columns of the items file, each with a value of its type, or null.',
    ...columns,
  },
  Write: closed(
    'An item that is added or changed, or one that is deleted.',
    {
      key: { type: ['string', 'integer'], maxLength: longestKey, description: 'Key of the item.' },
      columns: {
        type: ['object', 'null'],
        description:
          'The columns of the items file, each with a value of its type, or null. Null in their place deletes the item.',
        ...columns,
      },
    },
    ['key', 'columns'],
  ),
  Written: closed(
    'What became of a write. It is on the disk, and in every answer from now on.',
    { key: text('Key of the item.'), outcome: text('`added`, `changed` or `deleted`.') },
    ['key', 'outcome'],
  ),
} as const satisfies Readonly<Record<string, Schema>>;
