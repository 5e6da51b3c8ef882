/** Cuts texts into pieces, each of which has a code of its own or that of its hash. */

export type SplitText = (text: string) => readonly string[];

/**
 * Returns the words of a text in lower case. A word is a sequence of letters and digits of any script, after Unicode's canonical composition (NFC). A missing
 * text yields none.
 */
export const wordsOfText = (text: string): readonly string[] =>
  text
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Returns the words of a text and each pair of adjacent words: `new york city` yields new, new york, york, york city, city. */
export function bigramsOf(text: string): readonly string[] {
  const words = wordsOfText(text);
  return words.flatMap((word, index) => (index + 1 < words.length ? [word, `${word} ${words[index + 1]}`] : [word]));
}

/** Returns the letter trigrams of `#word#` for each word of a text (Huang et al., CIKM 2013, section 3.2): `good` yields #go, goo, ood, od#. */
export const trigramsOf = (text: string): readonly string[] =>
  wordsOfText(text).flatMap((word) => {
    const letters = [...`#${word}#`];
    return letters.slice(2).map((_, index) => letters.slice(index, index + 3).join(''));
  });

/** Returns the text that a cross encodes: the codes of its features, `17,3`. Stored models depend on this format. */
export const crossedText = (codes: readonly number[]): string => codes.join();
