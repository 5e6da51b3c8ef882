import type { Manifest } from '../artifact/manifest.ts';
import type { PublishedRules } from '../data/columns/encoders/published.ts';
import type { ItemIndex } from './export_items.ts';
import type { Kept } from './kept.ts';

/** serving.json; `serving.schema.json` says what each entry means. */
export interface Serving {
  readonly format: 'tower-serving-1';
  readonly tower: string;
  readonly model: string;
  /** How far the training came: `interrupted` and `stopped` are models of half a training. */
  readonly training: Pick<Manifest['training'], 'status' | 'epochs' | 'steps'>;
  readonly retrieval: {
    readonly query: string;
    readonly item: string;
    readonly width: number;
    /** Query vectors a row: search with each, and keep the best score of an item. */
    readonly interests?: number;
    readonly score: 'inner product' | 'largest inner product';
  };
  /** The vectors of all items, as `tower export --index` writes them. */
  readonly index?: ItemIndex;
  readonly towers: Readonly<Record<string, ServingTower>>;
  /** How text becomes codes, with values to try a port on. */
  readonly rules: PublishedRules;
}

export interface ServingTower {
  readonly key?: string;
  readonly files: { readonly tfjs: string; readonly onnx: string; readonly savedModel: string };
  readonly inputs: readonly ServingInput[];
  readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: ServingShape }[];
}

export interface ServingInput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ServingShape;
  readonly gives: 'code' | 'bag' | 'numbers' | 'weights';
  /** Absent for a cross. */
  readonly column?: string;
  /** Absent for weights. */
  readonly encoding?: string;
  /** Of a list whose elements count by weights: the input that has them. */
  readonly weights?: string;
  /** Of weights: the list. */
  readonly of?: string;
  /** Of a feature with one code, or with one for each element of a list: the code of a missing value. */
  readonly missing?: number;
  readonly crosses?: readonly ServingPart[];
  readonly last?: ServingPart;
  /** The list to whose elements its own belong. */
  readonly along?: ServingPart;
  /** Of what has several values for each of those elements: how many are kept, the first. */
  readonly each?: Pick<ServingInput, 'atMost' | 'unseen'>;
  readonly padding?: -1 | 0;
  readonly keeps?: Kept['keeps'];
  readonly atMost?: number;
  /** Of a bag whose elements may be missing in the vocabulary. */
  readonly unseen?: 'skip' | 'keep';
}

/** A feature of which another is made, whether it is an input itself or not. */
export interface ServingPart {
  readonly name: string;
  /** Absent for what is made of others. */
  readonly column?: string;
  readonly encoding: string;
  readonly last?: ServingPart;
  /** Of a list. */
  readonly keeps?: Kept['keeps'];
  readonly atMost?: number;
  readonly unseen?: 'skip' | 'keep';
}

export type ServingShape = readonly (number | 'batch')[];
