/** Fits every kind of encoder, and makes the coder of every kind of encoding. The plain data of a fitted encoder is an `Encoding`, which goes into the artifact. */
import { type KeyTable, makeKeyTable } from '../../base/text/key_table.ts';
import { compareTexts, packTexts, pickTexts, type Texts } from '../../base/text/texts.ts';
import { ascendingIndexes } from '../../base/util/ascending_indexes.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import { type ClockPart, clockParts, type Encoder } from '../../graph/plan/plan.ts';
import type { Encoding } from '../dataset.ts';
import { murmur3 } from './murmur3.ts';
import { bigramsOf, type SplitText, trigramsOf, wordsOfText } from './text_pieces.ts';

/** Texts of the training part with the count of each dictionary index. Index 0 stands for missing values and is not counted. */
interface TextSample {
  readonly texts: Texts;
  readonly counts: ArrayLike<number>;
}

/** Numbers of the training part, NaN for missing ones; `weights[i]` training rows have `values[i]`. */
export interface NumberSample {
  readonly values: Float64Array;
  readonly weights: ArrayLike<number>;
}

export interface ColumnSample {
  readonly texts: TextSample;
  readonly numbers: NumberSample;
}

/** Applies a fitted encoder to single values. A missing text is `''`, a missing number NaN. */
export type Coder =
  | {
      readonly reads: 'text';
      readonly gives: 'code';
      readonly code: (text: string) => number;
      readonly codesOf?: (texts: Texts) => Int32Array;
    }
  | { readonly reads: 'text'; readonly gives: 'bag'; readonly codes: (text: string) => readonly number[] }
  | { readonly reads: 'number'; readonly gives: 'code'; readonly code: (value: number) => number }
  | { readonly reads: 'number'; readonly gives: 'numbers'; readonly number: (value: number) => number }
  /** Numbers, unchanged; `size` zeros for a missing value. */
  | { readonly reads: 'vector'; readonly gives: 'numbers'; readonly size: number };

type EncoderOf<K extends Encoder['kind']> = Extract<Encoder, { kind: K }>;
type EncodingOf<K extends Encoding['kind']> = Extract<Encoding, { kind: K }>;

const fitters: { readonly [K in Encoder['kind']]: (encoder: EncoderOf<K>, sample: ColumnSample) => Encoding } = {
  vocabulary: fitVocabulary,
  hash: ({ buckets }) => ({ kind: 'hash', buckets }),
  boundaries: ({ boundaries, log }) => ({ kind: 'boundaries', boundaries, log }),
  quantiles: fitQuantiles,
  standardize: fitStandardize,
  number: ({ log }) => ({ kind: 'number', log }),
  clock: ({ part }) => ({ kind: 'clock', part }),
  vector: ({ size }) => ({ kind: 'vector', size }),
  words: fitPieces,
  bigrams: fitPieces,
  trigrams: fitPieces,
};

const coders: { readonly [K in Encoding['kind']]: (encoding: EncodingOf<K>) => Coder } = {
  vocabulary: vocabularyCoder,
  /** The code is the text's MurmurHash3 modulo `buckets`. A missing value hashes like the empty text. */
  hash: ({ buckets }) => ({ reads: 'text', gives: 'code', code: (text) => murmur3(text) % buckets }),
  boundaries: boundariesCoder,
  /** A missing value becomes 0, the mean. */
  standardize: ({ mean, deviation, log }) => ({
    reads: 'number',
    gives: 'numbers',
    number: (value) => (Number.isNaN(value) ? 0 : (logIf(log, value) - mean) / deviation),
  }),
  /** Passes on the number itself. A missing value is 0. */
  number: ({ log }) => ({
    reads: 'number',
    gives: 'numbers',
    number: (value) => (Number.isNaN(value) ? 0 : logIf(log, value)),
  }),
  clock: clockCoder,
  vector: ({ size }) => ({ reads: 'vector', gives: 'numbers', size }),
  words: (encoding) => piecesCoder(encoding, wordsOfText),
  bigrams: (encoding) => piecesCoder(encoding, bigramsOf),
  trigrams: (encoding) => piecesCoder(encoding, trigramsOf),
};

export function fitEncoder(encoder: Encoder, sample: ColumnSample): Encoding {
  return (fitters[encoder.kind] as (encoder: Encoder, sample: ColumnSample) => Encoding)(encoder, sample);
}

const coderCache = new WeakMap<Encoding, Coder>();

/** Returns the coder of an encoding from a cache, because each request with a single value needs it again. */
export function makeCoder(encoding: Encoding): Coder {
  const cachedCoder = coderCache.get(encoding);
  if (cachedCoder) return cachedCoder;
  const coder = (coders[encoding.kind] as (encoding: Encoding) => Coder)(encoding);
  coderCache.set(encoding, coder);
  return coder;
}

const logIf = (log: boolean, value: number): number => (log ? Math.log1p(value) : value);

/**
 * Code 0 stands for a missing value and for one outside of the vocabulary. Codes 1, 2, … are the values of the training part, the most frequent first, equally
 * frequent ones sorted by UTF-16 code units; or the declared values in their order.
 */
function fitVocabulary(
  { minimumCount, values }: EncoderOf<'vocabulary'>,
  { texts: { texts, counts } }: ColumnSample,
): Encoding {
  if (values !== undefined) return { kind: 'vocabulary', values: packTexts(values) };
  const indexes = frequentIndexes(counts, Math.max(1, minimumCount));
  const descending = ascendingIndexes(Float64Array.from(indexes, (index) => -counts[index]!)).map(
    (rank) => indexes[rank]!,
  );
  // Dictionaries are sorted by bytes, which is nearly always the order of code units.
  const isOrdered = indexes.every((index, rank) => rank === 0 || compareTexts(texts, indexes[rank - 1]!, index) < 0);
  if (!isOrdered) descending.sort((a, b) => counts[b]! - counts[a]! || compareTexts(texts, a, b));
  return { kind: 'vocabulary', values: pickTexts(texts, descending) };
}

function frequentIndexes(counts: ArrayLike<number>, minimum: number): Int32Array {
  const indexes = new Int32Array(counts.length);
  let length = 0;
  for (let index = 1; index < counts.length; index++) if (counts[index]! >= minimum) indexes[length++] = index;
  return indexes.subarray(0, length);
}

function vocabularyCoder({ values }: EncodingOf<'vocabulary'>): Coder {
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
}

/** The code is the number of boundaries ≤ the value. A missing value has the code after the last. */
function boundariesCoder({ boundaries, log }: EncodingOf<'boundaries'>): Coder {
  return {
    reads: 'number',
    gives: 'code',
    code: (value) => {
      const scaledValue = logIf(log, value);
      if (Number.isNaN(scaledValue)) return boundaries.length + 1;
      let low = 0;
      let high = boundaries.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (boundaries[middle]! <= scaledValue) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** Learns boundaries that divide the training part into `buckets` equally frequent ranges. Equal values stay together, so frequent values lead to fewer ranges. */
function fitQuantiles({ buckets, log }: EncoderOf<'quantiles'>, { numbers }: ColumnSample): Encoding {
  const { sorted, weightOf, total } = sortNumbers(numbers, log);
  const boundaries: number[] = [];
  let weightBelow = 0;
  let rangeIndex = 1;
  for (let i = 0; i < sorted.length; i++) {
    // A range ends before the first new value for which its share of the rows is reached.
    if ((i === 0 || sorted[i] !== sorted[i - 1]) && weightBelow * buckets >= rangeIndex * total) {
      boundaries.push(sorted[i]!);
      rangeIndex = Math.floor((weightBelow * buckets) / total) + 1;
    }
    weightBelow += weightOf(i);
  }
  return { kind: 'boundaries', boundaries, log };
}

function sortNumbers({ values, weights }: NumberSample, log: boolean) {
  const presentValues = new Float64Array(values.length);
  const presentWeights = new Float64Array(values.length);
  let count = 0;
  let total = 0;
  let unweighted = true;
  for (let i = 0; i < values.length; i++) {
    const scaledValue = logIf(log, values[i]!);
    const weight = weights[i]!;
    if (Number.isNaN(scaledValue) || weight === 0) continue;
    presentValues[count] = scaledValue;
    presentWeights[count] = weight;
    unweighted &&= weight === 1;
    total += weight;
    count++;
  }
  const samples = presentValues.subarray(0, count);
  if (unweighted) return { sorted: samples.sort(), weightOf: () => 1, total };
  const order = listRowIndexes(count).sort((a, b) => samples[a]! - samples[b]!);
  return {
    sorted: Float64Array.from(order, (row) => samples[row]!),
    weightOf: (i: number) => presentWeights[order[i]!]!,
    total,
  };
}

/** Learns the mean and the population deviation, dividing by n. If all values are equal the deviation is 1. */
function fitStandardize({ log }: EncoderOf<'standardize'>, { numbers: { values, weights } }: ColumnSample): Encoding {
  // Welford's update (1962) with weights needs one pass and avoids cancellation.
  let total = 0;
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const scaledValue = logIf(log, values[i]!);
    const weight = weights[i]!;
    if (Number.isNaN(scaledValue) || weight === 0) continue;
    total += weight;
    const difference = scaledValue - mean;
    mean += (difference * weight) / total;
    squares += weight * difference * (scaledValue - mean);
  }
  const deviation = total === 0 ? 1 : Math.sqrt(squares / total);
  return { kind: 'standardize', mean, deviation: deviation > 0 ? deviation : 1, log };
}

/**
 * Encodes a part of a moment, which is given in seconds since 1970-01-01 00:00 UTC: hour 0 … 23, weekday 0 (Monday) … 6, month 0 (January) … 11, week_hour 0
 * (Monday, midnight) … 167, moment: hours since 1970, until the end of 2069. A missing moment has the code after the last.
 */
function clockCoder({ part }: EncodingOf<'clock'>): Coder {
  return {
    reads: 'number',
    gives: 'code',
    code: (seconds) => {
      const code = Number.isNaN(seconds) ? Number.NaN : clockCodes[part](seconds);
      // Far from 1970 JavaScript's calendar ends and the code is NaN, and hours since then are no code.
      return code >= 0 && code < clockParts[part] ? code : clockParts[part];
    },
  };
}

const clockCodes: Readonly<Record<ClockPart, (seconds: number) => number>> = {
  hour: (seconds) => modulo(Math.floor(seconds / 3600), 24),
  weekday: (seconds) => modulo(daysSinceMonday(seconds), 7),
  month: (seconds) => new Date(seconds * 1000).getUTCMonth(),
  week_hour: (seconds) => modulo(daysSinceMonday(seconds), 7) * 24 + modulo(Math.floor(seconds / 3600), 24),
  moment: (seconds) => Math.floor(seconds / 3600),
};

/** 1970 began on a Thursday. */
const daysSinceMonday = (seconds: number): number => Math.floor(seconds / 86_400) + 3;

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

type PieceEncoder = Pick<EncoderOf<'words' | 'bigrams' | 'trigrams'>, 'kind' | 'buckets' | 'values'>;

/** Learns nothing, because the pieces come from a file or are hashed. */
function fitPieces({ kind, buckets, values }: PieceEncoder): Encoding {
  return { kind, buckets, values: values && packTexts(values) };
}

/** Piece i of `values` has the code buckets + i; any other piece has its hash modulo buckets. */
function piecesCoder({ buckets, values = [] }: EncodingOf<'words' | 'bigrams' | 'trigrams'>, split: SplitText): Coder {
  const codeOfPiece = new Map([...values].map((piece, index) => [piece, buckets + index] as const));
  return {
    reads: 'text',
    gives: 'bag',
    codes: (text) => split(text).map((piece) => codeOfPiece.get(piece) ?? murmur3(piece) % buckets),
  };
}
