/**
 * JSON Schemas of bodies and answers, with their types. They have three uses: ajv validates bodies, `/openapi.json` publishes them, and tests
 * validate answers. Long because it is a table with one schema for each body.
 */

import type { FoundUser, TopItem } from '../../retrieval/snapshot.ts';
import { type Item, maxWeight, type RerankEntries } from '../../retrieval/top_request.ts';
import { type Limits, maxFilterLength, maxKeyLength, maxListLength } from './limits.ts';

/** A key as in a data file: a text, or a whole number that JSON can represent. */
type Key = string | number;

export interface Selection extends Omit<RerankEntries, 'because'> {
  readonly k?: number;
  readonly filter?: string;
  readonly exclude?: readonly Key[];
  readonly columns?: readonly string[];
  /** The version that answers. Another one refuses the request, so that pages fit together. */
  readonly version?: string;
}

export interface RecommendBody extends Selection {
  readonly user?: Key;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly vector?: readonly number[];
  readonly removeSeen?: boolean;
  readonly weights?: Readonly<Record<string, number>>;
  readonly history?: number;
  /** Adds the share of each task of `retrieve` to each item. */
  readonly shares?: boolean;
  /** How many past items each item names, to which it owes the most of its score. */
  readonly because?: number;
  /** Features of users. A query without past items is answered by the average of users with the same values. */
  readonly average?: readonly string[];
}

export interface SimilarBody extends Selection {
  readonly item: Key;
}

/** A query by user, by feature values or by both, or an item. */
export interface VectorsBody extends Pick<RecommendBody, 'user' | 'values'> {
  readonly item?: Key;
}

export interface VectorsAnswer {
  readonly version: string;
  /** One for each interest of a query; otherwise one. */
  readonly vectors: readonly (readonly number[])[];
}

export interface AnsweredItem extends Omit<TopItem, 'row'> {
  readonly columns?: Readonly<Record<string, unknown>>;
}

interface ItemsAnswer {
  readonly version: string;
  readonly items: readonly AnsweredItem[];
  readonly notes: readonly string[];
  /** The seed of the exploration. */
  readonly seed?: number;
}

export interface RecommendAnswer extends ItemsAnswer {
  readonly asOf?: string | number;
  readonly user?: string;
  readonly history?: readonly Item[];
  /** False if an index answered, which may miss items. Absent if it is proved that no other item has a higher score. */
  readonly exact?: false;
}

export interface SimilarAnswer extends ItemsAnswer {
  readonly item: string;
}

export interface ErrorDetail {
  /** A code of `docs/errors`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** A JSON pointer into the body; '' is the whole request. */
  readonly at: string;
  /** Range of characters of an error in a filter, from 0. `end` is after the last character. */
  readonly start?: number;
  readonly end?: number;
}

export interface ErrorAnswer {
  /** The id of the request, which is also in its line of the log. */
  readonly request: string;
  readonly errors: readonly ErrorDetail[];
}

export interface ChangeBody {
  readonly version?: string;
}

export interface UsersQuery {
  readonly prefix?: string;
  readonly limit?: number;
}

export interface UsersAnswer {
  readonly version: string;
  readonly users: readonly FoundUser[];
}

export interface SearchQuery {
  readonly text: string;
  readonly limit?: number;
}

export interface SearchAnswer {
  readonly version: string;
  readonly items: readonly Item[];
}

/** One write of an array. `columns` is null to delete the item. */
export interface WriteBody {
  readonly key: Key;
  readonly columns: Readonly<Record<string, unknown>> | null;
}

export type WriteOutcome = 'added' | 'changed' | 'deleted';

export interface WrittenAnswer {
  readonly key: string;
  readonly outcome: WriteOutcome;
}

/**
 * `known`: an event with this id is there already. `left_out`: the data block leaves the event out, by `where`. `unknown_item`: it is kept, and training may learn
 * the item, which the model does not have. `late`: it is kept for training, and its time is not after the events of the data, which may have it.
 */
export type EventOutcome = 'added' | 'known' | 'late' | 'left_out' | 'unknown_item';

export interface EventBody {
  readonly user: Key;
  readonly item: Key;
  readonly time?: string | number;
  readonly id?: string;
  readonly request?: string;
  readonly columns?: Readonly<Record<string, unknown>>;
}

export interface EventAnswer {
  readonly user: string;
  readonly item: string;
  readonly outcome: EventOutcome;
}

interface ShownVersion {
  readonly version: string;
  readonly folder: string;
  readonly loaded: string;
  readonly items: number;
}

export interface VersionsAnswer {
  readonly current: ShownVersion;
  readonly before?: { readonly version: string; readonly folder: string };
}

export type Schema = Readonly<Record<string, unknown>>;

const textSchema = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });

const listSchema = (description: string, items: Schema, more: Schema = {}): Schema => ({
  ...{ type: 'array', description, items },
  ...more,
});

const integerSchema = (description: string, more: Schema = {}): Schema => ({ type: 'integer', description, ...more });

/** A key, as a text or as a number that JSON does not round. */
const keySchema: Schema = {
  type: ['string', 'integer'],
  maxLength: maxKeyLength,
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};

const closed = (description: string, properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});

/** The schema of an object that has all of these entries. */
const complete = (description: string, properties: Schema): Schema =>
  closed(description, properties, Object.keys(properties));

export type Schemas = Readonly<Record<SchemaName, Schema>>;
export type SchemaName = keyof ReturnType<typeof makeSchemas>;

/** The function is long because each entry of a body has limits and a description. */
export function makeSchemas(limits: Limits) {
  const selection = {
    k: integerSchema('How many items, at most.', { minimum: 1, maximum: limits.k, default: 10 }),
    filter: textSchema("A condition on columns of the items file: `year >= 1990 and 'Drama' in genres`.", {
      maxLength: maxFilterLength,
    }),
    exclude: listSchema('Keys of items that are left out.', keySchema, { maxItems: maxListLength }),
    columns: listSchema(
      'Columns of the items file that the answer shows.',
      { type: 'string', maxLength: maxKeyLength },
      { maxItems: 100 },
    ),
    offset: integerSchema('How many of the best items earlier pages have shown.', {
      minimum: 0,
      maximum: limits.k,
      default: 0,
    }),
    candidates: integerSchema(
      'How many of the best items `diversity` and `most` choose from. Default: four times `k`, from 200 to 1000.',
      { minimum: 1, maximum: limits.k },
    ),
    diversity: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'How much an item counts that is unlike those before it: 0 orders by score, 1 by unlikeness alone.',
    },
    most: {
      type: 'object',
      additionalProperties: { type: 'integer', minimum: 1 },
      maxProperties: 100,
      propertyNames: { maxLength: maxKeyLength },
      description: 'By column of the items file: how many items with the same value a list has at most.',
    },
    boost: weightedFilters('Weights that are added to the scores of items that meet a condition.'),
    bury: weightedFilters('Weights that are subtracted.'),
    exploration: closed(
      'A share of the places gets items that are drawn at random, and not by their score.',
      {
        share: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          description: 'The probability with which the item of a place is drawn.',
        },
        filter: textSchema('What is drawn from: items that meet a condition, such as new ones. Default: all.', {
          maxLength: maxFilterLength,
        }),
        seed: integerSchema('The same seed draws the same items. Default: a random one.', seedRange),
      },
      ['share'],
    ),
    version: textSchema('The `version` of the first page. Another version refuses the request.', {
      maxLength: maxKeyLength,
    }),
  };
  const named = { key: textSchema('Key of the item.'), title: textSchema('Title, where the data has titles.') };
  const item = closed('An item.', named, ['key']);
  const items = (score: string): Schema =>
    listSchema(
      'The best items, best first.',
      closed(
        'An item.',
        {
          ...named,
          score: { type: 'number', description: score },
          probability: {
            type: 'number',
            description:
              'With `exploration`: the probability with which the item got its place, after those before it.',
          },
          because: listSchema(
            'Past items of the query to which it owes the most of its score.',
            closed(
              'A past item.',
              { ...named, score: { type: 'number', description: 'How much lower the score is without it.' } },
              ['key', 'score'],
            ),
          ),
          boost: { type: 'number', description: 'What `boost` and `bury` add to the score; absent where that is 0.' },
          shares: {
            type: 'object',
            additionalProperties: { type: 'number' },
            description: 'By task of `retrieve`: what it adds to the score.',
          },
          columns: { type: 'object', description: 'Values of the columns that were asked for; null where missing.' },
        },
        ['key', 'score'],
      ),
    );
  const request = textSchema(
    'The id of the answer, which an event can name in `request`: that of the request, and `.0`, `.1` after it in an array.',
  );
  const seed = integerSchema('The seed of the exploration.', seedRange);
  const version = textSchema('What identifies the model: the checksum of its manifest.');
  const notes = listSchema('How the answer came about, where it is not the plain case.', { type: 'string' });

  const query = {
    user: { ...keySchema, description: 'Key of the query tower. With a vector: whose seen items are left out.' },
    values: {
      type: 'object',
      maxProperties: 1000,
      propertyNames: { maxLength: maxKeyLength },
      description:
        'Values of features, encoded as training encoded them. They replace what the data has of the user. Without a user, they are all that is known.',
    },
  };

  return {
    Recommend: closed('A query: by the key of a user, by feature values, by both, or by a vector.', {
      ...query,
      vector: listSchema(
        'A vector of the query tower, in place of `values`.',
        { type: 'number' },
        { minItems: 1, maxItems: maxListLength },
      ),
      removeSeen: {
        type: 'boolean',
        description: 'Whether items that the user has had are left out. Default: as `seen` of the data block.',
      },
      weights: {
        type: 'object',
        additionalProperties: { type: 'number' },
        maxProperties: 1000,
        propertyNames: { maxLength: maxKeyLength },
        description: 'By task of `retrieve`: how much its score counts, in place of its factor there.',
      },
      shares: {
        type: 'boolean',
        default: false,
        description: 'Whether each item has the share of each task of `retrieve` in its score.',
      },
      average: listSchema(
        'Without past items: answer for users of the data on average, above all for those with the same values of these features. An empty list: for all alike.',
        { type: 'string', maxLength: maxKeyLength },
        { maxItems: 20 },
      ),
      because: integerSchema('How many past items each item names, to which it owes the most of its score.', {
        minimum: 0,
        maximum: 100,
        default: 0,
      }),
      history: integerSchema('How many items of the user’s history the answer shows, the latest first.', {
        minimum: 0,
        maximum: 1000,
        default: 0,
      }),
      ...selection,
    }),
    Similar: closed(
      'A query for the items near an item.',
      { item: { ...keySchema, description: 'Key of the item.' }, ...selection },
      ['item'],
    ),
    Vectors: closed('A query, as of `/v1/recommend`, or an item.', {
      ...query,
      item: { ...keySchema, description: 'Key of the item.' },
    }),
    Computed: complete('The vectors with which `/v1/recommend` compares queries and items by inner product.', {
      version,
      vectors: listSchema(
        'One vector; for a query of a model with interests, one for each.',
        listSchema('float32 numbers.', { type: 'number' }),
      ),
    }),
    Recommended: closed(
      'The answer to one query.',
      {
        request,
        version,
        asOf,
        user: textSchema('The key of the user, where the query has one.'),
        items: items('The inner product of the vectors of user and item.'),
        history: listSchema('Latest first.', item),
        notes,
        seed,
        exact: {
          type: 'boolean',
          description:
            'False where an index searched, which may miss an item. Absent: no other item has a higher score.',
        },
      },
      ['request', 'version', 'items', 'notes'],
    ),
    Similars: closed(
      'The items near an item.',
      {
        request,
        version,
        item: textSchema('Key of the item.'),
        items: items('The cosine of the vectors of the items.'),
        notes,
        seed,
      },
      ['request', 'version', 'item', 'items', 'notes'],
    ),
    ...searchSchemas(version, item),
    About: aboutSchema(version),
    ...versionSchemas(),
    ...itemSchemas,
    ...eventSchemas,
    Refusal: complete('Why there is no answer.', {
      request: textSchema('The id of the request.'),
      errors: listSchema(
        'The mistakes.',
        closed(
          'A mistake.',
          {
            code: textSchema('The name of the mistake: `tower explain CODE` explains it.'),
            message: textSchema('What is wrong.'),
            hint: textSchema('What to do.'),
            at: textSchema('JSON pointer into the body; the empty text is the whole request.'),
            start: integerSchema('First character of the mistake in a filter, from 0.'),
            end: integerSchema('Past its last character.'),
          },
          ['code', 'message', 'hint', 'at'],
        ),
        { minItems: 1 },
      ),
    }),
    State: closed(
      'The state of the server.',
      { status: textSchema('`ok`, `starting`, `ready` or `stopping`.'), version },
      ['status'],
    ),
  };
}

const seedRange = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

const weightedFilters = (description: string): Schema =>
  listSchema(
    `${description} With those of the other list, 4 at most.`,
    complete('A condition and its weight.', {
      filter: textSchema('A condition on columns of the items file.', { maxLength: maxFilterLength }),
      weight: { type: 'number', minimum: 0, maximum: maxWeight, description: 'In units of the score.' },
    }),
    { maxItems: 4 },
  );

const searchLimit = { minimum: 1, maximum: 100, default: 10 };

function searchSchemas(version: Schema, item: Schema) {
  return {
    Users: closed('A search for users.', {
      prefix: textSchema('How their keys begin.', { maxLength: maxKeyLength, default: '' }),
      limit: integerSchema('How many users, at most.', searchLimit),
    }),
    Found: complete('The users that a search finds: the one with this key first.', {
      version,
      users: listSchema(
        'The users.',
        complete('A user.', {
          key: textSchema('The key of the user.'),
          seen: integerSchema('How many items the user has had.'),
        }),
      ),
    }),
    Search: closed(
      'A search for items.',
      {
        text: textSchema('What their titles contain, or a key. Capital letters and accents do not count.', {
          maxLength: maxKeyLength,
        }),
        limit: integerSchema('How many items, at most.', searchLimit),
      },
      ['text'],
    ),
    FoundItems: complete(
      'The items that a search finds: the one with this key, then those whose titles begin with the text, then others.',
      { version, items: listSchema('The items.', item) },
    ),
  } as const satisfies Readonly<Record<string, Schema>>;
}

function versionSchemas(): Readonly<Record<'Change' | 'Versions', Schema>> {
  const namedVersion = {
    version: textSchema('The checksum of its manifest.'),
    folder: textSchema('The folder that it was loaded from.'),
  };
  const shownVersion = {
    ...namedVersion,
    loaded: textSchema('When it was loaded, as ISO 8601.'),
    items: integerSchema('Items that it can recommend.'),
  };
  return {
    Change: closed('A change of versions; `{}` is one of the version that answers.', {
      version: textSchema('The version to leave, by its checksum. Sent again, it changes nothing more.'),
    }),
    Versions: closed(
      'The version that answers, and the one before.',
      {
        current: complete('The version that answers.', shownVersion),
        before: complete('The version that a rollback goes back to.', namedVersion),
      },
      ['current'],
    ),
  };
}

const itemColumns: Schema = { maxProperties: 1000, propertyNames: { maxLength: maxKeyLength } };

const itemSchemas = {
  Item: {
    type: 'object',
    description: 'An item: the columns of the items file, each with a value of its type, or null.',
    ...itemColumns,
  },
  Write: complete('An item that is added or changed, or one that is deleted.', {
    key: { ...keySchema, description: 'Key of the item.' },
    columns: {
      type: ['object', 'null'],
      description:
        'The columns of the items file, each with a value of its type, or null. Null in their place deletes the item.',
      ...itemColumns,
    },
  }),
  Written: complete('What became of a write. It is on the disk, and in every answer from now on.', {
    key: textSchema('Key of the item.'),
    outcome: textSchema('`added`, `changed` or `deleted`.'),
  }),
} as const satisfies Readonly<Record<string, Schema>>;

const eventSchemas = {
  Event: closed(
    'An event of a user: what the events files have of it.',
    {
      user: { ...keySchema, description: 'Key of the user. A new user exists from the first event on.' },
      item: { ...keySchema, description: 'Key of the item.' },
      time: {
        type: ['string', 'number'],
        description: 'When it was, as the column of time says it. Default: now.',
        maxLength: maxKeyLength,
      },
      id: textSchema('Names the event: one that is sent again counts once.', { minLength: 1, maxLength: maxKeyLength }),
      request: textSchema('The id of the answer that led to it.', { minLength: 1, maxLength: maxKeyLength }),
      columns: {
        type: 'object',
        description:
          'The other columns of the events file that the data block reads, each with a value of its type, or null.',
        ...itemColumns,
      },
    },
    ['user', 'item'],
  ),
  Received: complete('What became of an event. It is on the disk, and in every answer from now on.', {
    user: textSchema('Key of the user.'),
    item: textSchema('Key of the item.'),
    outcome: textSchema(
      '`added`, `known` for an id that was sent before, `left_out` by `where` of the data block, `unknown_item`: kept for the next training, as the model does not have the item, or `late`: kept too, as its time is not after the events of the data, which may have it.',
    ),
  }),
  Removed: complete('What became of a user.', {
    user: textSchema('Key of the user.'),
    outcome: textSchema('`deleted`.'),
  }),
} as const satisfies Readonly<Record<string, Schema>>;

const value: Schema = { type: ['string', 'number', 'boolean'] };
const truth = (description: string): Schema => ({ const: true, description });

const feature = closed(
  'A feature that a query may give in `values`.',
  {
    name: textSchema('Its name.'),
    kind: {
      enum: ['category', 'item', 'number', 'moment', 'text', 'vector'],
      description:
        'What its values are: values of a vocabulary, keys of items, numbers, moments, words, or lists of numbers of one length.',
    },
    list: truth('It takes a list of such values.'),
    size: integerSchema('How many numbers a vector has.'),
    along: textSchema('The list to whose elements its values belong, one each.'),
    each: truth('Each element of that list has several values.'),
    examples: listSchema(
      'The most frequent values, or a usual one.',
      closed('An example.', { value, title: textSchema('Title of an item.') }, ['value']),
    ),
  },
  ['name', 'kind', 'examples'],
);

const asOf: Schema = {
  type: ['string', 'number'],
  description:
    'The moment up to which events of users are known, of ISO 8601; a number where the data counts so. Absent: events have no time.',
};

const column = closed(
  'A column of the items file, for `filter` and `columns`.',
  {
    name: textSchema('Its name.'),
    kind: { enum: ['number', 'text', 'texts', 'truth'], description: 'What its values are.' },
    picture: truth('Its values are addresses of pictures.'),
    example: { ...value, description: 'A value.' },
  },
  ['name', 'kind'],
);

const aboutSchema = (version: Schema): Schema =>
  closed(
    'What the model takes and gives.',
    {
      version,
      asOf,
      items: integerSchema('How many items it has.'),
      users: integerSchema('How many users the data has.'),
      width: integerSchema('Numbers of a vector of either tower.'),
      query: closed(
        'What a query may say.',
        {
          model: textSchema('The name of the model.'),
          tower: textSchema('The name of the query tower.'),
          key: textSchema('The feature that identifies users, where there is one.'),
          interests: integerSchema('Vectors of one query, where it has several.'),
          features: listSchema('What `values` may have.', feature),
        },
        ['model', 'tower', 'features'],
      ),
      objectives: listSchema(
        'The scores that `retrieve` adds up. Empty where the run does not say.',
        complete('A score.', { name: textSchema('Its task.'), factor: { type: 'number', description: 'Its factor.' } }),
      ),
      columns: listSchema('The columns of the items file.', column),
      removeSeen: { type: 'boolean', description: 'The default of `removeSeen`.' },
      eventColumns: listSchema(
        'Columns that an event must have beside `user`, `item` and `time`. Absent: the server takes no events.',
        textSchema('Its name.'),
      ),
      mostItems: integerSchema('The largest `k`.'),
      state: listSchema(
        'Sentences: since when the version answers, up to which events it was trained, and what `tower live` made of the last closed day.',
        { type: 'string' },
      ),
    },
    ['version', 'items', 'users', 'width', 'query', 'objectives', 'columns', 'removeSeen', 'mostItems', 'state'],
  );
