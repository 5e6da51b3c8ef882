/** Fits vocabularies that grow from run to run, from the counts of an earlier run and the training events since. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { maxTextBytes, type Texts, TextsTooLarge } from '../../base/text/texts.ts';
import type { Encoder, FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import type { Admission, Dataset, Encoding } from '../dataset.ts';
import { grownEncoding, type Pinned } from '../pinned.ts';
import { maybeSeconds, trainingTimes } from '../rows/fresh.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import { rawOf, type ValidRows } from '../rows/raw.ts';
import { type AdmissionRule, admit, mapCodes, type ValueCounts } from './admission.ts';

/** The encodings, the counts of vocabularies with admission, and the new codes of vocabularies that lost expired values. */
export type GrownEncodings = Pick<Dataset, 'encodings'> & Required<Pick<Dataset, 'admissions' | 'recoded'>>;

interface GrowthInput {
  readonly readPlan: ReadPlan;
  readonly pinned?: Pinned;
  /** Encodings by feature, as a single training would learn them. */
  readonly fitted: ReadonlyMap<string, Encoding>;
}

export function growEncodings(
  { readPlan, pinned, fitted }: GrowthInput,
  makeCounter: (teacher: FeaturePlan, column: ColumnRequest) => OccurrenceCounter,
): GrownEncodings {
  const encodings = new Map(
    [...fitted].map(([name, encoding]) => [
      name,
      joinOrFail(name, () => grownEncoding(pinned?.encodings.get(name) ?? encoding, encoding)),
    ]),
  );
  const admissions = new Map<string, Admission>();
  const codeMaps = new Map<string, readonly (number | null)[]>();
  for (const { teacher, column, rule } of countedColumns(readPlan)) {
    const { name } = teacher;
    const earlierEncoding = pinned?.encodings.get(name);
    const newOccurrences = makeCounter(teacher, column).occurrencesUntil(pinned?.until?.time);
    const earlierVocabulary =
      earlierEncoding?.kind === 'vocabulary'
        ? { values: earlierEncoding.values, admission: pinned?.admissions?.get(name) }
        : undefined;
    const { values, admission } = joinOrFail(name, () => admit(rule, newOccurrences, earlierVocabulary));
    encodings.set(name, { kind: 'vocabulary', values });
    admissions.set(name, admission);
    const codeMap = earlierEncoding?.kind === 'vocabulary' && mapCodes(earlierEncoding.values, values);
    if (codeMap) codeMaps.set(name, codeMap);
  }
  return { encodings, admissions, recoded: codeMaps };
}

const hasAdmission = (encoder: Encoder): encoder is Extract<Encoder, { kind: 'vocabulary' }> =>
  encoder.kind === 'vocabulary' &&
  encoder.values === undefined &&
  encoder.file === undefined &&
  (encoder.minimumCount > 1 || encoder.expireDays !== undefined);

/** Returns the features whose vocabularies have admission or expiry, each with its column. */
export const countedColumns = (
  readPlan: ReadPlan,
): { readonly teacher: FeaturePlan; readonly column: ColumnRequest; readonly rule: AdmissionRule }[] =>
  readPlan.needs.features.flatMap((teacher) => {
    const { name, encoder, encoderOf, vectors } = teacher;
    if (name !== encoderOf || !hasAdmission(encoder) || vectors) return [];
    return [{ teacher, column: readPlan.features.get(name) ?? readPlan.histories.get(name)!, rule: encoder }];
  });

/** Counts the values of a vocabulary in training events, and notes when each was last seen. */
export class OccurrenceCounter {
  readonly #counts: Float64Array;
  readonly #seen: Float64Array;
  #newest: number | undefined;

  constructor(
    private readonly readPlan: ReadPlan,
    private readonly teacher: FeaturePlan,
    private readonly column: ColumnRequest,
    private readonly texts: Texts,
  ) {
    this.#counts = new Float64Array(texts.length);
    this.#seen = new Float64Array(texts.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** @param isNew true for the index of a training event that counts @throws Failure `data-needs`, `time-not-seconds` */
  add(good: ValidRows, arranged: OrderedEvents, isNew: (index: number) => boolean): void {
    const times = trainingTimes(this.readPlan, arranged);
    this.#rejectUnusableTimes(times);
    if (times && times.length > 0) this.#newest = Math.max(this.#newest ?? times.at(-1)!, times.at(-1)!);
    const forEachCode = makeCodeVisitor(good, this.column, arranged);
    const { train } = arranged.eventIndexes;
    for (let index = 0; index < train.length; index++) {
      if (!isNew(index)) continue;
      const time = times?.[index] ?? 0;
      forEachCode(train[index]!, (code) => {
        this.#counts[code]!++;
        if (time > this.#seen[code]!) this.#seen[code] = time;
      });
    }
  }

  /** @param time the end of the earlier run */
  occurrencesUntil(time = Number.NEGATIVE_INFINITY): ValueCounts {
    this.#counts[0] = 0;
    return { texts: this.texts, counts: this.#counts, lastSeen: this.#seen, now: Math.max(this.#newest ?? 0, time) };
  }

  #rejectUnusableTimes(times: Float64Array | undefined): void {
    const { name, encoder } = this.teacher;
    const { description } = this.readPlan;
    if (encoder.kind !== 'vocabulary' || encoder.expireDays === undefined) return;
    if (times === undefined) {
      const needs = 'a time for `expire_days`: add `time = "…"` to the data block';
      throw failure('data-needs', { what: name, needs }, description.events.span);
    }
    const time = times.at(-1);
    if (time !== undefined && !maybeSeconds(time))
      throw failure('time-not-seconds', { what: `\`expire_days\` of \`${name}\``, time }, description.time?.span);
  }
}

/** Returns a function that visits each code of an event in a column, which may be in the events or in the file of its item or user. */
function makeCodeVisitor(
  good: ValidRows,
  column: ColumnRequest,
  { order, items, users }: OrderedEvents,
): (event: number, visit: (code: number) => void) => void {
  const raw = rawOf(good, column);
  const { role } = column.column;
  const entities = role === 'items' ? items : users;
  const rowOfEvent = (event: number): number => {
    if (role === 'events') return order[event]!;
    const row = entities.ofEvent[event]!;
    return row < 0 ? -1 : entities.rows[row]!;
  };
  return (event, visit) => {
    const row = rowOfEvent(event);
    if (row < 0 || raw.kind === 'numbers') return;
    if (raw.kind === 'codes') visit(raw.values[row]!);
    else for (let index = raw.starts[row]!; index < raw.ends[row]!; index++) visit(raw.values[index]!);
  };
}

/** Calls `join`, which joins lists of texts, and fails if the result is too large for one list. @param name of the column @throws Failure `dictionary-too-large` */
export function joinOrFail<T>(name: string, join: () => T): T {
  try {
    return join();
  } catch (error) {
    if (!(error instanceof TextsTooLarge)) throw error;
    throw failure('dictionary-too-large', { name, most: maxTextBytes() });
  }
}
