/** Bodies as texts: as they should be, and in all the ways in which they should not. */
import fc from '../../../fast_check.ts';

/** Names that objects of JavaScript have, halves of characters, characters that end lines, and addresses. */
export const oddTexts = fc.constantFrom(
  ...['', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '\u0000', '\r\nX: y', '\u2028'],
  ...['\ud800', 'a\udc00b', '\ufeff', '../../etc/passwd', '%2e%2e', "' or 1=1 --", '{{7*7}}', '🎬'.repeat(300)],
);

const anything = fc.oneof(
  fc.anything({ withNullPrototype: false, maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value) ?? 'null')),
  fc.constantFrom(null, 0, -0, 1e308, 5e-324, 2 ** 53, '', [], {}, [[]], true),
  oddTexts,
);

/** The right value mostly, and anything sometimes. */
export const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right as fc.Arbitrary<unknown>, weight: 16 }, { arbitrary: anything, weight: 1 });

/** A text with another one in the place of some of its characters. */
const changed = (text: string, at: number, length: number, other: string): string => {
  const place = at % (text.length + 1);
  return text.slice(0, place) + other + text.slice(place + length);
};
const pieces = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('"__proto__":{"k":5},', '1e999', '-0', '0x10', '{{', ']]', '[[[[[[[[[1]]]]]]]]]', '\ud800'),
  fc.constantFrom('\u0000', '"\\ud800"', 'NaN', ',', '9'.repeat(400), '"\\u0000"', '//', '\ufeff'),
);
const deep = fc
  .record({ depth: fc.constantFrom(7, 9, 50, 5000), inner: fc.constantFrom('1', '{}', ''), isList: fc.boolean() })
  .map(({ depth, inner, isList }) =>
    isList
      ? `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`
      : `${'{"a":'.repeat(depth)}${inner || '1'}${'}'.repeat(depth)}`,
  );

/** Numbers of a text become others that JSON can write and JavaScript cannot hold. */
const hugeNumbers = (text: string): string => text.replace(/(?<=[:[,])-?\d+(\.\d+)?/, '1e999');
const withPrototype = (text: string): string => text.replace('{', '{"__proto__":{"k":1,"user":"u1"},');

/** A body as bytes: as it should be, in an array, with characters changed, or anything. */
export function textsOf(body: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const right = body.map((value) => JSON.stringify(value) ?? '');
  return fc.oneof(
    { arbitrary: right, weight: 12 },
    { arbitrary: fc.array(mostly(body), { maxLength: 6 }).map((value) => JSON.stringify(value)), weight: 4 },
    { arbitrary: fc.tuple(right, fc.nat(), fc.nat(3), pieces).map((each) => changed(...each)), weight: 4 },
    { arbitrary: right.map(hugeNumbers), weight: 1 },
    { arbitrary: right.map(withPrototype), weight: 1 },
    { arbitrary: anything.map((value) => JSON.stringify(value)), weight: 2 },
    { arbitrary: fc.oneof(fc.string(), deep, fc.constantFrom('', ' ', 'null', '\ufeff{}')), weight: 2 },
  );
}
