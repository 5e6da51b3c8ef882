/**
 * An account of a file that shares nothing with the reader: slow, over the whole text, one character at a time. It is the judge of
 * what the reader counts.
 */

export interface Account {
  /** Values of each good record, in order, and the line where it begins. */
  readonly good: readonly { readonly line: number; readonly values: readonly string[] }[];
  /** Lines of what is rejected, in order. */
  readonly bad: readonly number[];
}

interface Line {
  readonly text: string;
  /** With its line end. */
  readonly whole: string;
}

/** Bytes as characters of one byte, so that nothing is lost. */
const charactersOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const MARK = '\xef\xbb\xbf';

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let current = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\n' && text[i] !== '\r') {
      current += text[i];
      continue;
    }
    const end = text[i] === '\r' && text[i + 1] === '\n' ? '\r\n' : text[i]!;
    lines.push({ text: current, whole: current + end });
    current = '';
    i += end.length - 1;
  }
  if (current !== '') lines.push({ text: current, whole: current });
  return lines;
}

/** A record that begins on line `at`, or nothing where its quotes do not work out; and how many lines it takes. */
function recordAt(
  lines: readonly Line[],
  at: number,
  separator: string,
): { values: string[]; lines: number } | undefined {
  const values: string[] = [];
  let value = '';
  let state: 'begin' | 'bare' | 'quoted' | 'closed' = 'begin';
  let blanks = '';
  for (let line = at; line < lines.length; line++) {
    const { text, whole } = lines[line]!;
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!;
      if (state === 'quoted') {
        if (character !== '"') value += character;
        else if (text[i + 1] === '"') {
          value += '"';
          i++;
        } else state = 'closed';
      } else if (character === separator) {
        values.push(state === 'begin' ? blanks : value);
        value = '';
        blanks = '';
        state = 'begin';
      } else if (state === 'closed') {
        if (character !== ' ') return undefined;
      } else if (state === 'begin' && character === ' ') blanks += ' ';
      else if (state === 'begin' && character === '"') state = 'quoted';
      else {
        if (state === 'begin') value = blanks;
        state = 'bare';
        value += character;
      }
    }
    if (state !== 'quoted') return { values: [...values, state === 'begin' ? blanks : value], lines: line - at + 1 };
    value += whole.slice(text.length);
  }
  return undefined;
}

/** Without the last line end. */
const bare = (lines: readonly Line[]): string =>
  lines.map(({ text, whole }, at) => (at === lines.length - 1 ? text : whole)).join('');

function isText(characters: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(characters, 'latin1'));
    return !characters.includes('\0');
  } catch {
    return false;
  }
}

/** Records of CSV whose columns are all of text; nothing where its header cannot be read. */
export function countCsv(
  bytes: Uint8Array,
  separator = ',',
): (Account & { readonly header: readonly string[] }) | undefined {
  let text = charactersOf(bytes);
  if (text.startsWith(MARK)) text = text.slice(MARK.length);
  const lines = linesOf(text);
  let at = 0;
  while (at < lines.length && lines[at]!.text === '') at++;
  const header = at < lines.length ? recordAt(lines, at, separator) : undefined;
  if (header === undefined) return undefined;
  const first = lines.slice(at, at + header.lines);
  at += header.lines;
  const width = header.values.length;
  const good: { line: number; values: string[] }[] = [];
  const bad: number[] = [];
  while (at < lines.length) {
    if (lines[at]!.text === '') {
      at++;
      continue;
    }
    const record = recordAt(lines, at, separator);
    const own = lines.slice(at, at + (record?.lines ?? 1));
    const alone = own.filter((line) => line.text.split(separator).length === width).length;
    const enough = width >= 3 ? 4 : width === 2 ? 16 : Number.POSITIVE_INFINITY;
    const stray = own.length >= enough && alone >= 0.9 * own.length;
    if (record === undefined || record.values.length !== width || stray) {
      bad.push(at + 1);
      at++;
      continue;
    }
    const whole = own.map((line) => line.whole).join('');
    if (!isText(whole) || whole.startsWith(MARK) || (width > 1 && bare(own) === bare(first))) bad.push(at + 1);
    else {
      const decoded = record.values.map((value) => Buffer.from(value, 'latin1').toString('utf8'));
      good.push({ line: at + 1, values: decoded });
    }
    at += record.lines;
  }
  return { header: header.values, good, bad };
}

/** Objects of JSON, one a line; the values of `names`, of which `undefined` is one that is missing or null. */
export function countJsonLines(bytes: Uint8Array): {
  readonly good: readonly { readonly line: number; readonly object: ReadonlyMap<string, unknown> }[];
  readonly bad: readonly number[];
} {
  let text = charactersOf(bytes);
  if (text.startsWith(MARK)) text = text.slice(MARK.length);
  const good: { line: number; object: ReadonlyMap<string, unknown> }[] = [];
  const bad: number[] = [];
  for (const [at, { text: line }] of linesOf(text).entries()) {
    if (/^[ \t]*$/.test(line)) continue;
    const object = isText(line) ? parseObject(Buffer.from(line, 'latin1').toString('utf8')) : undefined;
    if (object === undefined) bad.push(at + 1);
    else good.push({ line: at + 1, object });
  }
  return { good, bad };
}

/** An object that says each of its names once, by recursive descent as in RFC 8259; nothing where the text is none. */
function parseObject(text: string): ReadonlyMap<string, unknown> | undefined {
  let at = 0;
  const fail = (): never => {
    throw new SyntaxError(`at ${at}`);
  };
  const blank = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++;
  };
  const expect = (character: string): void => {
    if (text[at] !== character) fail();
    at++;
  };
  const string = (): string => {
    expect('"');
    let value = '';
    for (;;) {
      const character = text[at++] ?? fail();
      if (character === '"') return value;
      if (character < ' ') fail();
      if (character !== '\\') {
        value += character;
        continue;
      }
      const letter = text[at++] ?? fail();
      const plain = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[letter];
      if (plain !== undefined) value += plain;
      else if (letter === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at, at + 4))) {
        value += String.fromCharCode(Number.parseInt(text.slice(at, at + 4), 16));
        at += 4;
      } else fail();
    }
  };
  const members = (depth: number): Map<string, unknown> => {
    const object = new Map<string, unknown>();
    expect('{');
    blank();
    if (text[at] === '}') {
      at++;
      return object;
    }
    for (;;) {
      blank();
      const name = string();
      // Only the names of the whole object are columns.
      if (object.has(name) && depth === 0) fail();
      blank();
      expect(':');
      object.set(name, value(depth + 1));
      blank();
      if (text[at] === '}') break;
      expect(',');
    }
    at++;
    return object;
  };
  const value = (depth: number): unknown => {
    blank();
    if (text[at] === '"') return string();
    if (text[at] === '{') return members(depth);
    if (text[at] === '[') {
      at++;
      blank();
      if (text[at] === ']') {
        at++;
        return [];
      }
      const list: unknown[] = [];
      for (;;) {
        list.push(value(depth + 1));
        blank();
        if (text[at] === ']') break;
        expect(',');
      }
      at++;
      return list;
    }
    const word =
      /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|-?NaN|-?Infinity)/.exec(text.slice(at))?.[0] ?? fail();
    at += word.length;
    return word === 'null' ? undefined : word;
  };
  try {
    blank();
    const object = members(0);
    blank();
    return at === text.length ? object : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
