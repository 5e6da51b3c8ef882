/** Defines the contract of encoders. The plain data of a fitted encoder is an `Encoding`, which is part of the artifact. */
import type { Texts } from '../../base/text/texts.ts';
import type { Encoder } from '../../graph/plan/plan.ts';
import type { Encoding } from '../dataset.ts';

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

export type FitEncoder<K extends Encoder['kind']> = (encoder: EncoderOf<K>, sample: ColumnSample) => Encoding;

export type MakeCoder<K extends Encoding['kind']> = (encoding: EncodingOf<K>) => Coder;
