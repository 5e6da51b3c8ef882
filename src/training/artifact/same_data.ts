import { failure } from '../../base/diagnostics/failure.ts';
import type { Dataset } from '../../data/dataset.ts';
import { sameEncoding } from './encoding_text.ts';
import { fingerprintOf, otherData } from './identity.ts';
import type { Trained } from './load.ts';

/**
 * The codes in a data set mean what the model's tables learned only if both were encoded alike.
 * @param named true if the user named the data: it may then have other events and values, which is answered in a sentence
 * @throws Failure `other-data`
 */
export function refuseOtherData(
  { encodings, manifest }: Pick<Trained, 'encodings' | 'manifest'>,
  dataset: Dataset,
  named = false,
): readonly string[] {
  for (const [feature, encoding] of encodings) {
    if (!sameEncoding(dataset.encodings.get(feature), encoding)) {
      throw failure('other-data', { what: `\`${feature}\` encodes differently` });
    }
  }
  const what = otherData(manifest.data.fingerprint, fingerprintOf(dataset));
  if (what === undefined) return [];
  if (!named) throw failure('other-data', { what, own: true });
  return [`The data differs from the data of the training: ${what}.`];
}
