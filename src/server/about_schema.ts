/** The schema of what a model takes and gives: `About` of `about.ts`. */
import { closed, list, type Schema, text } from './schema_words.ts';

const value: Schema = { type: ['string', 'number', 'boolean'] };
const truth = (description: string): Schema => ({ const: true, description });
const number = (description: string): Schema => ({ type: 'integer', description });

const feature = closed(
  'A feature that a query may give in `values`.',
  {
    name: text('Its name.'),
    kind: {
      enum: ['category', 'item', 'number', 'moment', 'text', 'vector'],
      description:
        'What its values are: values of a vocabulary, keys of items, numbers, moments, words, or lists of numbers of one length.',
    },
    list: truth('It takes a list of such values.'),
    size: number('How many numbers a vector has.'),
    along: text('The list to whose elements its values belong, one each.'),
    each: truth('Each element of that list has several values.'),
    examples: list(
      'The most frequent values, or a usual one.',
      closed('An example.', { value, title: text('Title of an item.') }, ['value']),
    ),
  },
  ['name', 'kind', 'examples'],
);

const column = closed(
  'A column of the items file, for `filter` and `columns`.',
  {
    name: text('Its name.'),
    kind: { enum: ['number', 'text', 'texts', 'truth'], description: 'What its values are.' },
    picture: truth('Its values are addresses of pictures.'),
    example: { ...value, description: 'A value.' },
  },
  ['name', 'kind'],
);

export const aboutSchema = (version: Schema): Schema =>
  closed(
    'What the model takes and gives.',
    {
      version,
      items: number('How many items it has.'),
      users: number('How many users the data has.'),
      width: number('Numbers of a vector of either tower.'),
      query: closed(
        'What a query may say.',
        {
          model: text('The name of the model.'),
          tower: text('The name of the query tower.'),
          key: text('The feature that identifies users, where there is one.'),
          interests: number('Vectors of one query, where it has several.'),
          features: list('What `values` may have.', feature),
        },
        ['model', 'tower', 'features'],
      ),
      objectives: list(
        'The scores that `retrieve` adds up. Empty where the run does not say.',
        closed('A score.', { name: text('Its task.'), factor: { type: 'number', description: 'Its factor.' } }, [
          'name',
          'factor',
        ]),
      ),
      columns: list('The columns of the items file.', column),
      removeSeen: { type: 'boolean', description: 'The default of `removeSeen`.' },
      mostItems: number('The largest `k`.'),
    },
    ['version', 'items', 'users', 'width', 'query', 'objectives', 'columns', 'removeSeen', 'mostItems'],
  );
