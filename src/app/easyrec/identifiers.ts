/** Names of a config as names of the language, and as columns of SQL. */

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class Identifiers {
  private readonly byName = new Map<string, string>();
  private readonly taken = new Set<string>(['__proto__']);

  /** @param own names that the import uses itself */
  constructor(own: readonly string[]) {
    for (const name of own) this.taken.add(name);
  }

  /** The same name for the same text. */
  of(text: string): string {
    const nameBefore = this.byName.get(text);
    if (nameBefore !== undefined) return nameBefore;
    const name = this.free(identifier.test(text) ? text : slugOf(text));
    this.byName.set(text, name);
    return name;
  }

  free(wish: string): string {
    let name = wish;
    for (let number = 2; this.taken.has(name); number++) name = `${wish}_${number}`;
    this.taken.add(name);
    return name;
  }
}

function slugOf(text: string): string {
  const plainName = text.replaceAll(/[^A-Za-z0-9_]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return /^[A-Za-z_]/.test(plainName) ? plainName : `column_${plainName}`;
}

/** Quotes a column for SQL if it is more than a plain word, since words of SQL are names too. */
export const columnOf = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a text for SQL. */
export function textOf(text: string): string {
  // Control characters cannot be in a file of the language: they are written by their number.
  const writtenParts: string[] = [];
  let plain = '';
  const endPart = (): void => {
    if (plain !== '') writtenParts.push(`'${plain.replaceAll("'", "''")}'`);
    plain = '';
  };
  for (const sign of text) {
    const code = sign.codePointAt(0)!;
    if (code >= 32 && code !== 127) plain += sign;
    else {
      endPart();
      writtenParts.push(`chr(${code})`);
    }
  }
  endPart();
  return writtenParts.length === 0 ? "''" : writtenParts.join(' || ');
}
