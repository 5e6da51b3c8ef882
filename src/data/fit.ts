/** What each encoder learns: from the training events alone, each row weighing as many of them as have it. */
import { type Arranged, rowsOfPart, trainingCounts } from './arrange.ts';
import type { Encoding } from './dataset.ts';
import { fitColumn } from './encode.ts';
import type { Sample } from './encoders/contract.ts';
import { fitEncoder } from './encoders/table.ts';
import { dictionaryOf, type Good, rawOf } from './good.ts';
import type { KeyRows } from './keys.ts';
import type { Needs } from './needs.ts';
import type { Wanted, WantedColumn } from './wanted.ts';

/** A cross learns nothing from the data. */
const nothing: Sample = {
  texts: { texts: [''], counts: [0] },
  numbers: { values: new Float64Array(0), weights: [] },
};

/** By the name of the feature that owns the encoder. */
export function fitEncodings(
  good: Good,
  wanted: Wanted,
  { features }: Needs,
  arranged: Arranged,
): Map<string, Encoding> {
  const weightsOf = makeWeights(good, arranged);
  const encodings = new Map<string, Encoding>();
  for (const owner of new Set(features.map(({ encoderOf }) => encoderOf))) {
    const teacher =
      features.find(({ name }) => name === owner) ?? features.find(({ encoderOf }) => encoderOf === owner)!;
    if (teacher.crosses) {
      encodings.set(owner, fitEncoder(teacher.encoder, nothing));
      continue;
    }
    const column = wanted.features.get(teacher.name) ?? wanted.histories.get(teacher.name)!;
    encodings.set(owner, fitColumn(teacher, rawOf(good, column), weightsOf(column), dictionaryOf(good, column)));
  }
  return encodings;
}

/** How many training events have each row of the file that a column is read from. */
function makeWeights(good: Good, arranged: Arranged): (column: WantedColumn) => ArrayLike<number> {
  const ofEvents = new Uint8Array(good.events.rows);
  const training = rowsOfPart(arranged, 'train');
  for (let i = 0; i < training.length; i++) ofEvents[training[i]!] = 1;
  const ofFile = (at: 'items' | 'users'): Int32Array => {
    const side: KeyRows = arranged[at];
    const counts = trainingCounts(arranged, side);
    const weights = new Int32Array(good[at]!.rows);
    for (let i = 0; i < counts.length; i++) weights[side.rows[i]!] = counts[i]!;
    return weights;
  };
  return ({ column: { at } }) => (at === 'events' ? ofEvents : ofFile(at));
}
