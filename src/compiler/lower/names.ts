/** Gives each asker a name of its own: `mlp`, `mlp_2`, … */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The next number to try, by stem: to count from the start each time would make long flows quadratic. */
  readonly #next = new Map<string, number>();

  unique(stem: string): string {
    let count = this.#next.get(stem) ?? 1;
    let name = count === 1 ? stem : `${stem}_${count}`;
    while (this.#taken.has(name)) name = `${stem}_${++count}`;
    this.#next.set(stem, count + 1);
    this.#taken.add(name);
    return name;
  }
}
