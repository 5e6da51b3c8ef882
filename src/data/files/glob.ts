/** Patterns of paths: `*` and `?` within one part, `**` over folders, `[abc]`, `[a-z]`, `[!a]` and `{csv,txt}`. */

/** A `{…}` for each choice multiplies the patterns; past so many of them there is a mistake, or worse. */
const MOST = 1000;

/** Whether a path holds a sign of a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The patterns that its `{…}` represent; undefined where they are too many. A brace without its other half is itself. */
export function alternatives(pattern: string): readonly string[] | undefined {
  let done = [''];
  for (let at = 0; at < pattern.length; ) {
    const close = pattern[at] === '{' ? pattern.indexOf('}', at) : -1;
    const choices = close === -1 ? [pattern[at]!] : pattern.slice(at + 1, close).split(',');
    if (done.length * choices.length > MOST) return undefined;
    done = done.flatMap((before) => choices.map((choice) => before + choice));
    at = close === -1 ? at + 1 : close + 1;
  }
  return done;
}

type Sign = { readonly kind: 'any' } | { readonly kind: 'one'; readonly matches: (character: string) => boolean };

/** Whether the name of a file or folder fits one part of a pattern without braces. Time grows with the product of the lengths. */
export function makeMatcher(part: string): (name: string) => boolean {
  const signs = signsOf([...part]);
  return (name) => {
    const characters = [...name];
    let [sign, character] = [0, 0];
    let star: { readonly sign: number; character: number } | undefined;
    while (character < characters.length) {
      const wanted = signs[sign];
      if (wanted?.kind === 'any') {
        star = { sign: ++sign, character };
      } else if (wanted?.matches(characters[character]!)) {
        sign++;
        character++;
      } else if (star !== undefined) {
        // The last star takes one more.
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
  for (let at = 0; at < part.length; at++) {
    const written = part[at]!;
    const close = written === '[' ? endOfSet(part, at) : -1;
    if (written === '*') {
      if (signs.at(-1)?.kind !== 'any') signs.push({ kind: 'any' });
    } else if (written === '?') {
      signs.push({ kind: 'one', matches: () => true });
    } else if (close !== -1) {
      signs.push({ kind: 'one', matches: setOf(part.slice(at + 1, close)) });
      at = close;
    } else {
      signs.push({ kind: 'one', matches: (character) => character === written });
    }
  }
  return signs;
}

/** Where a set ends: a `]` that comes first is in it. −1: it does not end, and its bracket is a bracket. */
function endOfSet(part: readonly string[], open: number): number {
  return part.indexOf(']', open + (part[open + 1] === '!' || part[open + 1] === '^' ? 3 : 2));
}

function setOf(written: readonly string[]): (character: string) => boolean {
  const negated = written[0] === '!' || written[0] === '^';
  const ranges: (readonly [string, string])[] = [];
  for (let at = negated ? 1 : 0; at < written.length; at++) {
    if (written[at + 1] === '-' && at + 2 < written.length) {
      ranges.push([written[at]!, written[at + 2]!]);
      at += 2;
    } else {
      ranges.push([written[at]!, written[at]!]);
    }
  }
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== negated;
}
