/** Numbers of the training part, each value once with how often it comes: memory grows with the values, not with the rows. */
import type { NumberSample } from '../columns/encoders/contract.ts';
import { ascendingPlaces } from '../rows/ascending_places.ts';

export class NumbersSample {
  #values = new Float64Array(2 ** 16);
  #weights = new Float64Array(2 ** 16);
  #length = 0;

  add(value: number): void {
    if (Number.isNaN(value)) return;
    if (this.#length === this.#values.length) this.#compact();
    this.#values[this.#length] = value;
    this.#weights[this.#length++] = 1;
  }

  get bytes(): number {
    return this.#values.byteLength + this.#weights.byteLength;
  }

  sample(): NumberSample {
    this.#compact();
    return { values: this.#values.slice(0, this.#length), weights: this.#weights.slice(0, this.#length) };
  }

  /** Equal values become one. Where most differ, there is room for twice as many afterwards. */
  #compact(): void {
    const places = ascendingPlaces(this.#values.subarray(0, this.#length));
    const values = new Float64Array(this.#values.length);
    const weights = new Float64Array(this.#values.length);
    let next = 0;
    for (const place of places) {
      const value = this.#values[place]!;
      if (next === 0 || values[next - 1] !== value) values[next++] = value;
      weights[next - 1]! += this.#weights[place]!;
    }
    const room = next > values.length / 2 ? 2 * values.length : values.length;
    this.#values = new Float64Array(room);
    this.#weights = new Float64Array(room);
    this.#values.set(values.subarray(0, next));
    this.#weights.set(weights.subarray(0, next));
    this.#length = next;
  }
}
