/**
 * WTF-8: UTF-8, also of halves of surrogate pairs that have no other half, each as three bytes. So different texts have different bytes, and
 * bytes that are no such text are still one. Needs neither Node.js nor the Encoding API, which would replace those halves.
 */

/** A unit of UTF-16 is three bytes at most. Returns where the bytes end. */
export function encodeText(text: string, to: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      to[at++] = unit;
      continue;
    }
    if (unit < 0x800) {
      to[at++] = 0xc0 | (unit >> 6);
      to[at++] = 0x80 | (unit & 0x3f);
      continue;
    }
    const next = (unit & 0xfc00) === 0xd800 ? text.charCodeAt(i + 1) : 0;
    if ((next & 0xfc00) === 0xdc00) {
      unit = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
      i++;
      to[at++] = 0xf0 | (unit >> 18);
      to[at++] = 0x80 | ((unit >> 12) & 0x3f);
    } else {
      to[at++] = 0xe0 | (unit >> 12);
    }
    to[at++] = 0x80 | ((unit >> 6) & 0x3f);
    to[at++] = 0x80 | (unit & 0x3f);
  }
  return at;
}

export function decodeText(bytes: Uint8Array, from: number, end: number): string {
  let text = '';
  let at = from;
  // Most keys are ASCII; four units a call are a third faster than one.
  for (; at + 4 <= end; at += 4) {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    if ((a | b | c | d) >= 0x80) break;
    text += String.fromCharCode(a, b, c, d);
  }
  while (at < end) {
    const first = bytes[at++]!;
    const rest = (): number => bytes[at++]! & 0x3f;
    if (first < 0x80) text += String.fromCharCode(first);
    else if (first < 0xe0) text += String.fromCharCode(((first & 0x1f) << 6) | rest());
    else if (first < 0xf0) text += String.fromCharCode(((first & 0x0f) << 12) | (rest() << 6) | rest());
    else
      text += String.fromCodePoint(
        Math.min(0x10ffff, ((first & 0x07) << 18) | (rest() << 12) | (rest() << 6) | rest()),
      );
  }
  return text;
}
