/** Small parts that several messages are worded with. */

/** What the field calls it, else "did you mean" for a nearest name. */
export const didYouMean = (facts: { nearest?: string | undefined; advice?: string | undefined }): string | undefined =>
  facts.advice ?? (facts.nearest === undefined ? undefined : `did you mean \`${facts.nearest}\`?`);

/** Each word once, in its order. */
export const list = (words: readonly string[]): string => [...new Set(words)].map((word) => `\`${word}\``).join(', ');

export const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

export const takes = (facts: { takes: readonly string[] }): string =>
  facts.takes.length === 0 ? 'it takes none' : `it takes ${list(facts.takes)}`;

/** The names there are, when they are few enough to help. */
export const among = (all: readonly string[]): string | undefined => {
  const known = [...new Set(all)];
  return known.length === 0 || known.length > 20
    ? undefined
    : `there ${known.length === 1 ? 'is' : 'are'} ${list(known)}`;
};

export const plural = (what: string): string => (what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`);

export const countOf = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? what : plural(what)}`;

/** A path as a shell takes it, to be copied. */
export const shellWord = (path: string): string =>
  /^[\w./:@+,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

export const sortWords = (sort: string): string => (sort === 'number' ? 'a number' : sort);

export const bytesWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
