/** Maps every kind of encoder to its fit, and every kind of encoding to its coder. */
import type { Encoder } from '../../../graph/plan/plan.ts';
import type { Encoding } from '../../dataset.ts';
import { bigramsCoder, fitBigrams } from './bigrams.ts';
import { boundariesCoder, fitBoundaries } from './boundaries.ts';
import { clockCoder, fitClock } from './clock.ts';
import type { Coder, ColumnSample, FitEncoder, MakeCoder } from './contract.ts';
import { fitHash, hashCoder } from './hash.ts';
import { fitNumber, numberCoder } from './number.ts';
import { fitQuantiles } from './quantiles.ts';
import { fitStandardize, standardizeCoder } from './standardize.ts';
import { fitTrigrams, trigramsCoder } from './trigrams.ts';
import { fitVector, vectorCoder } from './vector.ts';
import { fitVocabulary, vocabularyCoder } from './vocabulary.ts';
import { fitWords, wordsCoder } from './words.ts';

const fits: { readonly [K in Encoder['kind']]: FitEncoder<K> } = {
  vocabulary: fitVocabulary,
  hash: fitHash,
  boundaries: fitBoundaries,
  quantiles: fitQuantiles,
  standardize: fitStandardize,
  number: fitNumber,
  clock: fitClock,
  vector: fitVector,
  words: fitWords,
  bigrams: fitBigrams,
  trigrams: fitTrigrams,
};

const coders: { readonly [K in Encoding['kind']]: MakeCoder<K> } = {
  vocabulary: vocabularyCoder,
  hash: hashCoder,
  boundaries: boundariesCoder,
  standardize: standardizeCoder,
  number: numberCoder,
  clock: clockCoder,
  vector: vectorCoder,
  words: wordsCoder,
  bigrams: bigramsCoder,
  trigrams: trigramsCoder,
};

export function fitEncoder(encoder: Encoder, sample: ColumnSample): Encoding {
  return (fits[encoder.kind] as (encoder: Encoder, sample: ColumnSample) => Encoding)(encoder, sample);
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
