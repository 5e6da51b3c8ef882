/** Bodies of Tower's own routes: mostly such as clients send, over the model of `films.ts`. */
import fc from '../../../fast_check.ts';
import { filmKeys, personKeys } from '../films.ts';
import { mostly, oddTexts } from './texts.ts';

export const key = fc.oneof(
  fc.constantFrom(...personKeys, ...filmKeys),
  fc.constantFrom('new', 'new/1', '..', '%'),
  fc.string(),
  fc.integer(),
  oddTexts,
);
const names = ['genre', 'year', 'title', 'film'];
const words = [
  ...names,
  ...['and', 'or', 'not', 'in', 'is', 'null', '(', ')', ',', '=', '<', '>=', "'War'", '1990', "'", '-', '1e999'],
];
const filter = fc.oneof(
  { arbitrary: fc.constantFrom('year > 1990', "genre = 'War' and not year < 2000", "genre in ('War')"), weight: 4 },
  { arbitrary: fc.array(fc.constantFrom(...words), { maxLength: 9 }).map((parts) => parts.join(' ')), weight: 2 },
  { arbitrary: fc.oneof(fc.string(), oddTexts, fc.constant('('.repeat(5000))), weight: 1 },
);
const selection = {
  k: mostly(fc.integer({ min: -1, max: 60 })),
  filter: mostly(filter),
  exclude: mostly(fc.array(key, { maxLength: 5 })),
  columns: mostly(fc.array(fc.constantFrom('genre', 'year'), { maxLength: 3 })),
};
const feature = fc.constantFrom('history', 'history', 'history', 'user', 'constructor');
const weights = fc.dictionary(fc.constant('watch'), fc.double({ min: -1e9, max: 1e9, noNaN: true }));

export const recommendBody = (width: number): fc.Arbitrary<unknown> => {
  const number = fc.float({ noNaN: true, noDefaultInfinity: true });
  const right = fc.record(
    { user: fc.constantFrom(...personKeys), k: fc.integer({ min: 1, max: 40 }), filter: fc.constant('year > 1990') },
    { requiredKeys: ['user'] },
  );
  const any = fc.record(
    {
      user: mostly(key),
      values: mostly(fc.dictionary(feature, mostly(fc.array(key)))),
      vector: mostly(fc.array(number, { minLength: width, maxLength: width })),
      removeSeen: mostly(fc.boolean()),
      weights: mostly(weights),
      shares: mostly(fc.boolean()),
      history: mostly(fc.integer({ min: -1, max: 5 })),
      ...selection,
    },
    { requiredKeys: [] },
  );
  return fc.oneof(right, any);
};
const near = fc.record(
  { item: fc.constantFrom(...filmKeys), k: fc.integer({ min: 1, max: 40 }) },
  { requiredKeys: ['item'] },
);
export const similarBody = fc.oneof(near, fc.record({ item: mostly(key), ...selection }, { requiredKeys: [] }));

export const vectorsBody = fc.oneof(
  fc.record({ item: fc.constantFrom(...filmKeys) }),
  fc.record(
    { user: mostly(key), values: mostly(fc.dictionary(feature, mostly(fc.array(key)))), item: mostly(key) },
    { requiredKeys: [] },
  ),
);

const text = fc.oneof(fc.constantFrom('War', 'Opera', 'A film'), fc.string(), oddTexts);
const year = fc.oneof(fc.integer({ min: 1900, max: 2100 }), fc.constantFrom(null, 1e300, -0, 'soon', true, []));
const strange = fc.dictionary(fc.constantFrom('film', 'x', '__proto__', 'constructor'), text, { maxKeys: 1 });
export const itemBody = fc
  .tuple(
    fc.record({ title: mostly(text), genre: mostly(text), year: mostly(year) }, { requiredKeys: [] }),
    fc.option(strange, { freq: 8, nil: {} }),
  )
  .map(([columns, others]) => ({ ...columns, ...others }));
export const writeBody = fc.record(
  { key: mostly(key), columns: mostly(fc.oneof({ arbitrary: itemBody, weight: 4 }, fc.constant(null))) },
  { requiredKeys: ['key', 'columns'] },
);

const moment = fc.oneof(
  fc.integer({ min: 200, max: 400 }),
  fc.constantFrom(null, 1e300, -0, 'soon', '2026-11-30', true),
);
export const eventBody = fc.record(
  {
    user: mostly(fc.constantFrom(...personKeys, 'new', 7)),
    item: mostly(fc.constantFrom(...filmKeys, 'unknown')),
    time: mostly(moment),
    id: mostly(text),
    request: mostly(text),
    columns: mostly(fc.oneof(fc.constant({}), strange)),
  },
  { requiredKeys: ['user', 'item', 'time'] },
);

export const changeBody = mostly(fc.constant({}));
