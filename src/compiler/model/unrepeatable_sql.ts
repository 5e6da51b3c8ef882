/** Finds what gives another value each time that an expression of a data block is computed. */

/** Functions that DuckDB calls volatile or consistent within one query alone, and its macros over them. A test compares the list with DuckDB. */
const functions: ReadonlySet<string> = new Set([
  'ago',
  'current_localtime',
  'current_localtimestamp',
  'gen_random_uuid',
  'get_current_time',
  'get_current_timestamp',
  'now',
  'random',
  'today',
  'transaction_timestamp',
  'uuid',
  'uuidv4',
  'uuidv7',
]);

/** Words that SQL reads as such functions without parentheses. */
const words: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);

/** Texts, quoted names and comments: none of them calls a function. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** The first such function or word of an expression, as a message shows it; undefined where there is none. */
export function unrepeatableIn(expression: string): string | undefined {
  const text = expression.replace(quoted, ' ? ');
  for (const { 0: all, 1: name, 2: call, index } of text.matchAll(/(?<![\w.])([a-z_]\w*)(\s*\(|\s*\.)?/gi)) {
    const lower = name!.toLowerCase();
    if (call?.endsWith('(') && functions.has(lower)) return `${lower}()`;
    // Of one moment it is the time from there to today, of two the time between them.
    if (call?.endsWith('(') && lower === 'age' && isOneArgument(text, index + all.length)) return 'age(x)';
    if (call === undefined && words.has(lower)) return lower;
  }
  return undefined;
}

/** Whether no comma comes before the parenthesis that closes the one before `from`. */
function isOneArgument(text: string, from: number): boolean {
  for (let at = from, depth = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === ',' && depth === 0) return false;
    if ('([{'.includes(sign)) depth++;
    if (')]}'.includes(sign) && depth-- === 0) return true;
  }
  return true;
}
