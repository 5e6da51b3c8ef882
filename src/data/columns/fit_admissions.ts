/** Vocabularies whose values are admitted, and leave: fitted on what an earlier run counted, and on the training events since. */

import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import type { Encoder, FeaturePlan } from '../../plan/plan.ts';
import type { Texts } from '../../text/texts.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Needs } from '../binding/needs.ts';
import type { Encoding } from '../dataset.ts';
import type { Pinned } from '../pinned.ts';
import { freshRows, maybeSeconds } from '../rows/fresh.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import { trainingTimes } from '../rows/past.ts';
import { dictionaryOf, rawOf, type ValidRows } from '../rows/valid_rows.ts';
import { type Admission, type AdmissionRule, admit, recoded } from './admission.ts';
import { refuseTooLarge } from './large_texts.ts';

export interface Admissions {
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly admissions: ReadonlyMap<string, Admission>;
  /** By feature: what became of the codes of the run before, where some values have left. */
  readonly recoded: ReadonlyMap<string, readonly (number | null)[]>;
}

export interface ToAdmit {
  readonly description: DataDescription;
  readonly good: ValidRows;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly arranged: OrderedEvents;
  readonly pinned?: Pinned;
}

/** Whether a run must remember more of a vocabulary than its values. */
const isCounted = (encoder: Encoder): encoder is Extract<Encoder, { kind: 'vocabulary' }> =>
  encoder.kind === 'vocabulary' &&
  encoder.values === undefined &&
  encoder.file === undefined &&
  (encoder.minimumCount > 1 || encoder.expireDays !== undefined);

/** @param fitted by feature, as one training would learn them */
export function fitAdmissions(given: ToAdmit, fitted: ReadonlyMap<string, Encoding>): Admissions {
  const { good, wanted, needs, pinned } = given;
  const encodings = new Map(fitted);
  const admissions = new Map<string, Admission>();
  const codes = new Map<string, readonly (number | null)[]>();
  for (const teacher of needs.features) {
    const { name, encoder, encoderOf, vectors } = teacher;
    if (name !== encoderOf || !isCounted(encoder) || vectors) continue;
    const rule: AdmissionRule = encoder;
    const before = pinned?.encodings.get(name);
    const column = wanted.features.get(name) ?? wanted.histories.get(name)!;
    const found = occurrences(given, teacher, column, dictionaryOf(good, column) ?? []);
    const known =
      before?.kind === 'vocabulary'
        ? { values: before.values, ...defined({ admission: pinned?.admissions?.get(name) }) }
        : undefined;
    const { values, admission } = refuseTooLarge(name, () => admit(rule, found, known));
    const encoding: Encoding = { kind: 'vocabulary', values };
    encodings.set(name, encoding);
    admissions.set(name, admission);
    const changed = before?.kind === 'vocabulary' && recoded(before.values, values);
    if (changed) codes.set(name, changed);
  }
  return { encodings, admissions, recoded: codes };
}

function occurrences(
  { good, wanted, arranged, pinned, description }: ToAdmit,
  { name, encoder }: FeaturePlan,
  column: ColumnRequest,
  texts: Texts,
) {
  const times = trainingTimes(wanted, arranged);
  if (times === undefined && encoder.kind === 'vocabulary' && encoder.expireDays !== undefined) {
    throw failure(
      'data-needs',
      { what: name, needs: 'a time for `expire_days`: add `time = "…"` to the data block' },
      description.events.span,
    );
  }
  const last = times?.at(-1);
  if (last !== undefined && encoder.kind === 'vocabulary' && encoder.expireDays !== undefined && !maybeSeconds(last)) {
    throw failure('time-not-seconds', { what: `\`expire_days\` of \`${name}\``, time: last }, description.time?.span);
  }
  // What the earlier run had is in its counts.
  const first = times && pinned?.until ? times.length - freshRows(times, { after: pinned.until }).length : 0;
  const counts = new Float64Array(texts.length);
  const seen = new Float64Array(texts.length).fill(Number.NEGATIVE_INFINITY);
  const count = codesByEvent(good, column, arranged);
  const { train } = arranged.places;
  for (let at = first; at < train.length; at++) {
    const time = times?.[at] ?? 0;
    count(train[at]!, (code) => {
      counts[code]!++;
      if (time > seen[code]!) seen[code] = time;
    });
  }
  counts[0] = 0;
  const now = Math.max(last ?? 0, pinned?.until?.time ?? Number.NEGATIVE_INFINITY);
  return { texts, counts, seen, now };
}

/** Calls back with each code that an event has in a column of its own file, or of the file of its item or user. */
function codesByEvent(
  good: ValidRows,
  column: ColumnRequest,
  { order, items, users }: OrderedEvents,
): (event: number, use: (code: number) => void) => void {
  const raw = rawOf(good, column);
  const { at } = column.column;
  const side = at === 'items' ? items : users;
  const rowOf = (event: number): number => {
    if (at === 'events') return order[event]!;
    const row = side.ofEvent[event]!;
    return row < 0 ? -1 : side.rows[row]!;
  };
  return (event, use) => {
    const row = rowOf(event);
    if (row < 0 || raw.kind === 'numbers') return;
    if (raw.kind === 'codes') use(raw.values[row]!);
    else for (let place = raw.starts[row]!; place < raw.ends[row]!; place++) use(raw.values[place]!);
  };
}
