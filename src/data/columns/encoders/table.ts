/** Every kind of encoder: how it is fitted, and how it works once it is. */
import type { Encoder } from '../../../plan/plan.ts';
import type { Encoding } from '../../dataset.ts';
import { bigramsCoder, fitBigrams } from './bigrams.ts';
import { boundariesCoder, fitBoundaries } from './boundaries.ts';
import { clockCoder, fitClock } from './clock.ts';
import type { Coder, Fit, MakeCoder, Sample } from './contract.ts';
import { fitHash, hashCoder } from './hash.ts';
import { fitNumber, numberCoder } from './number.ts';
import { fitQuantiles } from './quantiles.ts';
import { fitStandardize, standardizeCoder } from './standardize.ts';
import { fitTrigrams, trigramsCoder } from './trigrams.ts';
import { fitVector, vectorCoder } from './vector.ts';
import { fitVocabulary, vocabularyCoder } from './vocabulary.ts';
import { fitWords, wordsCoder } from './words.ts';

const fits: { readonly [K in Encoder['kind']]: Fit<K> } = {
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

/** Learns from a sample of the training part. */
export function fitEncoder(encoder: Encoder, sample: Sample): Encoding {
  return (fits[encoder.kind] as (encoder: Encoder, sample: Sample) => Encoding)(encoder, sample);
}

const made = new WeakMap<Encoding, Coder>();

/** Prepares a fitted encoder for many values, once: a request with one value asks for it again. */
export function makeCoder(encoding: Encoding): Coder {
  const known = made.get(encoding);
  if (known) return known;
  const coder = (coders[encoding.kind] as (encoding: Encoding) => Coder)(encoding);
  made.set(encoding, coder);
  return coder;
}
