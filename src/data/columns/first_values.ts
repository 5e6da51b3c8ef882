/** Matches first values of tables with their rows: which row of a table each key of a file is, and its vector. */
import { makeKeyTable } from '../../base/text/key_table.ts';
import { joinedTexts, type Texts } from '../../base/text/texts.ts';
import type { Encoding, FirstValues } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';

/**
 * Adds to a vocabulary the values that have a vector, where the data has them anywhere: they need no training event. They follow the learned
 * values, in the order of the keys.
 */
export function withKeys(encoding: Encoding, keys: readonly string[], dictionary: Texts): Encoding {
  if (encoding.kind !== 'vocabulary') return encoding;
  const knownValues = makeKeyTable(encoding.values, encoding.values.length);
  const inData = makeKeyTable(dictionary, dictionary.length);
  const addedKeys = keys.filter((key) => inData.rowOf(key) >= 0 && knownValues.rowOf(key) < 0);
  return { ...encoding, values: joinedTexts(encoding.values, addedKeys) };
}

/** Returns vectors by feature that owns a table; undefined where no feature has such files. */
export async function readFirstValues(
  files: ReadonlyMap<string, FeatureFile>,
  encodings: ReadonlyMap<string, Encoding>,
): Promise<ReadonlyMap<string, FirstValues> | undefined> {
  const firstValues = new Map<string, FirstValues>();
  for (const [name, { vectors }] of files) {
    const encoding = encodings.get(name);
    if (!vectors || encoding?.kind !== 'vocabulary') continue;
    const valueTable = makeKeyTable(encoding.values, encoding.values.length);
    const codes = vectors.keys.map((key) => valueTable.rowOf(key) + 1);
    const indexes = Array.from(codes.keys()).filter((index) => codes[index] !== 0);
    const rows = Int32Array.from(indexes, (index) => codes[index]!);
    firstValues.set(name, { rows, values: await vectors.read(indexes) });
  }
  return firstValues.size === 0 ? undefined : firstValues;
}
