/** First values of tables that files give: which row of a table each key is, and its vector. */

import { makeKeyTable } from '../../text/key_table.ts';
import { joinedTexts, type Texts } from '../../text/texts.ts';
import type { Encoding, FirstValues } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';

/**
 * A vocabulary with the values that have a vector of their own too, where the data has them anywhere: they need no training event. They
 * follow the learned values, in the order of the keys.
 */
export function withKeys(encoding: Encoding, keys: readonly string[], dictionary: Texts): Encoding {
  if (encoding.kind !== 'vocabulary') return encoding;
  const known = makeKeyTable(encoding.values, encoding.values.length);
  const inData = makeKeyTable(dictionary, dictionary.length);
  const more = keys.filter((key) => inData.rowOf(key) >= 0 && known.rowOf(key) < 0);
  return { ...encoding, values: joinedTexts(encoding.values, more) };
}

/** By feature that owns a table; undefined where no feature has such files. */
export async function readFirstValues(
  files: ReadonlyMap<string, FeatureFile>,
  encodings: ReadonlyMap<string, Encoding>,
): Promise<ReadonlyMap<string, FirstValues> | undefined> {
  const found = new Map<string, FirstValues>();
  for (const [name, { vectors }] of files) {
    const encoding = encodings.get(name);
    if (!vectors || encoding?.kind !== 'vocabulary') continue;
    const known = makeKeyTable(encoding.values, encoding.values.length);
    const codes = vectors.keys.map((key) => known.rowOf(key) + 1);
    const places = Array.from(codes.keys()).filter((place) => codes[place] !== 0);
    const rows = Int32Array.from(places, (place) => codes[place]!);
    found.set(name, { rows, values: await vectors.read(places) });
  }
  return found.size === 0 ? undefined : found;
}
