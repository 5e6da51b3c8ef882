/** Lines of a `.tower` file that `tower init` writes, with comments beside or above them. */

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Quotes a text. Names of columns may contain line ends. */
export const inQuotes = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\n\r\t]/g, (sign) => escapes[sign]!)}"`;

const maxWidth = 120;

export function line(code: string, comment?: string): string {
  if (comment === undefined || comment === '') return code;
  const note = `// ${oneLine(comment)}`;
  return code.length > 50 || code.length + note.length > maxWidth ? `${note}\n${code}` : `${code} ${note}`;
}

/** A line, or the value of a condition that leaves it out. */
export type MaybeLine = string | false | undefined;

export const present = (lines: readonly MaybeLine[]): string[] => lines.filter((line) => typeof line === 'string');

export function braces(head: string, lines: readonly MaybeLine[]): string {
  const indented = present(lines).flatMap((line) => line.split('\n').map((part) => (part === '' ? '' : `  ${part}`)));
  return `${head} {\n${indented.join('\n')}\n}`;
}

/** Replaces line ends, which may be in names of files and columns. */
export const oneLine = (text: string): string => text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ');
