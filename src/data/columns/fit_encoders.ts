/** Fits each encoder on the training events only. The weight of a row of a file is the number of training events that have this row. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeKeyTable } from '../../base/text/key_table.ts';
import { concatTexts, type Texts } from '../../base/text/texts.ts';
import { type FeaturePlan, madeOf } from '../../graph/plan/plan.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import type { Encoding, FirstValues } from '../dataset.ts';
import { type ColumnSample, fitEncoder, makeCoder } from '../encoders/encoders.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import {
  type Dictionaries,
  dictionaryOf,
  type RawColumn,
  rawOf,
  type ValidRawRows,
  type ValidRows,
} from '../rows/raw.ts';

/** A cross learns nothing from the data. */
const emptySample: ColumnSample = {
  texts: { texts: [''], counts: [0] },
  numbers: { values: new Float64Array(0), weights: [] },
};

export function fitEncodings(
  good: ValidRows,
  readPlan: ReadPlan,
  arranged: OrderedEvents,
  files: ReadonlyMap<string, FeatureFile> = new Map(),
): Map<string, Encoding> {
  const weightsOf = trainingWeights(good, arranged);
  return fitFromSamples({ readPlan, files, dictionaries: good.dictionaries }, (column) =>
    sampleColumn(rawOf(good, column), weightsOf(column), dictionaryOf(good, column)),
  );
}

/** Returns the sample that an encoder learns from. `weights[row]`: the number of training events with this row. */
export function sampleColumn(raw: RawColumn, weights: ArrayLike<number>, dictionary: Texts = ['']): ColumnSample {
  const counts = new Float64Array(dictionary.length);
  let sample: ColumnSample = {
    texts: { texts: dictionary, counts },
    numbers: { values: new Float64Array(0), weights: [] },
  };
  if (raw.kind === 'codes') {
    for (let row = 0; row < raw.values.length; row++) counts[raw.values[row]!]! += weights[row]!;
  } else if (raw.kind === 'numbers') {
    if (raw.width === 1) sample = { ...sample, numbers: { values: raw.values, weights } };
  } else if (raw.values instanceof Int32Array) {
    for (let row = 0; row < raw.starts.length; row++) {
      for (let index = raw.starts[row]!; index < raw.ends[row]!; index++) counts[raw.values[index]!]! += weights[row]!;
    }
  } else {
    const elementWeights = new Float64Array(raw.values.length);
    for (let row = 0; row < raw.starts.length; row++)
      elementWeights.fill(weights[row]!, raw.starts[row]!, raw.ends[row]!);
    sample = { ...sample, numbers: { values: raw.values, weights: elementWeights } };
  }
  counts[0] = 0;
  return sample;
}

/** Returns each owner of an encoder with the feature from which it learns and the column of that feature. A cross has no column. */
export function listTeachers(
  readPlan: ReadPlan,
): { readonly owner: string; readonly teacher: FeaturePlan; readonly column?: ColumnRequest }[] {
  const { features } = readPlan.needs;
  return [...new Set(features.map(({ encoderOf }) => encoderOf))].map((owner) => {
    const teacher =
      features.find(({ name }) => name === owner) ??
      features.find((feature) => feature.encoderOf === owner && madeOf(feature).length === 0)!;
    if (teacher.crosses) return { owner, teacher };
    return { owner, teacher, column: readPlan.features.get(teacher.name) ?? readPlan.histories.get(teacher.name)! };
  });
}

interface FitInput {
  readonly readPlan: ReadPlan;
  readonly files: ReadonlyMap<string, FeatureFile>;
  readonly dictionaries: Dictionaries;
}

/** @param sampleOf returns the sample of a column in the training part */
export function fitFromSamples(
  { readPlan, files, dictionaries }: FitInput,
  sampleOf: (column: ColumnRequest) => ColumnSample,
): Map<string, Encoding> {
  const encodings = new Map<string, Encoding>();
  for (const { owner, teacher, column } of listTeachers(readPlan)) {
    if (column === undefined) {
      encodings.set(owner, fitEncoder(teacher.encoder, emptySample));
      continue;
    }
    const file = files.get(owner);
    const dictionary = column.dictionary === undefined ? undefined : dictionaries.get(column.dictionary);
    const plan = file?.values ? { ...teacher, encoder: { ...teacher.encoder, values: file.values } } : teacher;
    const fitted = fitEncoder(plan.encoder as FeaturePlan['encoder'], sampleOf(column));
    if (file) rejectUnrelatedFile(file, owner, dictionary ?? [], fitted);
    encodings.set(owner, file?.vectors ? addVectorKeys(fitted, file.vectors.keys, dictionary ?? []) : fitted);
  }
  return encodings;
}

/** Refuses a file that shares no value with the data: it belongs to another column, or writes values differently. Accepts any file if the data has no values. */
function rejectUnrelatedFile(file: FeatureFile, name: string, dictionary: Texts, fitted: Encoding): void {
  const fileValues = file.values ?? file.vectors?.keys ?? [];
  const isInFile = makePieceTest(fitted) ?? makeMembershipTest(fileValues);
  // The first text of a dictionary is that of missing values.
  const value = dictionary.at(1);
  if (value === undefined || hasMatchingText(dictionary, isInFile)) return;
  throw failure('values-not-in-file', { path: file.list.path, name, value, first: fileValues[0]! }, file.list.span);
}

function hasMatchingText(texts: Texts, matches: (text: string) => boolean): boolean {
  for (const text of texts) if (matches(text)) return true;
  return false;
}

function makeMembershipTest(values: readonly string[]): (value: string) => boolean {
  const listedKeys = makeKeyTable(values, values.length);
  return (value) => listedKeys.rowOf(value) >= 0;
}

/** Returns a predicate that is true for texts with a piece of the file; undefined if the encoding does not split texts. */
function makePieceTest(fitted: Encoding): ((text: string) => boolean) | undefined {
  const coder = makeCoder(fitted);
  if (coder.gives !== 'bag' || !('buckets' in fitted)) return undefined;
  return (text) => coder.codes(text).some((code) => code >= fitted.buckets);
}

function trainingWeights(
  good: ValidRows,
  { rows, items, users }: OrderedEvents,
): (column: ColumnRequest) => ArrayLike<number> {
  const eventWeights = new Uint8Array(good.events.rows);
  for (let i = 0; i < rows.train.length; i++) eventWeights[rows.train[i]!] = 1;
  const weights = {
    events: eventWeights,
    items: good.items && weightsByRow(good.items, items.rows, items.trainingCounts),
    users: good.users && weightsByRow(good.users, users.rows, users.trainingCounts),
  };
  return ({ column: { role } }) => weights[role]!;
}

/** Returns the number of training events by row of a file. @param rows the row of each item or user */
export function weightsByRow(file: ValidRawRows, rows: Int32Array, trainingCounts: Int32Array): Int32Array {
  const weights = new Int32Array(file.rows);
  for (let i = 0; i < rows.length; i++) weights[rows[i]!] = trainingCounts[i]!;
  return weights;
}

// Initial values of tables: matches each key of a vector file with its row in a table.

/**
 * Adds the keys with a vector to a vocabulary, if they occur anywhere in the data, even outside of training. They follow the learned values, in the
 * order of the keys.
 */
function addVectorKeys(encoding: Encoding, keys: readonly string[], dictionary: Texts): Encoding {
  if (encoding.kind !== 'vocabulary') return encoding;
  const knownValues = makeKeyTable(encoding.values, encoding.values.length);
  const dataKeys = makeKeyTable(dictionary, dictionary.length);
  const addedKeys = keys.filter((key) => dataKeys.rowOf(key) >= 0 && knownValues.rowOf(key) < 0);
  return { ...encoding, values: concatTexts(encoding.values, addedKeys) };
}

/** Returns vectors by the feature that owns the table; undefined if no feature has such files. */
export async function readFirstValues(
  files: ReadonlyMap<string, FeatureFile>,
  encodings: ReadonlyMap<string, Encoding>,
): Promise<ReadonlyMap<string, FirstValues> | undefined> {
  const firstValues = new Map<string, FirstValues>();
  for (const [name, { vectors }] of files) {
    const encoding = encodings.get(name);
    if (!vectors || encoding?.kind !== 'vocabulary') continue;
    const valueTable = makeKeyTable(encoding.values, encoding.values.length);
    const codes = vectors.keys.map((key) => valueTable.rowOf(key) + 1);
    const indexes = Array.from(codes.keys()).filter((index) => codes[index] !== 0);
    const rows = Int32Array.from(indexes, (index) => codes[index]!);
    firstValues.set(name, { rows, values: await vectors.read(indexes) });
  }
  return firstValues.size === 0 ? undefined : firstValues;
}
