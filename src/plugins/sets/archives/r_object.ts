/** Reads the part of R's serialization that data frames use (R Internals, section 1.8: format XDR, versions 2 and 3). */

const NA_INTEGER = -2147483648;

/** Throws Error for objects that are not part of data frames: functions, environments. */
export function readRObject(bytes: Buffer): RValue {
  return new RReader(bytes).object();
}

class RReader {
  readonly #bytes: Buffer;
  /** The offset of the next value. */
  #at = 0;
  /** Symbols in the order in which they were read. Later references use their numbers. */
  readonly #symbols: string[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  object(): RValue {
    this.#header();
    return this.#item().value;
  }

  #header(): void {
    if (this.#bytes.toString('latin1', 0, 2) !== 'X\n') throw new Error('it is not an R object');
    this.#at = 2;
    const version = this.#integer();
    this.#at += 8;
    if (version === 3) this.#at += 4 + this.#bytes.readInt32BE(this.#at);
    else if (version !== 2) throw new Error(`it is written in version ${version} of R's format`);
  }

  #item(): { readonly value: RValue; readonly symbol?: string } {
    const flags = this.#integer();
    const type = flags & 0xff;
    const hasAttributes = (flags & 0x200) !== 0;
    switch (type) {
      case 254: // NULL
      case 253: // the global environment
      case 242: // the empty environment
      case 241: // the base environment
        return { value: null };
      case 255: // a reference to an earlier symbol
        return { value: null, symbol: this.#symbols[(flags >> 8 === 0 ? this.#integer() : flags >> 8) - 1]! };
      case 1: {
        const symbol = this.#characters() ?? '';
        this.#symbols.push(symbol);
        return { value: null, symbol };
      }
      case 2:
        return { value: this.#pairs(flags) };
      case 10: // logical
      case 13: {
        const values = this.#numbers(() => this.#wholeNumber());
        return { value: { kind: 'numbers', values, attributes: this.#attributes(hasAttributes) } };
      }
      case 14: {
        const values = this.#numbers(() => this.#real());
        return { value: { kind: 'numbers', values, attributes: this.#attributes(hasAttributes) } };
      }
      case 16: {
        const values = Array.from({ length: this.#integer() }, () => this.#characters());
        return { value: { kind: 'texts', values, attributes: this.#attributes(hasAttributes) } };
      }
      case 19: {
        const values = Array.from({ length: this.#integer() }, () => this.#item().value);
        return { value: { kind: 'list', values, attributes: this.#attributes(hasAttributes) } };
      }
      case 238:
        return { value: this.#alternative() };
      default:
        throw new Error(`it contains an R value of type ${type}, which a data frame cannot have`);
    }
  }

  #numbers(read: () => number): Float64Array {
    const readNumbers = new Float64Array(this.#integer());
    for (let i = 0; i < readNumbers.length; i++) readNumbers[i] = read();
    return readNumbers;
  }

  #integer(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  #wholeNumber(): number {
    const integerValue = this.#integer();
    return integerValue === NA_INTEGER ? Number.NaN : integerValue;
  }

  #real(): number {
    this.#at += 8;
    return this.#bytes.readDoubleBE(this.#at - 8);
  }

  #characters(): string | undefined {
    const type = this.#integer() & 0xff;
    if (type !== 9) throw new Error('a text of it is damaged');
    const byteLength = this.#integer();
    if (byteLength === -1) return undefined;
    this.#at += byteLength;
    return this.#bytes.toString('utf8', this.#at - byteLength, this.#at);
  }

  /** Reads a pair list: names and values, cell by cell. `flags` are those of its first cell. */
  #pairs(flags: number): RList {
    const pairValues: RValue[] = [];
    const names: string[] = [];
    let cell = flags;
    while ((cell & 0xff) === 2) {
      if ((cell & 0x200) !== 0) this.#item();
      names.push((cell & 0x400) === 0 ? '' : (this.#item().symbol ?? ''));
      const { value, symbol } = this.#item();
      pairValues.push(symbol === undefined ? value : { kind: 'texts', values: [symbol], attributes: new Map() });
      cell = this.#integer();
    }
    const texts: RText = { kind: 'texts', values: names, attributes: new Map() };
    return { kind: 'list', values: pairValues, attributes: new Map([['names', texts]]) };
  }

  #attributes(present: boolean): ReadonlyMap<string, RValue> {
    if (!present) return new Map();
    const { value } = this.#item();
    if (value?.kind !== 'list') return new Map();
    const names = value.attributes.get('names') as RText;
    return new Map(names.values.map((name, i) => [name ?? '', value.values[i]!]));
  }

  /** Reads R's compact forms: a range of integers, or a wrapped vector. */
  #alternative(): RValue {
    const information = this.#pairs(this.#integer());
    const [family] = information.values;
    const familyName = family?.kind === 'texts' ? (family.values[0] ?? '') : '';
    const state = this.#item().value;
    this.#item();
    if (familyName === 'compact_intseq' && state?.kind === 'numbers') {
      const [length, first, step] = state.values;
      const values = Float64Array.from({ length: length! }, (_, i) => first! + i * step!);
      return { kind: 'numbers', values, attributes: new Map() };
    }
    if (familyName.startsWith('wrap_') && state?.kind === 'list') return state.values[0] ?? null;
    throw new Error(`it contains a vector in R's short form \`${familyName}\`, which this version cannot read`);
  }
}

/** Values of R that occur in data frames. */

export type RValue = null | RVector | RList | RText;

interface RVector {
  readonly kind: 'numbers';
  /** NaN is NA. */
  readonly values: Float64Array;
  readonly attributes: ReadonlyMap<string, RValue>;
}

interface RText {
  readonly kind: 'texts';
  /** `undefined` is NA. */
  readonly values: readonly (string | undefined)[];
  readonly attributes: ReadonlyMap<string, RValue>;
}

interface RList {
  readonly kind: 'list';
  readonly values: readonly RValue[];
  readonly attributes: ReadonlyMap<string, RValue>;
}
