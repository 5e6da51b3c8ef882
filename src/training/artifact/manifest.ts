/** The manifest of a model's folder: what it is, and what it was trained on. */
import type { Checksum } from '../../base/storage/tensor_header.ts';
import type { Seen } from '../../data/dataset.ts';
import type { Until } from '../../data/rows/fresh.ts';
import type { Fingerprint, SettingChange } from './identity.ts';
import type { Lineage } from './lineage.ts';
import type { StoredPlan } from './stored_plan.ts';

/** `manifest.json`. Its JSON Schema, `manifest.schema.json`, says what each entry means; paths are relative to the folder. */
export interface Manifest {
  readonly format: 'tower-model-2';
  readonly tower: string;
  readonly engine: { readonly name: string; readonly version: string };
  readonly seed: number;
  readonly from?: Lineage;
  readonly training: {
    readonly status: 'epochs' | 'patience' | 'interrupted' | 'stopped';
    readonly epochs: number;
    readonly steps: number;
    readonly rows: number;
    readonly precision?: 'float32' | 'bf16';
    readonly best?: { readonly epoch: number; readonly metric: string; readonly value: number };
    readonly changes?: readonly SettingChange[];
  };
  readonly data: {
    readonly fingerprint: Fingerprint;
    readonly file?: string;
    readonly source?: string;
    readonly shards?: string;
    readonly protocol: readonly string[];
    readonly seen: Seen;
    readonly histories: Readonly<Record<string, number>>;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    readonly items: number;
    readonly users: number;
    readonly rejected: number;
    readonly until?: Until;
  };
  readonly sources: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan: StoredPlan;
  readonly encodings: Readonly<Record<string, string>>;
  readonly weights: string;
  readonly files: Readonly<Record<string, Checksum>>;
  readonly checksum: string;
}

/** Names what ends with a validation: an epoch, or a round where `validate` counts steps and an epoch has several. */
export const validationUnit = ({ train }: { train: Pick<StoredPlan['train'], 'validate'> }): 'epoch' | 'round' =>
  train.validate?.steps === undefined ? 'epoch' : 'round';

export const manifestFile = 'manifest.json';

/** Stands for the manifest's own checksum before it is known. */
export const noChecksum = '0'.repeat(64);
