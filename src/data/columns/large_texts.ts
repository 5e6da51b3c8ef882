/** Lists of texts that are put together from others: each of these fits in a list, but all of them may not. */
import { failure } from '../../diagnostics/failure.ts';
import { mostBytes, TextsTooLarge } from '../../text/texts.ts';

/**
 * What `make` makes of texts.
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
