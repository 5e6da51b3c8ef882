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
  for (const [, name, call] of expression.replace(quoted, ' ? ').matchAll(/(?<![\w.])([a-z_]\w*)(\s*\(|\s*\.)?/gi)) {
    const lower = name!.toLowerCase();
    if (call?.endsWith('(') && functions.has(lower)) return `${lower}()`;
    if (call === undefined && words.has(lower)) return lower;
  }
  return undefined;
}
