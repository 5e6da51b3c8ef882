/** Lines of Tower with comments. The formatter aligns them. */

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text in quotes. A name of a column may hold line ends. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\n\r\t]/g, (sign) => escapes[sign]!)}"`;
}

/** How wide a line may become with its comment next to it. */
const WIDTH = 120;

/** A line, with its comment if it has one: above it where both are long. */
export function line(code: string, comment?: string): string {
  if (comment === undefined || comment === '') return code;
  const note = `// ${oneLine(comment)}`;
  return code.length > 50 || code.length + note.length > WIDTH ? `${note}\n${code}` : `${code} ${note}`;
}

/** Lines within braces. */
export function braces(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines
    .flatMap((each) => each.split('\n'))
    .map((each) => (each === '' ? '' : `  ${each}`))
    .join('\n')}\n}`;
}

/** Names of files and columns may hold line ends. */
export const oneLine = (text: string): string => text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ');
