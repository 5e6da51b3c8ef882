import { failure } from '../../base/diagnostics/failure.ts';
import { mostBytes, type Texts, TextsTooLarge, TextsWriter } from '../../base/text/texts.ts';

/**
 * Calls `make`, which joins lists of texts: each fits in a list, but all of them may not.
 * @param name of the column
 * @throws Failure `dictionary-too-large`
 */
export function refuseTooLarge<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TextsTooLarge)) throw error;
    throw failure('dictionary-too-large', { name, most: mostBytes() });
  }
}

/** @param codes of the title of each item; 0 where it has none, and is called by its key. @throws Failure `dictionary-too-large` */
export function titlesFrom(codes: Int32Array, texts: Texts, keys: Texts): Texts {
  return refuseTooLarge('title', () => {
    const titles = new TextsWriter(codes.length);
    for (let at = 0; at < codes.length; at++) {
      if (codes[at] === 0) titles.addFrom(keys, at);
      else titles.addFrom(texts, codes[at]!);
    }
    return titles.texts();
  });
}
