/** index.json: what a folder with a graph holds, of which model it is, and its certificate. It is written last: a folder without it is no index. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import type { Checksum } from '../../base/storage/checksum.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { readIfThere } from '../../base/storage/run_files.ts';
import type { Certificate } from './certificate.ts';
import schema from './index.schema.json' with { type: 'json' };
import type { UsearchSettings } from './usearch.ts';

export const indexManifestFile = 'index.json';
export const graphFile = 'graph.usearch';

export interface IndexManifest {
  readonly format: 'tower-index-1';
  readonly tower: string;
  readonly version: string;
  readonly items: ItemsIdentity;
  readonly graph: { readonly library: string; readonly settings: UsearchSettings; readonly width: number };
  readonly certificate: Certificate & {
    readonly asked: number;
    /** Such as `events of the part test`. */
    readonly of: string;
  };
  readonly files: Readonly<Record<string, Checksum>>;
}

export interface ItemsIdentity {
  readonly rows: number;
  readonly width: number;
  /** SHA-256 of the keys, each with its length. */
  readonly keys: string;
  /** Lengths of vectors, of items at equal steps. Engines agree on them but for rounding, so they say whether the vectors are those of the graph. */
  readonly lengths: readonly number[];
}

const sampled = 64;

export interface NamedItems {
  readonly rows: number;
  readonly width: number;
  keyAt(row: number): string;
  itemVector(row: number): Float32Array;
}

export function itemsIdentity({ rows, width, keyAt, itemVector }: NamedItems): ItemsIdentity {
  const hash = createHash('sha256');
  for (let row = 0; row < rows; row++) hash.update(`${keyAt(row).length}:${keyAt(row)}`);
  const lengths = Array.from({ length: Math.min(sampled, rows) }, (_, i) => {
    const row = Math.floor((i * rows) / Math.min(sampled, rows));
    return Math.hypot(...itemVector(row));
  });
  return { rows, width, keys: hash.digest('hex'), lengths };
}

/** Undefined if both are of the same items. */
export function otherItems(built: ItemsIdentity, served: ItemsIdentity): string | undefined {
  if (built.rows !== served.rows)
    return `${built.rows.toLocaleString('en')} items, not ${served.rows.toLocaleString('en')}`;
  if (built.width !== served.width) return `vectors of ${built.width} numbers, not ${served.width}`;
  if (built.keys !== served.keys) return 'items with other keys';
  const isNear = (length: number, at: number): boolean =>
    Math.abs(length - served.lengths[at]!) <= 1e-3 * Math.max(length, served.lengths[at]!);
  return built.lengths.length === served.lengths.length && built.lengths.every(isNear)
    ? undefined
    : 'items with other vectors';
}

/** @throws Failure `cannot-write` */
export const writeManifest = (folder: string, manifest: IndexManifest): Promise<void> =>
  writeTextDurably(join(folder, indexManifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);

/** @throws Failure `not-an-index`, `damaged-index`, `cannot-read` */
export async function readIndexManifest(folder: string): Promise<IndexManifest> {
  const bytes = await readIfThere(folder, indexManifestFile, mostOfManifest);
  if (bytes === undefined) throw failure('not-an-index', { folder });
  const value = jsonOf(bytes);
  const reason = value === undefined ? 'it is not JSON' : await complaint(value);
  if (reason !== undefined) throw failure('damaged-index', { path: join(folder, indexManifestFile), reason });
  return value as IndexManifest;
}

const mostOfManifest = 2 ** 20;

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

async function complaint(value: unknown): Promise<string | undefined> {
  const { default: module } = await import('ajv/dist/2020.js');
  // A CommonJS package: node and the bundle differ in what its default is.
  const Ajv2020 = module.Ajv2020 ?? module;
  const validate = new Ajv2020({ strictTypes: false }).compile(schema);
  if (validate(value)) return undefined;
  const error = validate.errors?.[0];
  return `${error?.instancePath ?? ''} ${error?.message ?? 'is not allowed'}`.trim();
}
