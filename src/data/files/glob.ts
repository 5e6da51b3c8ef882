/** Implements path patterns: `*` and `?` within one part, `**` across folders, `[abc]`, `[a-z]`, `[!a]` and `{csv,txt}`. */

/** Maximum number of patterns, which `{…}` multiplies. */
const maxAlternatives = 1000;

export const isPattern = (path: string): boolean => /[*?[{]/.test(path);

/** Expands `{…}` into all alternatives; undefined if they are more than `maxAlternatives`. A brace without its counterpart stands for itself. */
export function alternatives(pattern: string): readonly string[] | undefined {
  let expanded = [''];
  for (let offset = 0; offset < pattern.length; ) {
    const close = pattern[offset] === '{' ? pattern.indexOf('}', offset) : -1;
    const choices = close === -1 ? [pattern[offset]!] : pattern.slice(offset + 1, close).split(',');
    if (expanded.length * choices.length > maxAlternatives) return undefined;
    expanded = expanded.flatMap((prefix) => choices.map((choice) => prefix + choice));
    offset = close === -1 ? offset + 1 : close + 1;
  }
  return expanded;
}

type Sign = { readonly kind: 'any' } | { readonly kind: 'one'; readonly matches: (character: string) => boolean };

/** Returns a test of file or folder names against one part of a pattern without braces. Its time grows with the product of both lengths. */
export function makeMatcher(part: string): (name: string) => boolean {
  const signs = signsOf([...part]);
  return (name) => {
    const characters = [...name];
    let [sign, character] = [0, 0];
    let star: { readonly sign: number; character: number } | undefined;
    while (character < characters.length) {
      const currentSign = signs[sign];
      if (currentSign?.kind === 'any') {
        star = { sign: ++sign, character };
      } else if (currentSign?.matches(characters[character]!)) {
        sign++;
        character++;
      } else if (star !== undefined) {
        // Extends the match of the last star by one character.
        star.character++;
        [sign, character] = [star.sign, star.character];
      } else {
        return false;
      }
    }
    return signs.slice(sign).every(({ kind }) => kind === 'any');
  };
}

function signsOf(part: readonly string[]): Sign[] {
  const signs: Sign[] = [];
  for (let index = 0; index < part.length; index++) {
    const literal = part[index]!;
    const closeIndex = literal === '[' ? endOfSet(part, index) : -1;
    if (literal === '*') {
      if (signs.at(-1)?.kind !== 'any') signs.push({ kind: 'any' });
    } else if (literal === '?') {
      signs.push({ kind: 'one', matches: () => true });
    } else if (closeIndex !== -1) {
      signs.push({ kind: 'one', matches: setOf(part.slice(index + 1, closeIndex)) });
      index = closeIndex;
    } else {
      signs.push({ kind: 'one', matches: (character) => character === literal });
    }
  }
  return signs;
}

/** Returns the index where a set ends. A `]` that comes first is a member. −1 if the set does not end, so that its bracket stands for itself. */
const endOfSet = (part: readonly string[], open: number): number =>
  part.indexOf(']', open + (part[open + 1] === '!' || part[open + 1] === '^' ? 3 : 2));

function setOf(characters: readonly string[]): (character: string) => boolean {
  const negated = characters[0] === '!' || characters[0] === '^';
  const ranges: (readonly [string, string])[] = [];
  for (let index = negated ? 1 : 0; index < characters.length; index++) {
    if (characters[index + 1] === '-' && index + 2 < characters.length) {
      ranges.push([characters[index]!, characters[index + 2]!]);
      index += 2;
    } else {
      ranges.push([characters[index]!, characters[index]!]);
    }
  }
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== negated;
}
