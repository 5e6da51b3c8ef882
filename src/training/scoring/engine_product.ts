import { invariant } from '../../base/diagnostics/failure.ts';
import type { Engine } from '../../engines/engine.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { symbolic } from '../../graph/dims.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Matrix, Product } from './product.ts';

export async function engineProduct(engine: Engine): Promise<Product> {
  const program = await engine.prepare(productGraph(), {});
  const tensor = ({ rows, columns, data }: Matrix) => ({ dtype: 'float32' as const, shape: [rows, columns], data });
  return {
    async subtract(start, a, b) {
      const { rest } = await program.run({ start: tensor(start), a: tensor(a), b: tensor(b) });
      invariant(rest?.data instanceof Float32Array, 'a product is float32');
      return rest.data;
    },
    close: () => program.close(),
  };
}

function productGraph(): Graph {
  const builder = makeBuilder('product');
  const [rows, columns, inner] = ['rows', 'columns', 'inner'].map((name) => symbolic(name)) as [never, never, never];
  const start = builder.input('start', [rows, columns]);
  const a = builder.input('a', [rows, inner]);
  const b = builder.input('b', [columns, inner]);
  builder.output('rest', builder.sub(start, builder.matMul(a, b, { transposeB: true })));
  return builder.finish();
}
