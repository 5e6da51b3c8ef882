import { failure } from '../../base/diagnostics/failure.ts';
import { mostBytes, TextsTooLarge } from '../../base/text/texts.ts';

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
