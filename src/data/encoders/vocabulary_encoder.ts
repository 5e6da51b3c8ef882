/**
 * Code 0 stands for a missing value and for one outside of the vocabulary. Codes 1, 2, … are the values of the training part, the most frequent first, equally
 * frequent ones sorted by UTF-16 code units; or the declared values in their order.
 */
import { type KeyTable, makeKeyTable } from '../../base/text/key_table.ts';
import { compareTexts, packTexts, pickTexts } from '../../base/text/texts.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import type { FitEncoder, MakeCoder } from './encoder_contract.ts';

export const fitVocabulary: FitEncoder<'vocabulary'> = ({ minimumCount, values }, { texts: { texts, counts } }) => {
  if (values !== undefined) return { kind: 'vocabulary', values: packTexts(values) };
  const indexes = frequentIndexes(counts, Math.max(1, minimumCount));
  const descending = ascendingIndexes(Float64Array.from(indexes, (index) => -counts[index]!)).map(
    (rank) => indexes[rank]!,
  );
  // Dictionaries are sorted by bytes, which is nearly always the order of code units.
  const isOrdered = indexes.every((index, rank) => rank === 0 || compareTexts(texts, indexes[rank - 1]!, index) < 0);
  if (!isOrdered) descending.sort((a, b) => counts[b]! - counts[a]! || compareTexts(texts, a, b));
  return { kind: 'vocabulary', values: pickTexts(texts, descending) };
};

function frequentIndexes(counts: ArrayLike<number>, minimum: number): Int32Array {
  const indexes = new Int32Array(counts.length);
  let length = 0;
  for (let index = 1; index < counts.length; index++) if (counts[index]! >= minimum) indexes[length++] = index;
  return indexes.subarray(0, length);
}

export const vocabularyCoder: MakeCoder<'vocabulary'> = ({ values }) => {
  // The table is built lazily, because it is large and many callers only read the coder's kind.
  let keyTable: KeyTable | undefined;
  const keys = (): KeyTable => (keyTable ??= makeKeyTable(values, values.length));
  return {
    reads: 'text',
    gives: 'code',
    code: (text) => keys().rowOf(text) + 1,
    codesOf: (texts) =>
      keys()
        .rowsOf(texts)
        .map((row) => row + 1),
  };
};
