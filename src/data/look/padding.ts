/** Removes blanks around the values of a table, as in `1, 2, 3`: a data block reads them as parts of the values. */

/** True if blanks come before or after the separator, in half of the lines or more. */
export function isPadded(text: string, separator: string): boolean {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 400)
    .map((line) => line.replaceAll(/"[^"]*"/g, '""'));
  const paddedLines = lines.filter((line) => line.includes(` ${separator}`) || line.includes(`${separator} `));
  return lines.length > 1 && paddedLines.length * 2 >= lines.length;
}

/** Removes blanks around values. A value in quotes keeps its own. */
export function unpadded(text: string, separator: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || (text[at] === '\t' && separator !== '\t');
  const skipBlanks = (at: number): number => {
    let end = at;
    while (isBlank(end)) end++;
    return end;
  };
  const valueEnd = new RegExp(`[${separator === '|' ? '\\|' : separator}\\r\\n]`, 'g');
  const outputParts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const start = skipBlanks(at);
    const quoted = text[start] === '"' ? pastQuoted(text, start) : start;
    // Signs after the last quote are an error of the file, which stays as it is.
    const from = isEnd(text, skipBlanks(quoted), separator) ? quoted : start;
    valueEnd.lastIndex = from;
    const end = valueEnd.exec(text)?.index ?? text.length;
    outputParts.push(text.slice(start, end).trimEnd(), text.slice(end, end + 1));
    at = end + 1;
  }
  return outputParts.join('');
}

const isEnd = (text: string, at: number, separator: string): boolean =>
  at >= text.length || text[at] === separator || text[at] === '\n' || text[at] === '\r';

/** Returns the offset after a value in quotes; its beginning where the quote never ends. */
function pastQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end < 0 ? start : end + 1;
}
