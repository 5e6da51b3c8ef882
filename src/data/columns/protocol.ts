/** Describes a data set in sentences, which are printed with every figure, and counts the labels that it lacks. */
import { resolve } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { type DataDescription, givesEvents } from '../../graph/plan/data_description.ts';
import type { DataLayout, Needs, ReadPlan } from '../binding/data_layout.ts';
import { type Dataset, type Encoding, type Events, type Part, rowsOf } from '../dataset.ts';
import { sentenceOfRecord } from '../files/vector_files.ts';
import type { Pinned } from '../pinned.ts';
import { momentWords, type Past } from '../rows/fresh.ts';
import type { OrderedEvents } from '../rows/order_events.ts';
import type { ValidRows } from '../rows/raw.ts';

export function sentencesOfVectors(
  firstValues: Dataset['firstValues'] = new Map(),
  { features }: Needs,
  encodings: ReadonlyMap<string, Encoding>,
): string[] {
  return [...firstValues].map(([name, { rows }]) => {
    const feature = features.find((plan) => plan.name === name);
    // Row 0 stands for unknown ids.
    const knownIds = rowsOf(encodings.get(name)!) - 1;
    const idsWithoutVector = knownIds - rows.length;
    const initialState = feature?.frozen ? 'are 0' : 'begin as usual';
    const othersText = idsWithoutVector === 0 ? '' : `; the others ${initialState}`;
    return `\`${name}\`: ${rows.length.toLocaleString('en')} of ${knownIds.toLocaleString('en')} ids have a vector in ${feature?.vectors?.file}${othersText}.`;
  });
}

export function sentencesOfPast(
  {
    fresh: newEvents,
    heldOutBefore = 0,
  }: Pick<Past, 'heldOutBefore'> & { readonly fresh?: ArrayLike<number> | undefined },
  pinned: Pinned | undefined,
  split: DataDescription['split']['kind'],
): string[] {
  if (!pinned?.until && !newEvents) return [];
  const eventsText = (events: number): string => `${events.toLocaleString('en')} events`;
  const freshEvents = pinned?.fresh;
  const when =
    freshEvents === undefined
      ? ''
      : 'since' in freshEvents
        ? `from ${momentWords(freshEvents.since)} on`
        : `after ${momentWords(freshEvents.after.time)}`;
  const replayText = pinned?.replay ? `, and in each epoch up to ${pinned.replay} earlier ones for each of them` : '';
  const freshSentence =
    newEvents &&
    `The run went on from an earlier one, with the ${eventsText(pinned?.trainedEvents ?? newEvents.length)} of its training part ${when}${replayText}.`;
  // On other data than that of the run, events are compared with the last one of the run itself, and a note says so.
  const earlierSentence =
    heldOutBefore > 0 &&
    pinned?.trainedUntil === undefined &&
    `${eventsText(heldOutBefore)} that \`${split}\` holds out are earlier than the last one of the earlier run, which may have had them.`;
  return [
    freshSentence || 'The run went on from an earlier one, with all events of its training part.',
    ...(earlierSentence ? [earlierSentence] : []),
  ];
}

/** Number of events without a value of a label, in training and overall. */
export interface MissingLabels {
  readonly training: number;
  readonly all: number;
}

/** Counts the events without a label, by label. */
export function countMissingLabels(parts: Readonly<Record<Part, Events>>): Map<string, MissingLabels> {
  const countMissing = (part: Part, name: string): number =>
    parts[part].labels.get(name)!.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  return new Map(
    [...parts.train.labels.keys()].map((name) => {
      const training = countMissing('train', name);
      return [name, { training, all: training + countMissing('validation', name) + countMissing('test', name) }];
    }),
  );
}

/** @throws Failure `data-needs` if no training event has a value of a label, because nothing could be learned */
export function rejectUnlabelled(
  missingLabels: ReadonlyMap<string, MissingLabels>,
  trainingRows: number,
  { events }: DataDescription,
): void {
  const needs = 'a value in one event at least of the training part';
  for (const [what, { training }] of missingLabels)
    if (training === trainingRows) throw failure('data-needs', { what, needs }, events.span);
}

/** Describes the corpus, histories and labels of the data. */
export function protocolOf(
  { description, layout, needs }: ReadPlan,
  good: Pick<ValidRows, 'items'>,
  {
    sentence,
    items,
  }: { readonly sentence: string; readonly items: Pick<OrderedEvents['items'], 'keys' | 'trainingCounts'> },
  missingLabels: ReadonlyMap<string, MissingLabels>,
): string[] {
  const coldItems = items.trainingCounts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  const source = good.items === undefined ? 'all that events have' : `the rows of ${description.items!.path}`;
  const sentences = [
    sentence,
    'Vocabularies, statistics and counts come from the training part only.',
    `The corpus has ${items.keys.length.toLocaleString('en')} items, ${source}; ${coldItems.toLocaleString('en')} of them have no training event.`,
  ];
  for (const modelSentence of sentencesOfVectorModels(description, layout, needs)) sentences.push(modelSentence);
  for (const [name, { kind, max }] of layout.histories) {
    sentences.push(
      givesEvents(description)
        ? `\`${name}\` is ${kind === 'others' ? `up to ${max} of the user's other training events` : `the user's last ${max} training events that are strictly earlier`}; for a held-out user, of all the events that the user gives.`
        : kind === 'others'
          ? `\`${name}\` is up to ${max} of the user's training events, in no order and never the event itself; validation and test events see training events only.`
          : `\`${name}\` is the user's last ${max} events that are strictly earlier; training events see training events only, validation events also earlier validation events, test events all.`,
    );
  }
  for (const [name, { all }] of missingLabels) {
    if (all === 0) continue;
    sentences.push(`${all.toLocaleString('en')} events have no \`${name}\`: the task of this label ignores them.`);
  }
  return sentences;
}

/** Names the models that made the vectors of the data, where `tower embed` wrote them. */
function sentencesOfVectorModels({ folder }: DataDescription, { sources }: DataLayout, { features }: Needs): string[] {
  const vectorFiles = features.flatMap(({ vectors }) =>
    vectors ? [{ path: resolve(folder, vectors.file), name: vectors.file }] : [],
  );
  const readsColumns = features.some(({ encoder }) => encoder.kind === 'vector');
  const tableFiles = readsColumns
    ? [...sources.values()].flatMap(({ role, files }) => (role === 'events' ? [] : files))
    : [];
  const sentences = [...vectorFiles, ...tableFiles].flatMap(({ path, name }) => sentenceOfRecord(path, name) ?? []);
  return [...new Set(sentences)];
}
