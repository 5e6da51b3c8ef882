/** Numbers in order, without comparing any two of them. */

/** Places of numbers in ascending order; equal ones in their own order. Four passes over 16 bits each (least significant first). */
export function ascendingPlaces(values: ArrayLike<number>): Int32Array {
  const length = values.length;
  let places = new Int32Array(length);
  let sorted = true;
  for (let at = 0; at < length; at++) {
    places[at] = at;
    if (at > 0 && values[at]! < values[at - 1]!) sorted = false;
  }
  if (sorted) return places;
  const keys = keysOf(values);
  let next = new Int32Array(length);
  const counts = new Int32Array(2 ** 16 + 1);
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let at = 0; at < length; at++) counts[keys[4 * at + digit]! + 1]!++;
    for (let at = 0; at < 2 ** 16; at++) counts[at + 1]! += counts[at]!;
    for (let at = 0; at < length; at++) {
      const place = places[at]!;
      next[counts[keys[4 * place + digit]!]!++] = place;
    }
    [places, next] = [next, places];
  }
  return places;
}

/** The bits of each number, made to ascend as the numbers do: four digits of 16 bits, the lowest first. */
function keysOf(values: ArrayLike<number>): Uint16Array {
  const numbers = Float64Array.from(values, (value) => value + 0);
  const halves = new Uint32Array(numbers.buffer);
  for (let at = 0; at < numbers.length; at++) {
    const high = halves[2 * at + 1]!;
    if (high >>> 31 === 1) {
      halves[2 * at] = ~halves[2 * at]!;
      halves[2 * at + 1] = ~high;
    } else halves[2 * at + 1] = high ^ 0x80000000;
  }
  return new Uint16Array(numbers.buffer);
}
