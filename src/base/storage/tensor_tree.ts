/**
 * Stores plain data as the tensors and one text of a safetensors file: objects, maps, lists, texts, packed texts, numbers and typed arrays. Arrays that share
 * their bytes are stored once. Reading returns plain data whatever the file holds, so the caller must check it; it needs no Node.js.
 */
import { invariant } from '../diagnostics/diagnostic.ts';
import { PackedTexts } from '../text/texts.ts';
import { asBytes, type MakeDamageError, numberKindOf, type StoredNumbers, type StoredTensor } from './tensor_header.ts';

/** The types of arrays in memory and in the file. */
const viewTypes = {
  F32: { memoryType: Float32Array, storedType: Float32Array },
  F64: { memoryType: Float64Array, storedType: Float64Array },
  I32: { memoryType: Int32Array, storedType: Int32Array },
  U8: { memoryType: Uint8Array, storedType: Uint8Array },
  U32: { memoryType: Uint32Array, storedType: Int32Array },
  I8: { memoryType: Int8Array, storedType: Uint8Array },
} as const;

type View = keyof typeof viewTypes;
type TreeArray = InstanceType<(typeof viewTypes)[View]['memoryType']>;

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

/** Packs plain data. Undefined entries are left out. @param asDifferences stores whole numbers as differences, because gzip makes little of ends that grow */
export function packTree(value: unknown, asDifferences = false): PackedTree {
  const tensors: StoredTensor[] = [];
  const storeTensor = (data: StoredNumbers): string => {
    const dataBytes = asBytes(data);
    const sameTensor = tensors.find(
      ({ data: other }) =>
        other.constructor === data.constructor &&
        other.length === data.length &&
        Buffer.compare(asBytes(other), dataBytes) === 0,
    );
    if (sameTensor) return sameTensor.name;
    const name = `${numberKindOf(data)} ${tensors.length}`;
    tensors.push({ name, shape: [data.length], data });
    return name;
  };
  const encodeNode = (plain: unknown): TreeNode => {
    if (plain === null || typeof plain === 'string' || typeof plain === 'boolean') return plain;
    if (typeof plain === 'number') {
      invariant(Number.isFinite(plain), 'JSON has finite numbers');
      return plain;
    }
    if (Array.isArray(plain)) return plain.map(encodeNode);
    if (plain instanceof Map) return { m: [...plain].map(([key, item]) => [String(key), encodeNode(item)] as const) };
    if (plain instanceof PackedTexts) return { p: [encodeNode(plain.bytes), encodeNode(plain.ends)] };
    const viewKind = (Object.keys(viewTypes) as View[]).find((kind) => plain instanceof viewTypes[kind].memoryType);
    if (viewKind !== undefined) {
      const isChanged = asDifferences && (plain instanceof Int32Array || plain instanceof Uint32Array);
      const array = isChanged
        ? plain.map((number, index) => (index === 0 ? number : number - plain[index - 1]!))
        : plain;
      const { buffer, byteOffset, length } = array as TreeArray;
      const name = storeTensor(new viewTypes[viewKind].storedType(buffer as ArrayBuffer, byteOffset, length));
      return { t: name, as: viewKind, ...(isChanged && { d: 1 }) };
    }
    invariant(typeof plain === 'object', 'a function is no plain data');
    const entries = Object.entries(plain as object).filter(([, item]) => item !== undefined);
    return { o: Object.fromEntries(entries.map(([name, item]) => [name, encodeNode(item)])) };
  };
  return { text: JSON.stringify(encodeNode(value)), tensors };
}

/** @param damageError makes the error for text that `packTree` never writes */
export function unpackTree(
  text: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  damageError: MakeDamageError,
): unknown {
  const decodeNode = (node: unknown, depth: number): unknown => {
    if (depth > maxDepth) throw damageError('its contents are nested too deep');
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map((value) => decodeNode(value, depth + 1));
    if ('o' in node && typeof node.o === 'object' && node.o !== null) {
      return Object.fromEntries(Object.entries(node.o).map(([name, value]) => [name, decodeNode(value, depth + 1)]));
    }
    if ('m' in node && Array.isArray(node.m)) {
      return new Map(
        node.m.map((entry: unknown) => {
          if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw damageError('an entry of it has no name');
          return [entry[0], decodeNode(entry[1], depth + 1)];
        }),
      );
    }
    if ('p' in node && Array.isArray(node.p)) {
      const [bytes, ends] = node.p.map((value: unknown) => decodeNode(value, depth + 1));
      if (!(bytes instanceof Uint8Array && ends instanceof Uint32Array)) throw damageError('its texts have no bytes');
      return new PackedTexts(bytes, ends);
    }
    if ('t' in node && 'as' in node && typeof node.as === 'string' && Object.hasOwn(viewTypes, node.as)) {
      const tensor = tensors.get(String(node.t));
      const { memoryType, storedType } = viewTypes[node.as as View];
      if (!(tensor?.data instanceof storedType)) throw damageError(`it has no numbers ${JSON.stringify(node.t)}`);
      const { buffer, byteOffset, length } = tensor.data;
      const array = new memoryType(buffer as ArrayBuffer, byteOffset, length);
      if (!('d' in node)) return array;
      // A copy, because equal arrays share their bytes.
      const sums = array.slice();
      for (let index = 1; index < length; index++) sums[index]! += sums[index - 1]!;
      return sums;
    }
    throw damageError('an entry of it is of no known kind');
  };
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    throw damageError('it is not JSON');
  }
  return decodeNode(tree, 0);
}

const maxDepth = 32;
