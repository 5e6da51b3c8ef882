/**
 * Plain data as the tensors and the one text of a safetensors file: objects, maps, lists, texts, packed texts, numbers and typed arrays. Arrays of the same bytes are
 * stored once. What is read is only plain data, whatever the file holds: who reads it checks what it is.
 */
import { invariant } from '../diagnostics/failure.ts';
import { PackedTexts } from '../text/texts.ts';
import { bytesOf, type Damaged, numberKindOf, type StoredNumbers, type StoredTensor } from './tensor_header.ts';

/** Arrays as they are stored, and as they come back. */
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

/** JSON: an object is in `o`, the entries of a map in `m`, the bytes and ends of packed texts in `p`, the name of a tensor in `t`. */
type TreeNode = string | number | boolean | null | readonly TreeNode[] | Branch;
type Branch =
  | { readonly o: Readonly<Record<string, TreeNode>> }
  | { readonly m: readonly (readonly [string, TreeNode])[] }
  | { readonly p: readonly [bytes: TreeNode, ends: TreeNode] }
  | { readonly t: string; readonly as: View };

export interface PackedTree {
  readonly text: string;
  readonly tensors: readonly StoredTensor[];
}

/** An entry that is undefined is left out. */
export function packTree(value: unknown): PackedTree {
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
      const { buffer, byteOffset, length } = each as TreeArray;
      return { t: placeOf(new views[viewKind].stored(buffer as ArrayBuffer, byteOffset, length)), as: viewKind };
    }
    invariant(typeof each === 'object', 'a function is no plain data');
    const entries = Object.entries(each as object).filter(([, one]) => one !== undefined);
    return { o: Object.fromEntries(entries.map(([name, one]) => [name, nodeOf(one)])) };
  };
  const tree = nodeOf(value);
  return { text: JSON.stringify(tree), tensors };
}

/** @param damaged for what no `packTree` gives */
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
      return new of(buffer as ArrayBuffer, byteOffset, length);
    }
    throw damaged('an entry of it is of no known kind');
  };
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    throw damaged('its contents are not JSON');
  }
  return plainOf(tree, 0);
}

const deepest = 32;
