/**
 * R's serialization, as far as data frames need it (R Internals, section 1.8: format XDR, versions 2 and 3), and R's lazy-load
 * data bases: a `.rdx` index beside a `.rdb` file of compressed objects.
 */
import { gunzipSync, inflateSync } from 'node:zlib';

export type RValue = null | RVector | RList | RText;

export interface RVector {
  readonly kind: 'numbers';
  /** NaN is NA. */
  readonly values: Float64Array;
  readonly attributes: ReadonlyMap<string, RValue>;
}

export interface RText {
  readonly kind: 'texts';
  /** `undefined` is NA. */
  readonly values: readonly (string | undefined)[];
  readonly attributes: ReadonlyMap<string, RValue>;
}

export interface RList {
  readonly kind: 'list';
  readonly values: readonly RValue[];
  readonly attributes: ReadonlyMap<string, RValue>;
}

/** One object of a lazy-load data base. Throws Error when it has none of that name, or is damaged. */
export function readLazyLoad(index: Buffer, objects: Buffer, name: string): RValue {
  const variables = member(readRObject(gunzipSync(index)), 'variables');
  const place = member(variables, name);
  if (place?.kind !== 'numbers') throw new Error(`it has no object \`${name}\``);
  const [offset, length] = place.values;
  // Four bytes say how long the object is once it is unpacked.
  return readRObject(inflateSync(objects.subarray(offset! + 4, offset! + length!)));
}

/** A part of a list, by its name. */
export function member(value: RValue | undefined, name: string): RValue | undefined {
  if (value?.kind !== 'list') return undefined;
  const names = value.attributes.get('names');
  const at = names?.kind === 'texts' ? names.values.indexOf(name) : -1;
  return at === -1 ? undefined : value.values[at];
}

const NA_INTEGER = -2147483648;

/** Reads one serialized object. Throws Error for what data frames do not hold: functions, environments. */
export function readRObject(bytes: Buffer): RValue {
  let at = 0;
  const integer = (): number => {
    at += 4;
    return bytes.readInt32BE(at - 4);
  };
  const real = (): number => {
    at += 8;
    return bytes.readDoubleBE(at - 8);
  };
  if (bytes.toString('latin1', 0, 2) !== 'X\n') throw new Error('it is not an R object');
  at = 2;
  const version = integer();
  at += 8;
  if (version === 3) at += 4 + bytes.readInt32BE(at);
  else if (version !== 2) throw new Error(`it is written in version ${version} of R's format`);

  const symbols: string[] = [];
  return item().value;

  /** An object, or the name that a symbol is. */
  function item(): { readonly value: RValue; readonly symbol?: string } {
    const flags = integer();
    const type = flags & 0xff;
    const hasAttributes = (flags & 0x200) !== 0;
    switch (type) {
      case 254: // NULL
      case 253: // the global environment
      case 242: // the empty environment
      case 241: // the base environment
        return { value: null };
      case 255: // a symbol that was written before
        return { value: null, symbol: symbols[(flags >> 8 === 0 ? integer() : flags >> 8) - 1]! };
      case 1: {
        const symbol = characters() ?? '';
        symbols.push(symbol);
        return { value: null, symbol };
      }
      case 2:
        return { value: pairs(flags) };
      case 10: // logical
      case 13: {
        const values = new Float64Array(integer());
        for (let i = 0; i < values.length; i++) {
          const value = integer();
          values[i] = value === NA_INTEGER ? Number.NaN : value;
        }
        return { value: { kind: 'numbers', values, attributes: attributes(hasAttributes) } };
      }
      case 14: {
        const values = new Float64Array(integer());
        for (let i = 0; i < values.length; i++) values[i] = real();
        return { value: { kind: 'numbers', values, attributes: attributes(hasAttributes) } };
      }
      case 16: {
        const values = Array.from({ length: integer() }, characters);
        return { value: { kind: 'texts', values, attributes: attributes(hasAttributes) } };
      }
      case 19: {
        const values = Array.from({ length: integer() }, () => item().value);
        return { value: { kind: 'list', values, attributes: attributes(hasAttributes) } };
      }
      case 238:
        return { value: alternative() };
      default:
        throw new Error(`it holds an R value of type ${type}, which no data frame does`);
    }
  }

  function characters(): string | undefined {
    const type = integer() & 0xff;
    if (type !== 9) throw new Error('a text of it is damaged');
    const length = integer();
    if (length === -1) return undefined;
    at += length;
    return bytes.toString('utf8', at - length, at);
  }

  /** A pair list: names and values, one cell after another. `flags` are those of its first cell. */
  function pairs(flags: number): RList {
    const values: RValue[] = [];
    const names: string[] = [];
    let cell = flags;
    while ((cell & 0xff) === 2) {
      if ((cell & 0x200) !== 0) item();
      names.push((cell & 0x400) === 0 ? '' : (item().symbol ?? ''));
      const { value, symbol } = item();
      values.push(symbol === undefined ? value : { kind: 'texts', values: [symbol], attributes: new Map() });
      cell = integer();
    }
    const texts: RText = { kind: 'texts', values: names, attributes: new Map() };
    return { kind: 'list', values, attributes: new Map([['names', texts]]) };
  }

  function attributes(present: boolean): ReadonlyMap<string, RValue> {
    if (!present) return new Map();
    const { value } = item();
    if (value?.kind !== 'list') return new Map();
    const names = value.attributes.get('names') as RText;
    return new Map(names.values.map((name, i) => [name ?? '', value.values[i]!]));
  }

  /** What R keeps in a short form: a range of whole numbers, or a vector that is wrapped. */
  function alternative(): RValue {
    const information = pairs(integer());
    const [family] = information.values;
    const name = family?.kind === 'texts' ? (family.values[0] ?? '') : '';
    const state = item().value;
    item();
    if (name === 'compact_intseq' && state?.kind === 'numbers') {
      const [length, first, step] = state.values;
      const values = Float64Array.from({ length: length! }, (_, i) => first! + i * step!);
      return { kind: 'numbers', values, attributes: new Map() };
    }
    if (name.startsWith('wrap_') && state?.kind === 'list') return state.values[0] ?? null;
    throw new Error(`it holds a vector in R's short form \`${name}\`, which is not known here`);
  }
}
