import type { Graph } from '../../graph/graph.ts';
import type { TensorflowLowering } from './tensorflow_writer.ts';

/**
 * TensorScatterUpdate always copies the matrix that it changes: at batch 4096 those are 64 MB a step. Where nothing else reads
 * the matrix, InplaceUpdate writes into it, which takes no longer than the elements that are written.
 */
export const scatterInPlace =
  (copying: TensorflowLowering): TensorflowLowering =>
  (node, operands, writer) => {
    const [matrix, indices, updates] = operands as [string, string, string];
    const { dtype, shape } = node.type;
    if (shape.length !== 2 || dtype !== 'float32' || !isTemporary(writer.graph, node.inputs[0]!)) {
      return copying(node, operands, writer);
    }
    const float = { type: 'DT_FLOAT' };
    const int = { type: 'DT_INT32' };
    const column = writer.vector([-1, 1]);
    // Row-major: element (i, j) is row i · columns + j of the matrix as a column.
    const strides = writer.emit(
      'ConcatV2',
      [writer.shape([shape[1]!]), writer.vector([1]), writer.constant([0], [], 'int32')],
      {
        T: int,
        N: { i: 2 },
        Tidx: int,
      },
    );
    const parts = writer.emit('Mul', [indices, strides], { T: int });
    const places = writer.emit('Sum', [parts, writer.vector([1])], { T: int, Tidx: int, keep_dims: { b: false } });
    const flat = writer.emit('Reshape', [matrix, column], { T: float, Tshape: int });
    const values = writer.emit('Reshape', [updates, column], { T: float, Tshape: int });
    const written = writer.emit('InplaceUpdate', [flat, places, values], { T: float });
    return writer.emit('Reshape', [written, writer.shape(shape)], { T: float, Tshape: int });
  };

/** Whether a value is computed, and read once only. */
function isTemporary(graph: Graph, id: number): boolean {
  const readers = graph.nodes.reduce((count, { inputs }) => count + inputs.filter((input) => input === id).length, 0);
  const kept = [...graph.outputs, ...graph.updates].some(({ node }) => node === id);
  const { op } = graph.nodes[id]!;
  // A reshape would be a second name for memory that something else may read.
  const computed =
    op === 'Exp' || op === 'MatMul' || op === 'Add' || op === 'Sub' || op === 'Mul' || op === 'ScatterUpdate';
  return computed && readers === 1 && !kept;
}
