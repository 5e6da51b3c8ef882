/** Long work in turns, between which messages are read and answered: a keystroke never waits for it. */

/** Milliseconds. */
const longest = 30;

export class Turns {
  #began = performance.now();

  /** Gives others their turn where this one has taken long enough. */
  async next(): Promise<void> {
    if (performance.now() - this.#began <= longest) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#began = performance.now();
  }
}
