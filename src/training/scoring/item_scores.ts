import { invariant } from '../../base/diagnostics/failure.ts';
import type { Engine, Program, Tensors } from '../../engines/engine.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { symbolic } from '../../graph/dims.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import type { Vectors } from './tower_vectors.ts';

/** float32 [queries, items] of vectors of queries, which may have several interests. The items are those that `renew` was last given. */
export class ItemScores {
  private items: Vectors | undefined;
  /** Made when all items are first scored: a snapshot that is served needs none. */
  private whole: { readonly program: Program; isOld: boolean } | undefined;
  private some: Program | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly interests = 1,
  ) {}

  renew(items: Vectors): void {
    this.items = items;
    if (this.whole) this.whole.isOld = true;
  }

  /** Scores all items. The engine holds their vectors, as it multiplies them fastest. */
  async all(queries: Vectors): Promise<Float32Array> {
    const { rows, width } = this.items!;
    this.whole ??= { program: await this.engine.prepare(this.graph(width, rows), this.weights()), isOld: false };
    if (this.whole.isOld) await this.whole.program.write(this.weights());
    this.whole.isOld = false;
    return scoresOf(await this.whole.program.run({ queries: this.tensor(queries) }));
  }

  /** Scores the items `from` to before `to`. It copies nothing of them: the corpus may be too large. */
  async between(queries: Vectors, from: number, to: number): Promise<Float32Array> {
    const { data, width } = this.items!;
    this.some ??= await this.engine.prepare(this.graph(width), {});
    const items: Tensor = {
      dtype: 'float32',
      shape: [to - from, width],
      data: data.subarray(from * width, to * width),
    };
    return scoresOf(await this.some.run({ queries: this.tensor(queries), items }));
  }

  async close(): Promise<void> {
    await this.whole?.program.close();
    await this.some?.close();
  }

  private tensor({ data, rows, width }: Vectors): Tensor {
    return { dtype: 'float32', shape: [rows * this.interests, width], data };
  }

  private weights(): Tensors {
    const { data, rows, width } = this.items!;
    const transposed = new Float32Array(width * rows);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < width; i++) transposed[i * rows + row] = data[row * width + i]!;
    }
    return { items: { dtype: 'float32', shape: [width, rows], data: transposed } };
  }

  /**
   * float32 [batch, items]: each item by the vector of the row that it agrees with most.
   * @param rows of the items that the engine keeps. Absent: they are an input
   */
  private graph(width: number, rows?: number): Graph {
    const { interests } = this;
    const builder = makeBuilder('scores');
    const queries = builder.input('queries', [symbolic('batch', interests), width]);
    const items = rows ?? symbolic('items');
    const products =
      rows === undefined
        ? builder.matMul(queries, builder.input('items', [items, width]), { transposeB: true })
        : builder.matMul(queries, builder.parameter('items', [width, rows], { kind: 'zeros' }, { trainable: false }));
    const bestOfInterests = (): Ref =>
      builder.max(builder.reshape(products, [symbolic('batch'), interests, items]), [1]);
    builder.output('scores', interests === 1 ? products : bestOfInterests());
    return builder.finish();
  }
}

function scoresOf({ scores }: Tensors): Float32Array {
  invariant(scores?.data instanceof Float32Array, 'the scores are float32');
  return scores.data;
}
