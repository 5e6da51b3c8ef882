/** Random programs that read without a mistake, laid out as nobody would write them. */
import fc from '../../fast_check.ts';

type Words = readonly string[];

/** Words of the grammar are names too. */
const name = fc.constantFrom(
  'a',
  'b',
  'user_id',
  'channel',
  'search',
  'log',
  'one',
  'by',
  'columns',
  'task',
  'data',
  'a_rather_long_name_for_a_feature',
);
const number = fc.constantFrom('0', '64', '30_000', '0.05', '1e-3', '10%');
const text = fc.constantFrom('"x"', '"movies // not a comment.csv"', '"a \\"b\\" 用户"');

const some = <T>(one: fc.Arbitrary<T>, most = 4): fc.Arbitrary<T[]> => fc.array(one, { minLength: 1, maxLength: most });
const concat = (...parts: fc.Arbitrary<Words>[]): fc.Arbitrary<Words> => fc.tuple(...parts).map((all) => all.flat());
const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<Words> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)));
const separated = (one: fc.Arbitrary<Words>, trailing = false, most = 4): fc.Arbitrary<Words> =>
  fc
    .tuple(some(one, most), fc.boolean())
    .map(([all, last]) => [
      ...all.flatMap((item, index) => (index === 0 ? item : [',', ...item])),
      ...(trailing && last ? [','] : []),
    ]);

const { expression } = fc.letrec<{ expression: Words; sum: Words; factor: Words }>((tie) => ({
  expression: fc.oneof(
    { weight: 4, arbitrary: tie('sum') },
    {
      weight: 2,
      arbitrary: some(tie('sum'), 6).map((steps) => steps.flatMap((step, at) => (at ? ['->', ...step] : step))),
    },
  ),
  sum: fc.oneof(
    { weight: 5, arbitrary: tie('factor') },
    {
      weight: 1,
      arbitrary: fc
        .tuple(some(tie('factor'), 5), fc.array(fc.constantFrom('+', '-', '*', '/'), { minLength: 5, maxLength: 5 }))
        .map(([all, signs]) => all.flatMap((one, at) => (at ? [signs[at]!, ...one] : one))),
    },
  ),
  factor: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    name.map((one) => [one]),
    number.map((one) => [one]),
    text.map((one) => [one]),
    some(name, 3).map((all) => all.flatMap((one, at) => (at ? ['.', one] : [one]))),
    tie('factor').map((inner) => ['-', ...inner]),
    tie('expression').map((inner) => ['(', ...inner, ')']),
    fc.constant(['[', ']']),
    separated(
      number.map((one) => [one]),
      true,
      30,
    ).map((items) => ['[', ...items, ']']),
    separated(tie('expression'), true).map((items) => ['[', ...items, ']']),
    name.map((callee) => [callee, '(', ')']),
    fc
      .tuple(name, separated(fc.oneof(tie('expression'), concat(words(name, ':'), tie('expression'))), true))
      .map(([callee, items]) => [callee, '(', ...items, ')']),
  ),
}));

const entry = concat(words(name, '='), expression);
const names = separated(name.map((one) => [one]));
const typed = concat(fc.oneof({ weight: 3, arbitrary: words(name) }, names), words(':'), expression);
const parameter = fc.oneof(words(name), concat(words(name, '='), expression));
const step = concat(words(name, '='), expression);
const channel = concat(words('channel', name, '='), expression);
const joined = fc.tuple(entry, name).map(([one, key]) => [...one, 'by', key]);

const path = fc.oneof(words(name), concat(words(name, '.'), words(name)));
const choices = concat(words('one', 'of'), separated(expression));
const range = concat(fc.oneof(words('log'), fc.constant([])), words(number), words('..'), words(number));
const searched = concat(path, words(':'), fc.oneof(choices, range));

const body = (one: fc.Arbitrary<Words>): fc.Arbitrary<Words> =>
  fc
    .array(fc.tuple(one, fc.boolean()), { maxLength: 5 })
    .map((all) => ['{', ...all.flatMap(([item, comma]) => (comma ? [...item, ','] : item)), '}']);

const columns = body(entry).map((inner) => ['columns', ...inner]);

const declaration: fc.Arbitrary<Words> = fc.oneof(
  words('use', text),
  concat(words('let', name, '='), expression),
  words('model', name),
  concat(words('features'), body(typed)),
  concat(words('labels'), body(typed)),
  concat(words('group', name, '='), names),
  concat(words('block', name, '='), expression),
  concat(words('shared', 'block', name, '='), expression),
  concat(words('block', name, '('), separated(parameter), words(')', '='), expression),
  concat(words('tower', name, '('), names, words(')'), body(fc.oneof(step, channel))),
  concat(words('tower', name, '('), names, words(')', 'keyed', 'by', name), body(fc.oneof(step, channel))),
  concat(words('task', name), body(entry)),
  concat(words('objective', '='), expression),
  concat(words('retrieve', '='), expression),
  concat(words('train'), body(entry)),
  concat(words('search'), body(searched)),
  concat(words('data', name), body(fc.oneof(entry, joined, columns))),
);

const gap = fc.oneof(
  { weight: 30, arbitrary: fc.constant(' ') },
  { weight: 4, arbitrary: fc.constantFrom('\n', '\n    ', '\t', '  ', '\r\n', '\r') },
  { weight: 2, arbitrary: fc.constantFrom('\n\n', '\n\n\n\n  ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('  // c\n', '\n// own\n', ' // c\n// two\n\n', '\n\n  // own   \n\n', ' // c\n\n'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ' /// d\n',
      '\n/// d\n',
      '\n\n/// d\n/// e\n',
      '  //\n',
      ' // c\r\n\r\n\r\n',
      '\n// \t 用户\n',
    ),
  },
);

/** Words parted by anything that may part them. */
export const laidOut = (parts: Words): fc.Arbitrary<string> =>
  fc
    .array(gap, { minLength: parts.length + 1, maxLength: parts.length + 1, size: 'max' })
    .map((gaps) => parts.map((part, index) => gaps[index] + part).join('') + gaps.at(-1));

export const program: fc.Arbitrary<string> = fc
  .array(declaration, { maxLength: 5 })
  .chain((all) => laidOut(all.flat()));
