/** The interface of tfjs-node's addon. */
import type { Tensor } from '../../graph/graph.ts';

/**
 * tfjs-node's addon is called directly: `tf.node.loadSavedModel` and `predict` are a thin layer over the same calls, and the rest of tfjs-node would take half
 * a second to start and tens of microseconds per tensor.
 */
interface TensorMetadata {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

export interface OpAttribute {
  readonly name: string;
  /** One of `TF_ATTR_…`. */
  readonly type: number;
  readonly value: number | boolean;
}

/** The part of tfjs-node/src/tfjs_binding.ts that is used here. */
export interface TensorflowAddon {
  createTensor(shape: readonly number[], dtype: number, data: Tensor['data']): number;
  deleteTensor(id: number): void;
  /** Returns a copy. */
  tensorDataSync(id: number): Tensor['data'];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  /** Runs in the calling thread until it is done. Names are joined by commas, each `node:output`. */
  runSavedModel(session: number, inputs: readonly number[], inputNames: string, outputNames: string): TensorMetadata[];
  /** Runs one op, outside of any session, in the calling thread until it is done. */
  executeOp(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  /** Returns the number of tensors that must still be deleted. */
  getNumOfTensors(): number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
}
