/** Maps every kind of encoder to its fit, and every kind of encoding to its coder. */
import type { Encoder } from '../../graph/plan/plan.ts';
import type { Encoding } from '../dataset.ts';
import { bigramsCoder, fitBigrams } from './bigram_encoder.ts';
import { boundariesCoder, fitBoundaries } from './boundary_encoder.ts';
import { clockCoder, fitClock } from './clock_encoder.ts';
import type { Coder, ColumnSample, FitEncoder, MakeCoder } from './encoder_contract.ts';
import { fitHash, hashCoder } from './hash_encoder.ts';
import { fitNumber, numberCoder } from './number_encoder.ts';
import { fitQuantiles } from './quantile_encoder.ts';
import { fitStandardize, standardizeCoder } from './standardizing_encoder.ts';
import { fitTrigrams, trigramsCoder } from './trigram_encoder.ts';
import { fitVector, vectorCoder } from './vector_encoder.ts';
import { fitVocabulary, vocabularyCoder } from './vocabulary_encoder.ts';
import { fitWords, wordsCoder } from './word_encoder.ts';

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
