/** Small parts that several messages are worded with. */

/** What may be meant by a word that is unknown in its place. */
export interface Suggestion {
  readonly nearest?: string | undefined;
  /** What to do, where other frameworks give the word a meaning. */
  readonly advice?: string | undefined;
}

export const didYouMean = ({ nearest, advice }: Suggestion): string | undefined =>
  advice ?? (nearest === undefined ? undefined : `did you mean \`${nearest}\`?`);

/** Each word once, in the given order. */
export const quotedList = (words: readonly string[]): string =>
  [...new Set(words)].map((word) => `\`${word}\``).join(', ');

export const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

export const takes = (facts: { takes: readonly string[] }): string =>
  facts.takes.length === 0 ? 'remove it: there is none here' : use(facts.takes);

/** `use `a``, or `use one of `a`, `b``. */
const use = (words: readonly string[]): string =>
  `use ${new Set(words).size === 1 ? '' : 'one of '}${quotedList(words)}`;

/** The known names, if they are few enough to help. */
export const among = (all: readonly string[]): string | undefined => {
  const { size } = new Set(all);
  return size === 0 || size > 20 ? undefined : use(all);
};

export const plural = (what: string): string => (what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`);

export const countOf = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? what : plural(what)}`;

/** A path quoted for a shell, so that a reader can copy it. */
export const shellWord = (path: string): string =>
  /^[\w./:@+,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** The type of a label, as a noun or an adjective after `is`. */
export const typeWords = (type: string): string => (type === 'number' ? 'a number' : type);

export const bytesWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Bytes as a value of `--memory` that allows at least as many: `70M`, `12G`. */
export function memoryOption(bytes: number): string {
  const megabytes = Math.ceil(bytes / 2 ** 20);
  return megabytes < 10_240 ? `${megabytes}M` : `${Math.ceil(megabytes / 1024)}G`;
}
