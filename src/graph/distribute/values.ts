/** Values of a graph that several workers run: each worker has the whole value, or a share of it. */
import type { Builder, Ref } from '../builder.ts';
import { symbolicDim } from '../dims.ts';
import type { Dim } from '../graph.ts';

/** Further inputs of a shared graph, for each length whose rows are shared. */
export const shareInputs = {
  /** Indexes of this worker's rows among all rows: int32 [own]. */
  own: (symbol: string): string => `own/${symbol}`,
  /** Any numbers, as many as there are rows: int32 [rows]. */
  all: (symbol: string): string => `all/${symbol}`,
} as const;

/** Returns the symbol of a worker's share of the rows of a length. */
const ownSymbol = (symbol: string): string => `own_${symbol}`;

export interface SharedValue {
  readonly ref: Ref;
  /** The axis along which each worker has a share; absent: each has the whole value. */
  readonly axis?: number;
  /** The symbol of the length that is shared there. */
  readonly symbol?: string;
  /** Column of the last axis whose numbers are indexes among a worker's own rows, not among all. */
  readonly localIndexColumn?: number;
}

/** Thrown for a value that cannot be shared. The message to the user names the part of the model. */
export class CannotShare extends Error {}

/** Converts values between the two forms, each only once. */
export class Shares {
  private readonly wholeCache = new Map<number, Ref>();
  private readonly shareCache = new Map<string, Ref>();

  constructor(
    private readonly builder: Builder,
    /** Lengths for which each worker counts its own rows: there is no whole. */
    private readonly localSymbols: ReadonlySet<string>,
  ) {}

  ownDim(dim: Dim, symbol: string): Dim {
    if (typeof dim === 'number' || this.localSymbols.has(symbol)) return dim;
    const symbols = dim.symbol.split('·');
    const symbolIndex = symbols.indexOf(symbol);
    if (symbolIndex < 0) return dim;
    symbols[symbolIndex] = ownSymbol(symbol);
    return { symbol: symbols.sort().join('·'), times: dim.times };
  }

  wholeOf({ ref, axis, symbol, localIndexColumn }: SharedValue): Ref {
    if (axis === undefined) return ref;
    const cachedWhole = this.wholeCache.get(ref.id);
    if (cachedWhole) return cachedWhole;
    if (localIndexColumn !== undefined || this.localSymbols.has(symbol!)) throw new CannotShare();
    const { builder } = this;
    if (ref.type.dtype === 'bool') {
      const wholeInts = this.wholeOf({ ref: builder.cast(ref, 'int32'), axis, symbol: symbol! });
      return this.cacheWhole(ref, builder.greater(wholeInts, 0));
    }
    const toWhole = this.mapAlongRows(ref, axis, ownSymbol(symbol!), symbol!, (rows) =>
      builder.allGather(rows, this.ownRowsInput(symbol!), this.allRowsInput(symbol!)),
    );
    // The share of this whole exists already.
    this.shareCache.set(`${toWhole.id} ${axis} ${symbol}`, ref);
    return this.cacheWhole(ref, toWhole);
  }

  toShare(ref: Ref, axis: number, symbol: string): SharedValue {
    const key = `${ref.id} ${axis} ${symbol}`;
    let ownRows = this.shareCache.get(key);
    if (!ownRows) {
      if (this.localSymbols.has(symbol)) throw new CannotShare();
      ownRows = this.mapAlongRows(ref, axis, symbol, ownSymbol(symbol), (rows) =>
        this.builder.gather(rows, this.ownRowsInput(symbol)),
      );
      this.shareCache.set(key, ownRows);
    }
    return { ref: ownRows, axis, symbol };
  }

  private ownRowsInput(symbol: string): Ref {
    return this.builder.input(shareInputs.own(symbol), [symbolicDim(ownSymbol(symbol))], 'int32');
  }

  private allRowsInput(symbol: string): Ref {
    return this.builder.input(shareInputs.all(symbol), [symbolicDim(symbol)], 'int32');
  }

  private cacheWhole(ownRowsInput: Ref, toWhole: Ref): Ref {
    this.wholeCache.set(ownRowsInput.id, toWhole);
    return toWhole;
  }

  /** Moves the axis to the front as rows of length `from`, which `work` maps to rows of length `to`, and moves it back. */
  private mapAlongRows(ref: Ref, axis: number, fromSymbol: string, toSymbol: string, mapRows: (rows: Ref) => Ref): Ref {
    const { builder } = this;
    const axisOrder = [axis, ...ref.type.shape.map((_, index) => index).filter((index) => index !== axis)];
    const rowsFirst = axis === 0 ? ref : builder.transpose(ref, axisOrder);
    const [first, ...otherDims] = rowsFirst.type.shape;
    const rowsPerUnit = withoutSymbol(first!, fromSymbol);
    const rowUnits =
      rowsPerUnit === 1 ? rowsFirst : builder.reshape(rowsFirst, [symbolicDim(fromSymbol), rowsPerUnit, ...otherDims]);
    const workedRows = mapRows(rowUnits);
    const joined =
      rowsPerUnit === 1 ? workedRows : builder.reshape(workedRows, [withSymbol(rowsPerUnit, toSymbol), ...otherDims]);
    return axis === 0 ? joined : builder.transpose(joined, invertPermutation(axisOrder));
  }
}

/** Returns the number of elements that the length has for each row of the symbol. */
function withoutSymbol(dim: Dim, symbol: string): Dim {
  if (typeof dim === 'number') throw new CannotShare();
  const symbols = dim.symbol.split('·');
  const symbolIndex = symbols.indexOf(symbol);
  if (symbolIndex < 0) throw new CannotShare();
  symbols.splice(symbolIndex, 1);
  return symbols.length === 0 ? dim.times : { symbol: symbols.join('·'), times: dim.times };
}

function withSymbol(dim: Dim, symbol: string): Dim {
  if (typeof dim === 'number') return symbolicDim(symbol, dim);
  return { symbol: [...dim.symbol.split('·'), symbol].sort().join('·'), times: dim.times };
}

const invertPermutation = (order: readonly number[]): number[] => order.map((_, index) => order.indexOf(index));
