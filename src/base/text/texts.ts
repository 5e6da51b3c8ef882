/**
 * Stores lists of texts as contiguous bytes. Tens of millions of strings would be as many objects for the garbage collector. A packed list is two arrays, and
 * makes a string on access.
 */

/** A read-only list of texts. Arrays of strings have this type too. */
export interface Texts extends Iterable<string> {
  readonly length: number;
  /** A negative index counts from the end. Undefined if out of range. */
  at(index: number): string | undefined;
}

/** Maximum of 32-bit offsets and of the length of a `Uint8Array`. */
const maxUint32 = 2 ** 32 - 1;
let maxBytes = maxUint32;

/** Returns the maximum bytes of all texts of a list. */
export const maxTextBytes = (): number => maxBytes;

/** Limits the bytes of lists that are made from now on. For tests. */
export function limitTextBytes(bytes: number = maxUint32): void {
  maxBytes = bytes;
}

/** Thrown if a list of texts has no room for another. */
export class TextsTooLarge extends RangeError {
  constructor() {
    super(`the texts of a list take more than ${maxBytes} bytes`);
  }
}

export class PackedTexts implements Texts {
  /** @param bytes all texts one after another, as WTF-8 @param ends the end of each text in `bytes` */
  constructor(
    readonly bytes: Uint8Array,
    readonly ends: Uint32Array,
  ) {}

  get length(): number {
    return this.ends.length;
  }

  at(index: number): string | undefined {
    const textIndex = index < 0 ? this.length + index : index;
    return textIndex >= 0 && textIndex < this.length
      ? decodeText(this.bytes, this.startOf(textIndex), this.ends[textIndex]!)
      : undefined;
  }

  startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  *[Symbol.iterator](): Iterator<string> {
    let textStart = 0;
    for (const end of this.ends) {
      yield decodeText(this.bytes, textStart, end);
      textStart = end;
    }
  }

  /** `JSON.stringify` uses this form of an array. */
  toJSON(): string[] {
    return [...this];
  }
}

/** Collects texts in a list that grows, and then packs it. */
export class TextsWriter {
  #bytes: Uint8Array;
  #ends: Uint32Array;
  #used = 0;
  #length = 0;

  /** @param texts number of texts to reserve memory for @param bytes number of bytes to reserve for all texts */
  constructor(texts = 0, bytes = 8 * texts) {
    this.#bytes = new Uint8Array(Math.min(maxBytes, bytes));
    this.#ends = new Uint32Array(texts);
  }

  /** @throws TextsTooLarge past 4 GiB */
  add(text: string): void {
    this.#reserve(3 * text.length);
    this.#end(encodeText(text, this.#bytes, this.#used));
  }

  /** @param bytes has the text in the range from `from` to `end` */
  addBytes(bytes: Uint8Array, from: number, end: number): void {
    this.#reserve(end - from);
    const ownBytes = this.#bytes;
    let writeAt = this.#used;
    // For a short text, a call of `set` and its view would cost more than the loop.
    if (end - from > 64) ownBytes.set(bytes.subarray(from, end), writeAt);
    else for (let index = from; index < end; ) ownBytes[writeAt++] = bytes[index++]!;
    this.#end(this.#used + end - from);
  }

  /** Adds a text of another list without making a string of it. */
  addFrom(texts: Texts, index: number): void {
    if (texts instanceof PackedTexts) this.addBytes(texts.bytes, texts.startOf(index), texts.ends[index]!);
    else this.add(texts.at(index)!);
  }

  /** Packs the list. Call it once, after the last text. */
  texts(): PackedTexts {
    return new PackedTexts(trimToLength(this.#bytes, this.#used), trimToLength(this.#ends, this.#length));
  }

  #reserve(count: number): void {
    const neededBytes = this.#used + count;
    if (neededBytes <= this.#bytes.length) return;
    if (neededBytes > maxBytes) throw new TextsTooLarge();
    this.#bytes = copyEnlarged(
      this.#bytes,
      Math.min(maxBytes, Math.max(64, neededBytes, Math.ceil(1.5 * this.#bytes.length))),
    );
  }

  #end(end: number): void {
    this.#used = end;
    if (this.#length === this.#ends.length) {
      this.#ends = copyEnlarged(this.#ends, Math.max(16, Math.ceil(1.5 * this.#ends.length)));
    }
    this.#ends[this.#length++] = end;
  }
}

function copyEnlarged<T extends Uint8Array | Uint32Array>(from: T, length: number): T {
  const larger = new (from.constructor as new (length: number) => T)(length);
  larger.set(from as never);
  return larger;
}

/** Returns the first elements of an array. Copies them if much of the array is unused, so that its memory is freed. */
const trimToLength = <T extends Uint8Array | Uint32Array>(array: T, length: number): T =>
  (length > 0.8 * array.length ? array.subarray(0, length) : array.slice(0, length)) as T;

/** @param expected number of texts to reserve memory for. @throws TextsTooLarge past 4 GiB */
export function packTexts(texts: Iterable<string>, expected = 0): PackedTexts {
  if (texts instanceof PackedTexts) return texts;
  const writer = new TextsWriter(expected);
  for (const text of texts) writer.add(text);
  return writer.texts();
}

/** Returns the texts at these indexes, packed if the list is. */
export function pickTexts(texts: Texts, places: ArrayLike<number>): Texts {
  if (!(texts instanceof PackedTexts)) return Array.from(places, (index) => texts.at(index)!);
  let pickedBytes = 0;
  for (let i = 0; i < places.length; i++) pickedBytes += texts.ends[places[i]!]! - texts.startOf(places[i]!);
  const writer = new TextsWriter(places.length, pickedBytes);
  for (let i = 0; i < places.length; i++) writer.addFrom(texts, places[i]!);
  return writer.texts();
}

/** Returns the texts of both lists, one after the other, packed if the first is. @throws TextsTooLarge past 4 GiB */
export function concatTexts(first: Texts, second: Texts): Texts {
  if (!(first instanceof PackedTexts)) return [...first, ...second];
  const writer = new TextsWriter(first.length + second.length);
  for (const list of [first, second]) for (let index = 0; index < list.length; index++) writer.addFrom(list, index);
  return writer.texts();
}

/** Compares two texts of a list by UTF-16 units, the order of strings: negative if the text at `a` comes first. */
export function compareTexts(texts: Texts, a: number, b: number): number {
  const compareAsStrings = (): number => {
    const [one, other] = [texts.at(a)!, texts.at(b)!];
    return one < other ? -1 : one > other ? 1 : 0;
  };
  if (!(texts instanceof PackedTexts)) return compareAsStrings();
  const { bytes, ends } = texts;
  let [offsetA, offsetB] = [texts.startOf(a), texts.startOf(b)];
  const [endA, endB] = [ends[a]!, ends[b]!];
  for (; offsetA < endA && offsetB < endB; offsetA++, offsetB++) {
    const [one, other] = [bytes[offsetA]!, bytes[offsetB]!];
    if (one === other) continue;
    // Bytes sort by code point, strings by UTF-16 unit: there, characters of two units come before the last characters of one.
    return one >= 0xed && other >= 0xed && (one >= 0xf0 || other >= 0xf0) ? compareAsStrings() : one - other;
  }
  return endA - offsetA - (endB - offsetB);
}

/** Yields the list as arrays of at most `batchSize` texts. */
export function* batchTexts(texts: Texts, batchSize: number): Iterable<readonly string[]> {
  for (let from = 0; from < texts.length; from += batchSize) {
    yield Array.from({ length: Math.min(batchSize, texts.length - from) }, (_, i) => texts.at(from + i)!);
  }
}

/** True if a text has half of a surrogate pair, for which UTF-8 has no bytes. */
export function hasSurrogates(texts: Texts): boolean {
  if (!(texts instanceof PackedTexts)) return [...texts].some((text) => /\p{Surrogate}/u.test(text));
  const { bytes } = texts;
  for (let index = 0; index < bytes.length; index++)
    if (bytes[index] === 0xed && bytes[index + 1]! >= 0xa0) return true;
  return false;
}

export const isTexts = (value: unknown): value is Texts => Array.isArray(value) || value instanceof PackedTexts;

/** True if two lists have the same texts in the same order. */
export function areTextsEqual(one: Texts, other: Texts): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one.at(index) !== other.at(index)) return false;
  return true;
}

// WTF-8 is UTF-8 that also encodes unpaired halves of surrogate pairs, each as three bytes. So different texts have different bytes, and any bytes decode to
// some text. Needs neither Node.js nor the Encoding API, which would replace those halves.

/** Writes a text and returns the end of its bytes. A unit of UTF-16 needs at most three bytes. */
export function encodeText(text: string, to: Uint8Array, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      to[offset++] = unit;
      continue;
    }
    if (unit < 0x800) {
      to[offset++] = 0xc0 | (unit >> 6);
      to[offset++] = 0x80 | (unit & 0x3f);
      continue;
    }
    const nextUnit = (unit & 0xfc00) === 0xd800 ? text.charCodeAt(i + 1) : 0;
    if ((nextUnit & 0xfc00) === 0xdc00) {
      unit = 0x10000 + ((unit & 0x3ff) << 10) + (nextUnit & 0x3ff);
      i++;
      to[offset++] = 0xf0 | (unit >> 18);
      to[offset++] = 0x80 | ((unit >> 12) & 0x3f);
    } else {
      to[offset++] = 0xe0 | (unit >> 12);
    }
    to[offset++] = 0x80 | ((unit >> 6) & 0x3f);
    to[offset++] = 0x80 | (unit & 0x3f);
  }
  return offset;
}

export function decodeText(bytes: Uint8Array, from: number, end: number): string {
  let decoded = '';
  let readAt = from;
  // Most keys are ASCII; four units a call are a third faster than one.
  for (; readAt + 4 <= end; readAt += 4) {
    const [a, b, c, d] = [bytes[readAt]!, bytes[readAt + 1]!, bytes[readAt + 2]!, bytes[readAt + 3]!];
    if ((a | b | c | d) >= 0x80) break;
    decoded += String.fromCharCode(a, b, c, d);
  }
  while (readAt < end) {
    const leadByte = bytes[readAt++]!;
    const sixBits = (): number => bytes[readAt++]! & 0x3f;
    if (leadByte < 0x80) decoded += String.fromCharCode(leadByte);
    else if (leadByte < 0xe0) decoded += String.fromCharCode(((leadByte & 0x1f) << 6) | sixBits());
    else if (leadByte < 0xf0) decoded += String.fromCharCode(((leadByte & 0x0f) << 12) | (sixBits() << 6) | sixBits());
    else
      decoded += String.fromCodePoint(
        Math.min(0x10ffff, ((leadByte & 0x07) << 18) | (sixBits() << 12) | (sixBits() << 6) | sixBits()),
      );
  }
  return decoded;
}
