/** What each encoder learns: from the training events alone, each row weighing as many of them as have it. */

import { failure } from '../../diagnostics/failure.ts';
import { type FeaturePlan, madeOf } from '../../plan/plan.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Needs } from '../binding/needs.ts';
import type { Encoding } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { OrderedEvents, Side } from '../rows/order_events.ts';
import { dictionaryOf, rawOf, type ValidRawRows, type ValidRows } from '../rows/valid_rows.ts';
import { fitColumn } from './encode.ts';
import type { Sample } from './encoders/contract.ts';
import { fitEncoder } from './encoders/table.ts';
import { withKeys } from './first_values.ts';

/** A cross learns nothing from the data. */
const nothing: Sample = {
  texts: { texts: [''], counts: [0] },
  numbers: { values: new Float64Array(0), weights: [] },
};

/** By the name of the feature that owns the encoder. */
export function fitEncodings(
  good: ValidRows,
  wanted: ColumnRequests,
  { features }: Needs,
  arranged: OrderedEvents,
  files: ReadonlyMap<string, FeatureFile> = new Map(),
): Map<string, Encoding> {
  const weightsOf = makeWeights(good, arranged);
  const encodings = new Map<string, Encoding>();
  for (const owner of new Set(features.map(({ encoderOf }) => encoderOf))) {
    const teacher =
      features.find(({ name }) => name === owner) ??
      features.find((feature) => feature.encoderOf === owner && madeOf(feature).length === 0)!;
    if (teacher.crosses) {
      encodings.set(owner, fitEncoder(teacher.encoder, nothing));
      continue;
    }
    const column = wanted.features.get(teacher.name) ?? wanted.histories.get(teacher.name)!;
    const file = files.get(owner);
    const dictionary = dictionaryOf(good, column);
    if (file) refuseForeign(file, owner, dictionary ?? []);
    const plan = file?.values ? { ...teacher, encoder: { ...teacher.encoder, values: file.values } } : teacher;
    const fitted = fitColumn(plan as FeaturePlan, rawOf(good, column), weightsOf(column), dictionary);
    encodings.set(owner, file?.vectors ? withKeys(fitted, file.vectors.keys, dictionary ?? []) : fitted);
  }
  return encodings;
}

/** A file that has no value of the data was made for another column, or writes its values differently. Without a value there is none to have. */
function refuseForeign({ values, vectors, list }: FeatureFile, name: string, dictionary: readonly string[]): void {
  const listed = values ?? vectors?.keys ?? [];
  const known = new Set(listed);
  // The first text of a dictionary is that of missing values.
  const value = dictionary.find((each) => each !== '');
  if (value === undefined || dictionary.some((each) => known.has(each))) return;
  throw failure('values-not-in-file', { path: list.path, name, value, first: listed[0]! }, list.span);
}

/** How many training events have each row of the file that a column is read from. */
function makeWeights(
  good: ValidRows,
  { rows, items, users }: OrderedEvents,
): (column: ColumnRequest) => ArrayLike<number> {
  const ofEvents = new Uint8Array(good.events.rows);
  for (let i = 0; i < rows.train.length; i++) ofEvents[rows.train[i]!] = 1;
  const weights = {
    events: ofEvents,
    items: good.items && weightsIn(good.items, items),
    users: good.users && weightsIn(good.users, users),
  };
  return ({ column: { at } }) => weights[at]!;
}

function weightsIn(file: ValidRawRows, { rows, trainingCounts }: Side): Int32Array {
  const weights = new Int32Array(file.rows);
  for (let i = 0; i < rows.length; i++) weights[rows[i]!] = trainingCounts[i]!;
  return weights;
}
