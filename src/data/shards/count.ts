/** What must be known of all training events before the first is encoded: counts, and what encoders learn from. */
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Needs } from '../binding/needs.ts';
import { sampleColumn } from '../columns/encode.ts';
import type { Sample } from '../columns/encoders/contract.ts';
import { teachersOf } from '../columns/fit_encoders.ts';
import type { Dictionaries } from '../rows/dictionaries.ts';
import { gather } from '../rows/gather.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import type { RawCodes, RawColumn } from '../rows/raw.ts';
import { parts } from '../rows/split.ts';
import { rawOf, type ValidRawRows } from '../rows/valid_rows.ts';
import type { Cuts } from './arrange.ts';
import type { ArrangedBucket, BucketSource } from './bucket_source.ts';
import { NumbersSample } from './numbers_sample.ts';
import type { OnPass } from './passes.ts';
import type { GlobalSide, Sides } from './sides.ts';

export interface Counted {
  /** Events of each part. */
  readonly counts: readonly number[];
  /** Training events of each item, and of each user. */
  readonly items: Int32Array;
  readonly users: Int32Array;
  /** Row id of each item's last training event; −1 where there is none. */
  readonly lastTraining: Int32Array;
  /** By item, the code of its title in its last training event, where events have the title. */
  readonly titles?: Int32Array;
  /** Elements that each list of events has in all training events. */
  readonly elements: ReadonlyMap<ColumnRequest, number>;
  /** Training events that users had before each held-out event, of all of these together. */
  readonly beforeHeldOut: number;
  /** What an encoder learns from a column. */
  sampleOf(column: ColumnRequest): Sample;
}

interface ToCount {
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly sides: Sides;
  readonly dictionaries: Dictionaries;
  readonly files: { readonly items?: ValidRawRows | undefined; readonly users?: ValidRawRows | undefined };
  readonly onPass?: OnPass | undefined;
}

export async function countBuckets(source: BucketSource, cuts: Cuts, to: ToCount): Promise<Counted> {
  const { wanted, sides, dictionaries, onPass } = to;
  const { title } = wanted;
  const [itemCount, userCount] = [sides.items.keys.length, sides.users.keys.length];
  const counts = [0, 0, 0];
  const items = new Int32Array(itemCount);
  const users = new Int32Array(userCount);
  const lastTraining = new Int32Array(itemCount).fill(-1);
  const lastTimes = new Float64Array(itemCount);
  const titles = title?.column.at === 'events' ? new Int32Array(itemCount) : undefined;
  const learners = new Map(learnersOf(to).map((column) => [column, makeLearner(column, dictionaries)] as const));
  const numbersOf = learnsNumbers(to);
  const elements = new Map<ColumnRequest, number>();
  let beforeHeldOut = 0;

  const count = ({ bucket, good, arranged, members }: ArrangedBucket): void => {
    for (const [at, part] of parts.entries()) counts[at]! += arranged.places[part].length;
    arranged.users.trainingCounts.forEach((its, local) => {
      users[members[local]!] = its;
    });
    beforeHeldOut += trainingBeforeHeldOut(arranged);
    const { train } = arranged.places;
    const titleCodes = titles && (rawOf(good, title!) as RawCodes).values;
    for (let i = 0; i < train.length; i++) {
      const item = arranged.items.ofEvent[train[i]!]!;
      if (item < 0) continue;
      items[item]!++;
      const row = arranged.rows.train[i]!;
      const [time, id] = [arranged.stream.times?.[train[i]!] ?? 0, bucket.ids[row]!];
      const isLater = time > lastTimes[item]! || (time === lastTimes[item] && id > lastTraining[item]!);
      if (lastTraining[item]! >= 0 && !isLater) continue;
      lastTimes[item] = time;
      lastTraining[item] = id;
      if (titles) titles[item] = titleCodes![row]!;
    }
    for (const [column, raw] of good.events.columns) {
      if (raw.kind !== 'bags') continue;
      const its = arranged.rows.train.reduce((sum, row) => sum + raw.ends[row]! - raw.starts[row]!, 0);
      elements.set(column, (elements.get(column) ?? 0) + its);
    }
    for (const [column, learner] of learners)
      learner.add(rawOf(good, column), arranged.rows.train, numbersOf.has(column));
  };
  for (let at = 0; at < source.count; at++) {
    onPass?.({ pass: 'counting', done: at, total: source.count });
    count(await source.read(at, cuts));
  }
  onPass?.({ pass: 'counting', done: source.count, total: source.count });
  const weights = {
    items: to.files.items && weightsIn(to.files.items, sides.items, items),
    users: to.files.users && weightsIn(to.files.users, sides.users, users),
  };
  return {
    counts,
    items,
    users,
    lastTraining,
    elements,
    beforeHeldOut,
    ...(titles ? { titles } : {}),
    sampleOf(column) {
      const { at } = column.column;
      if (at === 'events') return learners.get(column)!.sample();
      const dictionary = column.dictionary === undefined ? undefined : dictionaries.get(column.dictionary);
      return sampleColumn(to.files[at]!.columns.get(column)!, weights[at]!, dictionary);
    },
  };
}

function trainingBeforeHeldOut({ part, users }: OrderedEvents): number {
  const before = new Int32Array(users.keys.length);
  let sum = 0;
  for (let place = 0; place < part.length; place++) {
    const user = users.ofEvent[place]!;
    if (user < 0) continue;
    if (part[place] === 0) before[user]!++;
    else sum += before[user]!;
  }
  return sum;
}

/** Columns of events that an encoder learns from. */
const learnersOf = ({ needs, wanted }: ToCount): ColumnRequest[] => [
  ...new Set(teachersOf(needs, wanted).flatMap(({ column }) => (column?.column.at === 'events' ? [column] : []))),
];

/** Of them, those whose numbers count: a code by quantiles, and a number in standard units. */
const learnsNumbers = ({ needs, wanted }: ToCount): ReadonlySet<ColumnRequest> =>
  new Set(
    teachersOf(needs, wanted).flatMap(({ teacher, column }) =>
      column && (teacher.encoder.kind === 'quantiles' || teacher.encoder.kind === 'standardize') ? [column] : [],
    ),
  );

interface Learner {
  add(raw: RawColumn, rows: Int32Array, takesNumbers: boolean): void;
  sample(): Sample;
}

function makeLearner({ dictionary }: ColumnRequest, dictionaries: Dictionaries): Learner {
  const texts = dictionary === undefined ? [''] : dictionaries.get(dictionary)!;
  const counts = new Float64Array(texts.length);
  const numbers = new NumbersSample();
  return {
    add(raw, rows, takesNumbers) {
      if (raw.kind === 'codes') {
        for (const row of rows) counts[raw.values[row]!]!++;
      } else if (raw.kind === 'bags') {
        for (const row of rows)
          for (let at = raw.starts[row]!; at < raw.ends[row]!; at++) {
            if (raw.values instanceof Int32Array) counts[raw.values[at]!]!++;
            else if (takesNumbers) numbers.add(raw.values[at]!);
          }
      } else if (takesNumbers && raw.width === 1) for (const row of rows) numbers.add(raw.values[row]!);
    },
    sample() {
      counts[0] = 0;
      return { texts: { texts, counts }, numbers: numbers.sample() };
    },
  };
}

/** How many training events have each row of a file. */
function weightsIn(file: ValidRawRows, { fileRows }: GlobalSide, counts: Int32Array): Int32Array {
  const weights = new Int32Array(file.rows);
  for (let at = 0; at < counts.length; at++) weights[fileRows![at]!] = counts[at]!;
  return weights;
}

/** Titles of items: of their file, or of their last training event. */
export function titleCodes(
  counted: Pick<Counted, 'titles'>,
  title: ColumnRequest,
  sides: Sides,
  file: ValidRawRows | undefined,
): Int32Array {
  if (title.column.at === 'events') return counted.titles!;
  return gather((file!.columns.get(title) as RawCodes).values, sides.items.fileRows!);
}
