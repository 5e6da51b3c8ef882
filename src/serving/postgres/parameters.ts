/** The values of a statement, next to its text. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** The sign of a value in the text. @param type of SQL: what the value is read as */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
