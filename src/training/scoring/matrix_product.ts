/** Computes start − a bᵀ for large matrices. A baseline that inverts a matrix needs it. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Engine } from '../../engines/engine.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { symbolicDim } from '../../graph/dims.ts';
import type { Graph } from '../../graph/graph.ts';

/** Computes in plain JavaScript, for tests and for callers without an engine. */
export const plainProduct: Product = {
  async subtract(start, a, b) {
    const difference = start.data.slice(0, a.rows * b.rows);
    const innerLength = a.columns;
    for (let row = 0; row < a.rows; row++) {
      for (let column = 0; column < b.rows; column++) {
        let sum = 0;
        for (let k = 0; k < innerLength; k++) sum += a.data[row * innerLength + k]! * b.data[column * innerLength + k]!;
        difference[row * b.rows + column]! -= sum;
      }
    }
    return difference;
  },
  async close() {},
};

/** A matrix of float32, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

export interface Product {
  /** start − a bᵀ, of start [rows of a, rows of b]. */
  subtract(start: Matrix, a: Matrix, b: Matrix): Promise<Float32Array>;
  close(): Promise<void>;
}

export type MakeProduct = () => Promise<Product>;

export async function engineProduct(engine: Engine): Promise<Product> {
  const program = await engine.prepare(productGraph(), {});
  const tensorOf = ({ rows, columns, data }: Matrix) => ({ dtype: 'float32' as const, shape: [rows, columns], data });
  return {
    async subtract(start, a, b) {
      const { rest } = await program.run({ start: tensorOf(start), a: tensorOf(a), b: tensorOf(b) });
      invariant(rest?.data instanceof Float32Array, 'a product is float32');
      return rest.data;
    },
    close: () => program.close(),
  };
}

function productGraph(): Graph {
  const builder = makeBuilder('product');
  const [rows, columns, innerDim] = [symbolicDim('rows'), symbolicDim('columns'), symbolicDim('inner')];
  const start = builder.input('start', [rows, columns]);
  const a = builder.input('a', [rows, innerDim]);
  const b = builder.input('b', [columns, innerDim]);
  builder.output('rest', builder.sub(start, builder.matMul(a, b, { transposeB: true })));
  return builder.finish();
}
