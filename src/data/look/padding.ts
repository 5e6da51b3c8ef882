/** Blanks around the values of a table, as in `1, 2, 3`: a data block reads them as parts of the values. */

/** Whether blanks come before or after the separator, in half of the lines or more. */
export function isPadded(text: string, separator: string): boolean {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 400)
    .map((line) => line.replaceAll(/"[^"]*"/g, '""'));
  const padded = lines.filter((line) => line.includes(` ${separator}`) || line.includes(`${separator} `));
  return lines.length > 1 && padded.length * 2 >= lines.length;
}

/** The same rows without blanks around their values. A value in quotes keeps its own. */
export function unpadded(text: string, separator: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || (text[at] === '\t' && separator !== '\t');
  const past = (at: number): number => {
    let end = at;
    while (isBlank(end)) end++;
    return end;
  };
  const ends = new RegExp(`[${separator === '|' ? '\\|' : separator}\\r\\n]`, 'g');
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const start = past(at);
    const quoted = text[start] === '"' ? pastQuoted(text, start) : start;
    // Signs after the last quote are a mistake of the file, which stays as it is.
    const from = isEnd(text, past(quoted), separator) ? quoted : start;
    ends.lastIndex = from;
    const end = ends.exec(text)?.index ?? text.length;
    parts.push(text.slice(start, end).trimEnd(), text.slice(end, end + 1));
    at = end + 1;
  }
  return parts.join('');
}

const isEnd = (text: string, at: number, separator: string): boolean =>
  at >= text.length || text[at] === separator || text[at] === '\n' || text[at] === '\r';

/** The place after a value in quotes; its beginning where the quote never ends. */
function pastQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end < 0 ? start : end + 1;
}
