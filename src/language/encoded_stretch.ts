/** Semantic tokens side by side, as numbers, and the places that they are counted from. */
import type { Source } from '../text/source.ts';
import { type Look, tokenModifiers, tokenTypes } from './token_looks.ts';

/** A line and a character, from 0, as editors count them. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

const beginning: Place = { line: 0, character: 0 };

export class Stretch {
  readonly numbers: number[] = [];
  #first: Place | undefined;
  #last: Place = beginning;

  /** @param origin where it begins: tokens on that line move with it */
  constructor(readonly origin: Place = beginning) {}

  add(place: Place, length: number, [type, modifiers]: Look): void {
    this.#place(place);
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    this.numbers.push(length, tokenTypes.indexOf(type), bits);
  }

  /** Adds the tokens of another, which begins at a place here. */
  append(other: Stretch, place: Place): void {
    if (!other.#first) return;
    const { numbers, origin } = other;
    const moved = ({ line, character }: Place): Place => ({
      line: line - origin.line + place.line,
      character: line === origin.line ? character - origin.character + place.character : character,
    });
    this.#place(moved(other.#first));
    for (let at = 2; at < numbers.length; at++) this.numbers.push(numbers[at]!);
    this.#last = moved(other.#last);
  }

  #place({ line, character }: Place): void {
    const { line: before, character: from } = this.#last;
    this.numbers.push(line - before, line === before ? character - from : character);
    this.#last = { line, character };
    this.#first ??= this.#last;
  }
}

/** Places of offsets, quick for those that follow one another. */
export class Lines {
  readonly #source: Source;
  #line = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  at(offset: number): Place {
    const { lineStarts } = this.#source;
    if (offset < lineStarts[this.#line]!) this.#line = 0;
    while (this.#line + 1 < lineStarts.length && lineStarts[this.#line + 1]! <= offset) this.#line++;
    // A byte order mark is a character to the editor.
    return { line: this.#line, character: this.#line === 0 ? offset : offset - lineStarts[this.#line]! };
  }
}
