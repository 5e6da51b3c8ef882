/** Gives each asker a name of its own: `mlp`, `mlp_2`, … */
export class Names {
  readonly #taken = new Set<string>();

  unique(stem: string): string {
    let name = stem;
    for (let count = 2; this.#taken.has(name); count++) name = `${stem}_${count}`;
    this.#taken.add(name);
    return name;
  }
}
