/**
 * The JSON Schemas of bodies and answers. One source for three uses: ajv checks bodies with them, `/openapi.json` shows them, and tests hold answers to
 * them. Their types are next to them.
 */
import { aboutSchema } from './about_schema.ts';
import { itemSchemas } from './items/schemas.ts';
import { type Limits, longestFilter, longestKey, longestList } from './limits.ts';
import { protocolSchemas } from './protocols/schemas.ts';
import { closed, type Schema, text } from './schema_words.ts';

export type { Schema } from './schema_words.ts';
export type { SearchAnswer, SearchQuery, UsersAnswer, UsersQuery } from './search_schemas.ts';

import { searchSchemas } from './search_schemas.ts';
import { versionSchemas } from './versions/schemas.ts';

/** A key as a data file has it: a text, or a whole number that JSON can hold. */
export type Key = string | number;

/** What both routes take. */
export interface Selection {
  readonly k?: number;
  readonly filter?: string;
  readonly exclude?: readonly Key[];
  /** Columns of the items file that the answer shows. */
  readonly columns?: readonly string[];
}

export interface RecommendBody extends Selection {
  readonly user?: Key;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly vector?: readonly number[];
  readonly removeSeen?: boolean;
  readonly weights?: Readonly<Record<string, number>>;
  /** How many items of the user's history the answer shows. */
  readonly history?: number;
  /** Whether each item has the share of each task of `retrieve` in its score. */
  readonly shares?: boolean;
}

export interface SimilarBody extends Selection {
  readonly item: Key;
}

export interface AnsweredItem {
  readonly key: string;
  readonly title?: string;
  readonly score: number;
  readonly shares?: Readonly<Record<string, number>>;
  readonly columns?: Readonly<Record<string, unknown>>;
}

export interface RecommendAnswer {
  readonly version: string;
  readonly user?: string;
  readonly items: readonly AnsweredItem[];
  readonly history?: readonly Omit<AnsweredItem, 'score' | 'shares' | 'columns'>[];
  readonly notes: readonly string[];
  /** Of an index that may miss an item; absent where it is proved that no other item has a higher score. */
  readonly exact?: false;
}

export interface SimilarAnswer {
  readonly version: string;
  readonly item: string;
  readonly items: readonly AnsweredItem[];
  readonly notes: readonly string[];
}

/** One mistake of a request. */
export interface Mistake {
  /** A code of `docs/errors`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** A JSON pointer into the body; '' is the whole request. */
  readonly at: string;
  /** Of a mistake in a filter: its characters, from 0; the end is past the last. */
  readonly start?: number;
  readonly end?: number;
}

export interface Refusal {
  /** The id of the request, which its line in the log has too. */
  readonly request: string;
  readonly errors: readonly Mistake[];
}

export type Schemas = Readonly<Record<SchemaName, Schema>>;
export type SchemaName =
  | keyof typeof protocolSchemas
  | 'Recommend'
  | 'Similar'
  | 'Recommended'
  | 'Similars'
  | keyof ReturnType<typeof searchSchemas>
  | 'About'
  | 'Change'
  | 'Share'
  | 'Versions'
  | keyof typeof itemSchemas
  | 'Refusal'
  | 'State';

/** By name. Long because each entry of a body has its limits and its sentence. */
export function makeSchemas(limits: Limits): Schemas {
  const key: Schema = { type: ['string', 'integer'], maxLength: longestKey };
  const selection = {
    k: { type: 'integer', minimum: 1, maximum: limits.k, default: 10, description: 'How many items, at most.' },
    filter: text("A condition on columns of the items file: `year >= 1990 and 'Drama' in genres`.", {
      maxLength: longestFilter,
    }),
    exclude: { type: 'array', items: key, maxItems: longestList, description: 'Keys of items that are left out.' },
    columns: {
      type: 'array',
      items: { type: 'string', maxLength: longestKey },
      maxItems: 100,
      description: 'Columns of the items file that the answer shows.',
    },
  };
  const named = { key: text('Key of the item.'), title: text('Title, where the data has titles.') };
  const items = (score: string): Schema => ({
    type: 'array',
    description: 'The best items, best first.',
    items: closed(
      'An item.',
      {
        ...named,
        score: { type: 'number', description: score },
        shares: {
          type: 'object',
          additionalProperties: { type: 'number' },
          description: 'By task of `retrieve`: what it adds to the score.',
        },
        columns: { type: 'object', description: 'Values of the columns that were asked for; null where missing.' },
      },
      ['key', 'score'],
    ),
  });
  const version = text('What identifies the model: the checksum of its manifest.');
  const notes = {
    type: 'array',
    items: { type: 'string' },
    description: 'How the answer came about, where it is not the plain case.',
  };

  return {
    Recommend: closed('A query: by the key of a user, by feature values, by both, or by a vector.', {
      user: { ...key, description: 'Key of the query tower. With a vector: whose seen items are left out.' },
      values: {
        type: 'object',
        maxProperties: 1000,
        propertyNames: { maxLength: longestKey },
        description:
          'Values of features, encoded as training encoded them. They replace what the data has of the user. Without a user, they are all that is known.',
      },
      vector: {
        type: 'array',
        items: { type: 'number' },
        minItems: 1,
        maxItems: longestList,
        description: 'A vector of the query tower, in place of `values`.',
      },
      removeSeen: {
        type: 'boolean',
        description: 'Whether items that the user has had are left out. Default: as `seen` of the data block.',
      },
      weights: {
        type: 'object',
        additionalProperties: { type: 'number' },
        maxProperties: 1000,
        propertyNames: { maxLength: longestKey },
        description: 'By task of `retrieve`: how much its score counts, in place of its factor there.',
      },
      shares: {
        type: 'boolean',
        default: false,
        description: 'Whether each item has the share of each task of `retrieve` in its score.',
      },
      history: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        default: 0,
        description: 'How many items of the user’s history the answer shows, the latest first.',
      },
      ...selection,
    }),
    Similar: closed(
      'A query for the items near an item.',
      { item: { ...key, description: 'Key of the item.' }, ...selection },
      ['item'],
    ),
    Recommended: closed(
      'The answer to one query.',
      {
        version,
        user: text('The key of the user, where the query has one.'),
        items: items('The inner product of the vectors of user and item.'),
        history: { type: 'array', items: closed('An item.', named, ['key']), description: 'Latest first.' },
        notes,
        exact: {
          type: 'boolean',
          description:
            'False where an index searched, which may miss an item. Absent: no other item has a higher score.',
        },
      },
      ['version', 'items', 'notes'],
    ),
    Similars: closed(
      'The items near an item.',
      { version, item: text('Key of the item.'), items: items('The cosine of the vectors of the items.'), notes },
      ['version', 'item', 'items', 'notes'],
    ),
    ...searchSchemas(version, closed('An item.', named, ['key'])),
    About: aboutSchema(version),
    ...protocolSchemas,
    ...versionSchemas(),
    ...itemSchemas,
    Refusal: closed(
      'Why there is no answer.',
      {
        request: text('The id of the request.'),
        errors: {
          type: 'array',
          minItems: 1,
          items: closed(
            'A mistake.',
            {
              code: text('The name of the mistake: `tower explain CODE` explains it.'),
              message: text('What is wrong.'),
              hint: text('What to do.'),
              at: text('JSON pointer into the body; the empty text is the whole request.'),
              start: { type: 'integer', description: 'First character of the mistake in a filter, from 0.' },
              end: { type: 'integer', description: 'Past its last character.' },
            },
            ['code', 'message', 'hint', 'at'],
          ),
        },
      },
      ['request', 'errors'],
    ),
    State: closed('The state of the server.', { status: text('`ok`, `starting`, `ready` or `stopping`.'), version }, [
      'status',
    ]),
  };
}
