/** Values of a graph that several workers run: each worker has the whole value, or a share of it. */
import type { Builder, Ref } from '../builder.ts';
import { symbolic } from '../dims.ts';
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
  readonly points?: number;
}

/** Thrown for a value that cannot be shared. The message to the user names the part of the model. */
export class CannotShare extends Error {}

/** Converts values between the two forms, each only once. */
export class Shares {
  private readonly wholes = new Map<number, Ref>();
  private readonly cuts = new Map<string, Ref>();

  constructor(
    private readonly builder: Builder,
    /** Lengths for which each worker counts its own rows: there is no whole. */
    private readonly local: ReadonlySet<string>,
  ) {}

  ownDim(dim: Dim, symbol: string): Dim {
    if (typeof dim === 'number' || this.local.has(symbol)) return dim;
    const symbols = dim.symbol.split('·');
    const symbolIndex = symbols.indexOf(symbol);
    if (symbolIndex < 0) return dim;
    symbols[symbolIndex] = ownSymbol(symbol);
    return { symbol: symbols.sort().join('·'), times: dim.times };
  }

  whole({ ref, axis, symbol, points }: SharedValue): Ref {
    if (axis === undefined) return ref;
    const cachedWhole = this.wholes.get(ref.id);
    if (cachedWhole) return cachedWhole;
    if (points !== undefined || this.local.has(symbol!)) throw new CannotShare();
    const { builder } = this;
    if (ref.type.dtype === 'bool') {
      const wholeInts = this.whole({ ref: builder.cast(ref, 'int32'), axis, symbol: symbol! });
      return this.keep(ref, builder.greater(wholeInts, 0));
    }
    const whole = this.alongRows(ref, axis, ownSymbol(symbol!), symbol!, (rows) =>
      builder.allGather(rows, this.own(symbol!), this.all(symbol!)),
    );
    // The share of this whole exists already.
    this.cuts.set(`${whole.id} ${axis} ${symbol}`, ref);
    return this.keep(ref, whole);
  }

  cut(ref: Ref, axis: number, symbol: string): SharedValue {
    const key = `${ref.id} ${axis} ${symbol}`;
    let ownRows = this.cuts.get(key);
    if (!ownRows) {
      if (this.local.has(symbol)) throw new CannotShare();
      ownRows = this.alongRows(ref, axis, symbol, ownSymbol(symbol), (rows) =>
        this.builder.gather(rows, this.own(symbol)),
      );
      this.cuts.set(key, ownRows);
    }
    return { ref: ownRows, axis, symbol };
  }

  private own(symbol: string): Ref {
    return this.builder.input(shareInputs.own(symbol), [symbolic(ownSymbol(symbol))], 'int32');
  }

  private all(symbol: string): Ref {
    return this.builder.input(shareInputs.all(symbol), [symbolic(symbol)], 'int32');
  }

  private keep(own: Ref, whole: Ref): Ref {
    this.wholes.set(own.id, whole);
    return whole;
  }

  /** Moves the axis to the front as rows of length `from`, which `work` maps to rows of length `to`, and moves it back. */
  private alongRows(ref: Ref, axis: number, from: string, to: string, work: (rows: Ref) => Ref): Ref {
    const { builder } = this;
    const axisOrder = [axis, ...ref.type.shape.map((_, index) => index).filter((at) => at !== axis)];
    const rowsFirst = axis === 0 ? ref : builder.transpose(ref, axisOrder);
    const [first, ...rest] = rowsFirst.type.shape;
    const rowsPerUnit = withoutSymbol(first!, from);
    const rowUnits = rowsPerUnit === 1 ? rowsFirst : builder.reshape(rowsFirst, [symbolic(from), rowsPerUnit, ...rest]);
    const workedRows = work(rowUnits);
    const joined = rowsPerUnit === 1 ? workedRows : builder.reshape(workedRows, [withSymbol(rowsPerUnit, to), ...rest]);
    return axis === 0 ? joined : builder.transpose(joined, inverse(axisOrder));
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

function withSymbol(each: Dim, symbol: string): Dim {
  if (typeof each === 'number') return symbolic(symbol, each);
  return { symbol: [...each.symbol.split('·'), symbol].sort().join('·'), times: each.times };
}

const inverse = (order: readonly number[]): number[] => order.map((_, index) => order.indexOf(index));
