/** Titles of the items. */
import { type Texts, TextsWriter } from '../../base/text/texts.ts';
import { refuseTooLarge } from './large_texts.ts';

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
