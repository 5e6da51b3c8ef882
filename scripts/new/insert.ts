/** A word more in a table of the project, at the place where the formatter would have it. */

/** Adds `import { word } from './file.ts';` in order, and `word` to the last braces or brackets after `table`. */
export function insertWord(text: string, word: string, file: string, table: RegExp): string {
  return insertEntry(insertImport(text, `import { ${word} } from './${file}.ts';`), word, table);
}

function insertImport(text: string, line: string): string {
  const lines = text.split('\n');
  const path = (of: string): string => /'([^']+)'/.exec(of)?.[1] ?? '';
  const imports = lines.flatMap((each, at) => (/^import .* from '\.\/.+';$/.test(each) ? [at] : []));
  const after = imports.filter((at) => path(lines[at]!) < path(line)).at(-1);
  const at = after === undefined ? (imports[0] ?? 0) : after + 1;
  return [...lines.slice(0, at), line, ...lines.slice(at)].join('\n');
}

const width = 120;

function insertEntry(text: string, word: string, table: RegExp): string {
  const start = table.exec(text);
  if (!start) throw new Error(`no table ${table}`);
  const open = start.index + start[0].length - 1;
  const end = text.slice(open).search(/[}\]]/) + open;
  const inside = text.slice(open + 1, end);
  if (inside.includes('\n')) return `${text.slice(0, end)}  ${word},\n${text.slice(end)}`;
  const words = [...inside.split(',').map((each) => each.trim()), word].filter((each) => each !== '');
  const [left, right] = [text[open]!, text[end]!];
  const gap = left === '{' ? ' ' : '';
  const flat = `${left}${gap}${words.join(', ')}${gap}${right}`;
  const line = text.slice(text.lastIndexOf('\n', open) + 1, open) + flat + text.slice(end + 1).split('\n', 1)[0];
  const written = line.length <= width ? flat : `${left}\n${words.map((each) => `  ${each},\n`).join('')}${right}`;
  return text.slice(0, open) + written + text.slice(end + 1);
}

/** Before the line that begins with `mark`. */
export function insertBefore(text: string, mark: string, added: string): string {
  const at = text.indexOf(`\n${mark}`);
  if (at === -1) throw new Error(`no line ${mark}`);
  return text.slice(0, at + 1) + added + text.slice(at + 1);
}
