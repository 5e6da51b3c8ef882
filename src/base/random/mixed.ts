/** Bits that all depend on all bits of a number: the finaliser of MurmurHash3 (Austin Appleby, public domain). What is trained depends on it, so it never changes. */

/** An unsigned 32-bit number. */
export function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The value of a whole number under one of many functions. */
export const hashOf = (id: number, stream: number): number => mixed(id ^ Math.imul(stream + 1, 0x9e3779b9));
