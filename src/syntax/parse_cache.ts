/** What an editor keeps of a text to read the next one sooner. */
import type { Outcome } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import type { File } from './ast.ts';
import { Elements } from './elements.ts';
import { KnownForm } from './form.ts';
import { parse } from './parse.ts';
import { Pieces } from './pieces.ts';
import { Relexer } from './relex.ts';

/** Of one file, whose text changes again and again. */
export class IncrementalParser {
  readonly relexer = new Relexer();
  readonly form = new KnownForm();
  readonly pieces = new Pieces();
  readonly elements = new Elements();
  #last: { readonly source: Source; readonly text: string; readonly outcome: Outcome<File> } | undefined;

  /**
   * The same as `parse`. The tree shares nodes with that of the text before, whose places become those of this text. A caller that
   * still reads the old tree reads wrong places.
   */
  parse(source: Source): Outcome<File> {
    const { text } = source;
    if (this.#last?.source === source && this.#last.text === text) return this.#last.outcome;
    const outcome = parse(source, this);
    this.#last = { source, text, outcome };
    return outcome;
  }
}
