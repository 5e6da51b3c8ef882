/** Runs the step op by op in TensorFlow's eager mode: a session does not say how long its ops take, and tfjs-node has no call that asks for it. */
import { defined } from '../../base/util/defined.ts';
import type { Graph } from '../../graph/graph.ts';
import { checkParameters, checkTensor, type Symbols } from '../check.ts';
import type { Tensors } from '../engine.ts';
import { type OneByOne, oneByOne } from '../formats/one_by_one.ts';
import { stepNodes } from '../formats/saved_model.ts';
import type { TensorflowNode } from '../formats/tensorflow_writer.ts';
import type { OpTime, OpTimes } from '../op_times.ts';
import { type Binding, type OpAttribute, typeCode } from './binding.ts';

const how =
  'TensorFlow runs the whole graph in one session, which fuses ops and runs some side by side. These are the times of its ops, run one by one.';

export function timeTensorflowOps(
  binding: Binding,
  graph: Graph,
  parameters: Tensors,
  inputs: readonly Tensors[],
): OpTimes {
  checkParameters(graph, parameters);
  const step = new EagerStep(binding, graph, parameters);
  try {
    for (const first of inputs.slice(0, 1)) step.run(first);
    return { how, runs: inputs.map((given) => step.run(given)) };
  } finally {
    step.close();
  }
}

class EagerStep {
  private readonly work: OneByOne;
  private readonly attributes: ReadonlyMap<number, readonly OpAttribute[]>;
  /** Tensors of constants and parameters, by place. */
  private readonly fixed = new Map<number, number>();

  constructor(
    private readonly binding: Binding,
    private readonly graph: Graph,
    parameters: Tensors,
  ) {
    const { writer, owners } = stepNodes(graph);
    this.work = oneByOne(graph, writer, owners);
    this.attributes = new Map(this.work.ops.map(({ at, node }) => [at, attributesOf(binding, node)]));
    for (const { name, node } of graph.parameters) {
      const { dtype, shape, data } = parameters[name]!;
      this.fixed.set(this.work.placeOf(node), binding.createTensor(shape, typeCode(binding, dtype), data.slice()));
    }
    for (const { at, node } of this.work.constants) {
      const { dtype, tensorShape, tensorContent } = node.attr.value!.tensor!;
      const shape = tensorShape.dim.map(({ size }) => size);
      this.fixed.set(at, constantOf(binding, dtype, shape, tensorContent));
    }
  }

  run(given: Tensors): readonly OpTime[] {
    const { binding, graph, work } = this;
    const symbols: Symbols = {};
    const own = new Map<number, number>();
    const times: OpTime[] = [];
    try {
      for (const input of graph.inputs) {
        const { shape, data, dtype } = checkTensor(graph, input, given[input.name], symbols);
        own.set(work.placeOf(input.node), binding.createTensor(shape, typeCode(binding, dtype), data.slice()));
      }
      const began = performance.now();
      for (const { at, node, reads, ends, owner } of work.ops) {
        const ids = reads.map((read) => own.get(read) ?? this.fixed.get(read)!);
        const start = performance.now();
        const results = binding.executeOp(node.op, this.attributes.get(at)!, ids, node.op === 'TopKV2' ? 2 : 1);
        const milliseconds = performance.now() - start;
        times.push({ op: node.op, start: start - began, milliseconds, ...defined({ node: owner }) });
        own.set(at, results[0]!.id);
        for (const { id } of results.slice(1)) binding.deleteTensor(id);
        for (const end of ends) {
          binding.deleteTensor(own.get(end)!);
          own.delete(end);
        }
      }
    } finally {
      for (const id of own.values()) binding.deleteTensor(id);
    }
    return times;
  }

  close(): void {
    for (const id of this.fixed.values()) this.binding.deleteTensor(id);
    this.fixed.clear();
  }
}

function attributesOf(binding: Binding, { attr }: TensorflowNode): OpAttribute[] {
  return Object.entries(attr).map(([name, { type, b, i }]) => {
    if (type !== undefined) return { name, type: binding.TF_ATTR_TYPE, value: codeOf(binding, type) };
    if (b !== undefined) return { name, type: binding.TF_ATTR_BOOL, value: b };
    return { name, type: binding.TF_ATTR_INT, value: i! };
  });
}

const dtypes = { DT_FLOAT: 'float32', DT_INT32: 'int32', DT_BOOL: 'bool' } as const;

/** Of TensorFlow's types.proto. tfjs-node creates no tensor of it: one is cast. */
const bfloat16 = 14;

const codeOf = (binding: Binding, type: string): number =>
  type === 'DT_BFLOAT16' ? bfloat16 : typeCode(binding, dtypes[type as keyof typeof dtypes]);

function constantOf(binding: Binding, type: string, shape: readonly number[], content: Uint8Array): number {
  if (type !== 'DT_BFLOAT16') return binding.createTensor(shape, codeOf(binding, type), numbersOf(type, content));
  // The upper half of a float32.
  const halves = new Uint16Array(Uint8Array.from(content).buffer);
  const whole = new Float32Array(Uint32Array.from(halves, (half) => half * 65_536).buffer);
  const given = binding.createTensor(shape, binding.TF_FLOAT, whole);
  const typed = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const attributes = [typed('SrcT', binding.TF_FLOAT), typed('DstT', bfloat16)];
  const [cast] = binding.executeOp('Cast', attributes, [given], 1);
  binding.deleteTensor(given);
  return cast!.id;
}

/** Numbers of a constant, which is written as bytes. */
function numbersOf(type: string, content: Uint8Array): Float32Array | Int32Array | Uint8Array {
  const bytes = Uint8Array.from(content);
  if (type === 'DT_FLOAT') return new Float32Array(bytes.buffer);
  return type === 'DT_INT32' ? new Int32Array(bytes.buffer) : bytes;
}
