/** What the page draws: bars, numbers, pictures. */
import { describe, expect, it } from 'vitest';
import { columnText, digitsOf, figure, fixed } from '../../../src/serving/page/chips.tsx';
import { pictureOf, segmentsOf, spanOfScores, zeroOf } from '../../../src/serving/page/item_list.tsx';
import fc from '../../fast_check.ts';

describe('bars', () => {
  it('go from zero, negative shares to the left', () => {
    const all = [
      { view: 3, like: 1 },
      { view: 2, like: -1 },
    ];
    const span = spanOfScores(all);
    expect([span, zeroOf(span)]).toEqual([{ low: -1, high: 4 }, 20]);
    expect(segmentsOf(all[1]!, span, ['view', 'like'])).toEqual([
      { name: 'view', value: 2, at: 0, left: 20, width: 40 },
      { name: 'like', value: -1, at: 1, left: 0, width: 20 },
    ]);
    expect(spanOfScores([])).toEqual({ low: 0, high: 1 });
    expect(spanOfScores([{ a: 0 }])).toEqual({ low: 0, high: 1 });
  });

  it('stay within the bar, do not overlap, and are as wide as their shares', () => {
    const share = fc.integer({ min: -1000, max: 1000 }).map((eighths) => eighths / 8);
    const parts = fc.record({ a: share, b: share, c: share });
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), (all) => {
        const span = spanOfScores(all);
        for (const each of all) {
          const segments = segmentsOf(each, span, ['a', 'b', 'c']).toSorted((a, b) => a.left - b.left);
          let end = 0;
          for (const { left, width, value } of segments.filter((one) => one.width > 0)) {
            expect(left).toBeGreaterThanOrEqual(end - 1e-6);
            end = left + width;
            expect(width).toBeCloseTo((100 * Math.abs(value)) / (span.high - span.low), 6);
          }
          expect(end).toBeLessThanOrEqual(100 + 1e-6);
        }
      }),
    );
  });
});

it('writes numbers so that they line up, with a real minus', () => {
  expect([0, 0.0123456, 12345.6, -2, Number.NaN].map(figure)).toEqual(['0', '0.01235', '12,346', '−2', '–']);
  expect([digitsOf([]), digitsOf([9.9]), digitsOf([3, -12]), digitsOf([1e3])]).toEqual([3, 3, 2, 1]);
  expect([fixed(-0.0001, 3), fixed(-0.5, 3), fixed(2, 2)]).toEqual(['0.000', '−0.500', '2.00']);
});

it('writes the values of columns, and nothing where there is none', () => {
  expect([null, undefined, 1999, 'NL', true, false, ['a', 'b'], []].map(columnText)).toEqual([
    '',
    '',
    '1999',
    'NL',
    'yes',
    'no',
    'a · b',
    '',
  ]);
});

describe('pictures', () => {
  const base = 'http://127.0.0.1:8321/';
  it.each([
    ['data:image/png;base64,AA==', 'data:image/png;base64,AA=='],
    ['https://a.example/1.png', 'https://a.example/1.png'],
    ['/pictures/1.png', 'http://127.0.0.1:8321/pictures/1.png'],
    ['http://127.0.0.1:8321/1.png', 'http://127.0.0.1:8321/1.png'],
  ])('may come from %s', (value, address) => expect(pictureOf(value, base)).toBe(address));

  it.each([
    'http://a.example/1.png',
    '//a.example/1.png',
    'data:text/html,<script>1</script>',
    'javascript:alert(1)',
    'blob:http://127.0.0.1:8321/1',
    'file:///etc/passwd',
    'http://[',
    '',
    7,
    null,
    undefined,
    ['https://a.example/1.png'],
  ])('may not come from %j', (value) => expect(pictureOf(value, base)).toBeUndefined());
});
