import { describe, expect, it } from 'vitest';
import {
  addDims,
  broadcastShapes,
  broadcastsTo,
  printShape,
  productOfDims,
  resolveShape,
  symbolicDim,
} from '../../src/graph/dims.ts';

const batch = symbolicDim('batch');

describe('lengths', () => {
  it('print as numbers, symbols and multiples', () => {
    expect(printShape([batch, symbolicDim('batch', 4), 64])).toBe('[batch, 4·batch, 64]');
  });

  it('multiply, symbols in order of name', () => {
    expect(productOfDims([symbolicDim('hits', 2), 3, batch])).toEqual({ symbol: 'batch·hits', times: 6 });
    expect(productOfDims([])).toBe(1);
    expect(productOfDims([batch, 0])).toBe(0);
  });

  it('add up only when they are of a kind', () => {
    expect(addDims(batch, symbolicDim('batch', 4))).toEqual({ symbol: 'batch', times: 5 });
    expect(addDims(2, 3)).toBe(5);
    expect(addDims(batch, 0)).toBe(batch);
    expect(addDims(batch, 1)).toBeUndefined();
    expect(addDims(batch, symbolicDim('hits'))).toBeUndefined();
  });

  it('broadcast from the end, and only from 1', () => {
    expect(broadcastShapes([batch, 1], [4])).toEqual([batch, 4]);
    expect(broadcastShapes([], [batch])).toEqual([batch]);
    expect(() => broadcastShapes([batch], [2])).toThrow('batch against 2');
    expect(broadcastsTo([1], [batch, 4])).toBe(true);
    expect(broadcastsTo([batch, 4], [4])).toBe(false);
    expect(broadcastsTo([4], [batch])).toBe(false);
  });

  it('resolve to numbers, products of symbols too', () => {
    expect(resolveShape([symbolicDim('batch·hits', 2), 5], { batch: 3, hits: 7 })).toEqual([42, 5]);
    expect(() => resolveShape([batch], {})).toThrow('the length "batch" is not known');
  });
});
