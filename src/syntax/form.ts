/**
 * What is seen of a text from afar: the types of its tokens, and the places of those that begin a line. A keystroke in a name or in a
 * number changes none of them, so the text has the form of the text before.
 */
import type { Range } from './layout.ts';
import type { Since } from './split_again.ts';

/** Of a text whose brackets match, that goes nowhere too deep, and whose descriptions all describe something. */
export interface Form {
  /** Where declarations are, as indexes of tokens. */
  readonly declarations: readonly Range[];
}

/** Of one file, whose text changes again and again. */
export class KnownForm {
  #known: { readonly form: Form; text: number } | undefined;

  /** The form of the text before, where this text has it too. */
  again({ change, texts }: Since): Form | undefined {
    const known = this.#known;
    if (known?.text !== texts - 1 || !change?.alike) return undefined;
    known.text = texts;
    return known.form;
  }

  keep(form: Form, { texts }: Since): void {
    this.#known = { form, text: texts };
  }
}
