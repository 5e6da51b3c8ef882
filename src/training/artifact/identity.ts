/** Identifies the run that a folder holds: the model, the data, the engine, and the settings that may change on resume. */

import { createHash, type Hash } from 'node:crypto';
import { asBytes } from '../../base/storage/tensor_header.ts';
import { batchTexts, type Texts } from '../../base/text/texts.ts';
import { isSameJson } from '../../base/util/objects.ts';
import type {
  Column,
  Dataset,
  Encoding,
  Evaluate,
  Events,
  Fresh,
  IndexedColumn,
  Seen,
  ShardLayout,
  TrainingShards,
  Until,
} from '../../data/dataset.ts';
import type { Pinned } from '../../data/pinned.ts';
import type { Plan, TrainPlan } from '../../graph/plan/plan.ts';
import { jsonPieces } from './encoding_file.ts';

/** Identifies the run that chose the settings of one that is trained on all events. */
export interface FinalOrigin {
  readonly checksum: string;
  readonly name: string;
}

/** Describes the base run that a run continues from, and how to read the data of the run again. */
export interface Lineage {
  /** Checksum of the manifest of the base run. */
  readonly checksum: string;
  readonly name: string;
  /** Number of runs in the chain before this one. */
  readonly runs: number;
  /** Totals of all these runs: the numbers of steps and epochs, and random draws, continue from them. */
  readonly steps: number;
  readonly epochs: number;
  readonly until?: Until;
  /** Selects the training events that are new. Absent: all. */
  readonly fresh?: Fresh;
  /** Number of earlier events that each epoch adds for each new one. Absent: none. */
  readonly replay?: number;
  readonly events?: number;
}

export function isLineage(value: unknown): value is Lineage {
  type Unchecked = Partial<Record<keyof Lineage, unknown>>;
  const { checksum, name, runs, steps, epochs, until, fresh, replay } = (value ?? {}) as Unchecked;
  const freshEvents = (fresh ?? {}) as { readonly after?: unknown; readonly since?: unknown };
  return (
    [checksum, name].every((text) => typeof text === 'string') &&
    [runs, steps, epochs].every(Number.isSafeInteger) &&
    (until === undefined || isUntil(until)) &&
    (fresh === undefined || isUntil(freshEvents.after) || Number.isFinite(freshEvents.since)) &&
    (replay === undefined || isReplay(replay))
  );
}

/** True for a valid number of earlier events for each new one: finite and at least 0. */
export const isReplay = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isUntil(value: unknown): boolean {
  const { time, events } = (value ?? {}) as Partial<Until>;
  return Number.isFinite(time) && Number.isSafeInteger(events);
}

/** Returns the options to read the data of a run again with the run's own codes. */
export const pinnedBy = (encodings: ReadonlyMap<string, Encoding>, from: Lineage | undefined): Pinned => ({
  encodings,
  fresh: from?.fresh,
  replay: from?.replay,
  until: from?.until,
  trainedEvents: from?.events,
});

/** The content of `run.json`, which is written when a run begins, and compared when it is resumed. */
export interface RunIdentity {
  readonly format: 'tower-run-2';
  readonly model: string;
  /** SHA-256 of the plan without its settings. */
  readonly plan: string;
  readonly data: Fingerprint;
  /** The `seen` of the data block, because the choice of the best epoch depends on it. */
  readonly seen?: Seen;
  /** Tells if validation figures are means over events or over users. Default: `per_event`. */
  readonly evaluate?: Evaluate;
  readonly seed: number;
  readonly from?: Lineage;
  /** The run that chose the settings of one that is trained on all events. Resuming takes them from it again. */
  readonly final?: FinalOrigin;
  readonly engine: string;
  /** Precision of the matrix multiplications of a step, if the model asks for another one than the default. */
  readonly precision?: 'float32' | 'bf16';
  /** Median milliseconds of the engine for a step in each precision, if `auto` measured them. */
  readonly measured?: Readonly<Record<'float32' | 'bf16', number>>;
  readonly settings: RunSettings;
  readonly changes: readonly SettingChange[];
  /** Paths of the files that this model adds to those of every run. */
  readonly files: readonly string[];
}

/**
 * Settings that each step or epoch reads anew, and that no weight, optimizer slot or order of rows depends on. Batch and seed are excluded, because they
 * determine the rows of a step.
 */
export interface RunSettings {
  readonly epochs: number;
  /** Replaces `epochs`. */
  readonly steps?: number;
  readonly patience?: number;
  /** Metrics of validation. Absent: the default ones. */
  readonly metrics?: TrainPlan['metrics'];
  readonly dense: TrainPlan['dense'];
  readonly embeddings: Pick<TrainPlan['embeddings'], 'rate' | 'schedule'>;
}

export interface SettingChange {
  /** Number of steps done before the change. */
  readonly step: number;
  /** `epochs`, `patience`, `dense.rate`, `embeddings.schedule`, … */
  readonly setting: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** SHA-256 of the encoded data, in parts that a message can name. */
export interface Fingerprint {
  /** Item, user and labels of each event, in all parts; the keys of items and users. */
  readonly events: string;
  /** Codes and numbers of each feature, in all events and in the corpus. */
  readonly features: Readonly<Record<string, string>>;
  /** Layout of the training rows if they are in shards: the order of an epoch depends on it. `events` is then the checksum of the shards' manifest. */
  readonly shards?: ShardLayout;
}

export function identify(plan: Plan, dataset: Dataset, engine: string, files: readonly string[] = []): RunIdentity {
  const { seen, evaluate } = dataset;
  const data = fingerprintOf(dataset);
  return { format: 'tower-run-2', ...identityOf(plan), data, seen, evaluate, engine, changes: [], files };
}

/** Returns the part of the identity that is known before the data is read. */
export const identityOf = (plan: Plan): Pick<RunIdentity, 'model' | 'plan' | 'seed' | 'settings'> => ({
  model: plan.model,
  plan: createHash('sha256')
    .update(JSON.stringify(withoutSettings(plan)))
    .digest('hex'),
  seed: plan.train.seed,
  settings: settingsOf(plan.train),
});

function settingsOf({ epochs, steps, stop, metrics, dense, embeddings: { rate, schedule } }: TrainPlan): RunSettings {
  return { epochs, steps, patience: stop?.patience, metrics, dense, embeddings: { rate, schedule } };
}

function withoutSettings({ train, ...plan }: Plan): unknown {
  const { epochs, steps, dense, stop, metrics, embeddings, ...rest } = train;
  const { rate, schedule, ...optimizer } = embeddings;
  return { ...plan, train: { ...rest, embeddings: optimizer, stop: stop && { ...stop, patience: 0 } } };
}

export function changedSettings(before: RunSettings, now: RunSettings, step: number): SettingChange[] {
  const flatSettings = ({ dense, embeddings, ...rest }: RunSettings): Record<string, unknown> => ({
    ...rest,
    'dense.rate': dense.rate,
    'dense.schedule': dense.schedule,
    'embeddings.rate': embeddings.rate,
    'embeddings.schedule': embeddings.schedule,
  });
  const [earlier, later] = [flatSettings(before), flatSettings(now)];
  return [...new Set([...Object.keys(earlier), ...Object.keys(later)])].flatMap((setting) =>
    isSameJson(earlier[setting], later[setting]) ? [] : [{ step, setting, from: earlier[setting], to: later[setting] }],
  );
}

const fingerprintCache = new WeakMap<Dataset, Fingerprint>();

export function fingerprintOf(dataset: Dataset): Fingerprint {
  const fingerprint = fingerprintCache.get(dataset) ?? computeFingerprint(dataset);
  fingerprintCache.set(dataset, fingerprint);
  return fingerprint;
}

/** Computes the checksums. An array that several columns share is hashed once. */
function computeFingerprint({ parts, shards, corpus, users, encodings, firstValues }: Dataset): Fingerprint {
  if (shards) return fingerprintOfShards(shards, encodings);
  const digest = makeDigest();
  const allParts = [parts.train, parts.validation, parts.test];
  const eventHash = createHash('sha256');
  for (const part of allParts) for (const array of [part.item, part.user]) eventHash.update(digest.numbers(array));
  // Events that held-out users give are in no part.
  for (const { givesEarlier, earlier } of allParts)
    if (givesEarlier) eventHash.update(digest.numbers(earlier!.bags.values));
  for (const part of allParts) {
    for (const [name, values] of part.labels) eventHash.update(JSON.stringify(name)).update(digest.numbers(values));
  }
  eventHash.update(digest.texts(corpus.keys)).update(digest.texts(users.keys));

  const names = [...new Set([...allParts.flatMap(featuresOf), ...corpus.features.keys(), ...encodings.keys()])].sort();
  const features = Object.fromEntries(
    names.map((name) => {
      const featureHash = hashOf(encodings.get(name));
      for (const { features: columns } of [...allParts, corpus]) {
        const column = columns.get(name);
        featureHash.update(column ? digest.column(column) : 'none');
      }
      const firstValue = firstValues?.get(name);
      if (firstValue) featureHash.update(digest.numbers(firstValue.rows)).update(digest.numbers(firstValue.values));
      return [name, featureHash.digest('hex')];
    }),
  );
  return { events: eventHash.digest('hex'), features };
}

/** Returns the fingerprint of sharded data. The checksum of the shards' manifest covers all columns together. */
function fingerprintOfShards({ checksum, layout }: TrainingShards, encodings: Dataset['encodings']): Fingerprint {
  const featureHashes = [...encodings].sort().map(([name, encoding]) => [name, hashOf(encoding).digest('hex')]);
  const features = Object.fromEntries(featureHashes) as Record<string, string>;
  return { events: checksum, features, shards: layout };
}

function hashOf(encoding: Encoding | undefined): Hash {
  const encodingHash = createHash('sha256');
  for (const piece of jsonPieces(encoding)) encodingHash.update(piece);
  return encodingHash;
}

const featuresOf = ({ features }: Events): string[] => [...features.keys()];

/** Returns the first difference between two data sets in words; undefined if there is none. */
export function describeOtherData(before: Fingerprint, now: Fingerprint): string | undefined {
  if (!isSameJson(before.shards, now.shards)) {
    return before.shards ? 'its training rows lay in shards then' : 'its training rows lay in memory then';
  }
  const featureNames = Object.keys(before.features);
  const missingName = featureNames.find((name) => now.features[name] === undefined);
  if (missingName !== undefined) return `\`${missingName}\` is missing`;
  if (before.events !== now.events) return 'its events, items or users differ';
  const changedName = featureNames.find((name) => before.features[name] !== now.features[name]);
  return changedName === undefined ? undefined : `\`${changedName}\` has other values`;
}

const textsAtOnce = 10_000;

function makeDigest() {
  const digests = new Map<Int32Array | Float32Array, string>();
  const numbersDigest = (array: Int32Array | Float32Array): string => {
    const digest = digests.get(array) ?? createHash('sha256').update(asBytes(array)).digest('hex');
    digests.set(array, digest);
    return digest;
  };
  return {
    numbers: numbersDigest,
    texts(list: Texts): string {
      const textHash = createHash('sha256');
      for (const slice of batchTexts(list, textsAtOnce)) textHash.update(JSON.stringify(slice));
      return textHash.digest('hex');
    },
    column: ({ column, index }: IndexedColumn): string =>
      [...columnDigests(column, numbersDigest), index ? numbersDigest(index) : 'rows'].join(' '),
  };
}

function columnDigests(column: Column, numbers: (array: Int32Array | Float32Array) => string): string[] {
  switch (column.kind) {
    case 'codes':
      return [column.kind, numbers(column.values)];
    case 'bags':
      return [
        column.kind,
        ...[column.starts, column.ends, column.values].map(numbers),
        ...(column.weights ? [numbers(column.weights)] : []),
        ...(column.inner ? columnDigests(column.inner, numbers) : []),
      ];
    case 'numbers':
      return [column.kind, String(column.width), numbers(column.values)];
  }
}
