/** What the searches for users and for items take and answer. */
import { longestKey } from './limits.ts';
import { closed, type Schema, text } from './schema_words.ts';

/** The parameters of a search for users. */
export interface UsersQuery {
  readonly prefix?: string;
  readonly limit?: number;
}

export interface UsersAnswer {
  readonly version: string;
  /** With how many items each has seen. */
  readonly users: readonly { readonly key: string; readonly seen: number }[];
}

/** The parameters of a search for items. */
export interface SearchQuery {
  readonly text: string;
  readonly limit?: number;
}

export interface SearchAnswer {
  readonly version: string;
  readonly items: readonly { readonly key: string; readonly title?: string }[];
}

/** @param item how an item is shown */
export function searchSchemas(version: Schema, item: Schema) {
  return {
    Users: closed('A search for users.', {
      prefix: text('How their keys begin.', { maxLength: longestKey, default: '' }),
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'How many users, at most.' },
    }),
    Found: closed(
      'The users that a search finds: the one with this key first.',
      {
        version,
        users: {
          type: 'array',
          items: closed(
            'A user.',
            {
              key: text('The key of the user.'),
              seen: { type: 'integer', description: 'How many items the user has had.' },
            },
            ['key', 'seen'],
          ),
        },
      },
      ['version', 'users'],
    ),
    Search: closed(
      'A search for items.',
      {
        text: text('What their titles contain, or a key. Capital letters and accents do not count.', {
          maxLength: longestKey,
        }),
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'How many items, at most.' },
      },
      ['text'],
    ),
    FoundItems: closed(
      'The items that a search finds: the one with this key, then those whose titles begin with the text, then others.',
      { version, items: { type: 'array', items: item } },
      ['version', 'items'],
    ),
  } as const satisfies Readonly<Record<string, Schema>>;
}
