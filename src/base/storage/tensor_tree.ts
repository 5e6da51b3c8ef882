/**
 * Stores plain data as the tensors and one text of a safetensors file: objects, maps, lists, texts, packed texts, numbers and typed arrays. Arrays that share
 * their bytes are stored once. Reading returns plain data whatever the file holds, so the caller must check it; it needs no Node.js.
 */
import { invariant } from '../diagnostics/failure.ts';
import { PackedTexts } from '../text/texts.ts';
import { bytesOf, type Damaged, numberKindOf, type StoredNumbers, type StoredTensor } from './tensor_header.ts';

/** The types of arrays in memory (`of`) and in the file (`stored`). */
const views = {
  F32: { of: Float32Array, stored: Float32Array },
  F64: { of: Float64Array, stored: Float64Array },
  I32: { of: Int32Array, stored: Int32Array },
  U8: { of: Uint8Array, stored: Uint8Array },
  U32: { of: Uint32Array, stored: Int32Array },
  I8: { of: Int8Array, stored: Uint8Array },
} as const;

type View = keyof typeof views;
type TreeArray = InstanceType<(typeof views)[View]['of']>;

/** A node in JSON: an object is in `o`, the entries of a map in `m`, the bytes and ends of packed texts in `p`, the name of a tensor in `t`; with `d` it has differences. */
type TreeNode = string | number | boolean | null | readonly TreeNode[] | Branch;
type Branch =
  | { readonly o: Readonly<Record<string, TreeNode>> }
  | { readonly m: readonly (readonly [string, TreeNode])[] }
  | { readonly p: readonly [bytes: TreeNode, ends: TreeNode] }
  | { readonly t: string; readonly as: View; readonly d?: 1 };

interface PackedTree {
  readonly text: string;
  readonly tensors: readonly StoredTensor[];
}

/**
 * Packs plain data. Undefined entries are left out.
 * @param differences stores whole numbers as differences, because gzip makes little of ends that grow
 */
export function packTree(value: unknown, differences = false): PackedTree {
  const tensors: StoredTensor[] = [];
  const placeOf = (data: StoredNumbers): string => {
    const dataBytes = bytesOf(data);
    const sameTensor = tensors.find(
      ({ data: other }) =>
        other.constructor === data.constructor &&
        other.length === data.length &&
        Buffer.compare(bytesOf(other), dataBytes) === 0,
    );
    if (sameTensor) return sameTensor.name;
    const name = `${numberKindOf(data)} ${tensors.length}`;
    tensors.push({ name, shape: [data.length], data });
    return name;
  };
  const nodeOf = (each: unknown): TreeNode => {
    if (each === null || typeof each === 'string' || typeof each === 'boolean') return each;
    if (typeof each === 'number') {
      invariant(Number.isFinite(each), 'JSON has finite numbers');
      return each;
    }
    if (Array.isArray(each)) return each.map(nodeOf);
    if (each instanceof Map) return { m: [...each].map(([key, one]) => [String(key), nodeOf(one)] as const) };
    if (each instanceof PackedTexts) return { p: [nodeOf(each.bytes), nodeOf(each.ends)] };
    const viewKind = (Object.keys(views) as View[]).find((kind) => each instanceof views[kind].of);
    if (viewKind !== undefined) {
      const isChanged = differences && (each instanceof Int32Array || each instanceof Uint32Array);
      const array = isChanged ? each.map((number, index) => (index === 0 ? number : number - each[index - 1]!)) : each;
      const { buffer, byteOffset, length } = array as TreeArray;
      const name = placeOf(new views[viewKind].stored(buffer as ArrayBuffer, byteOffset, length));
      return { t: name, as: viewKind, ...(isChanged && { d: 1 }) };
    }
    invariant(typeof each === 'object', 'a function is no plain data');
    const entries = Object.entries(each as object).filter(([, one]) => one !== undefined);
    return { o: Object.fromEntries(entries.map(([name, one]) => [name, nodeOf(one)])) };
  };
  const tree = nodeOf(value);
  return { text: JSON.stringify(tree), tensors };
}

/** @param damaged makes the error for text that `packTree` never writes */
export function unpackTree(text: string, tensors: ReadonlyMap<string, StoredTensor>, damaged: Damaged): unknown {
  const plainOf = (node: unknown, depth: number): unknown => {
    if (depth > deepest) throw damaged('its contents are nested too deep');
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map((each) => plainOf(each, depth + 1));
    if ('o' in node && typeof node.o === 'object' && node.o !== null) {
      return Object.fromEntries(Object.entries(node.o).map(([name, each]) => [name, plainOf(each, depth + 1)]));
    }
    if ('m' in node && Array.isArray(node.m)) {
      return new Map(
        node.m.map((entry: unknown) => {
          if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw damaged('an entry of it has no name');
          return [entry[0], plainOf(entry[1], depth + 1)];
        }),
      );
    }
    if ('p' in node && Array.isArray(node.p)) {
      const [bytes, ends] = node.p.map((each: unknown) => plainOf(each, depth + 1));
      if (!(bytes instanceof Uint8Array && ends instanceof Uint32Array)) throw damaged('its texts have no bytes');
      return new PackedTexts(bytes, ends);
    }
    if ('t' in node && 'as' in node && typeof node.as === 'string' && Object.hasOwn(views, node.as)) {
      const tensor = tensors.get(String(node.t));
      const { of, stored } = views[node.as as View];
      if (!(tensor?.data instanceof stored)) throw damaged(`it has no numbers ${JSON.stringify(node.t)}`);
      const { buffer, byteOffset, length } = tensor.data;
      const array = new of(buffer as ArrayBuffer, byteOffset, length);
      if (!('d' in node)) return array;
      // A copy, because equal arrays share their bytes.
      const sums = array.slice();
      for (let index = 1; index < length; index++) sums[index]! += sums[index - 1]!;
      return sums;
    }
    throw damaged('an entry of it is of no known kind');
  };
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  return plainOf(tree, 0);
}

const deepest = 32;
