/** Warns about columns that tell a model what it should find out, or that it will not have when it is asked. */

import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnBinding } from './column_binding.ts';
import type { BoundColumn, DataLayout } from './data_layout.ts';

/** Returns warnings about a layout without errors. Labels and `where` may read any row: a label tells what came later. */
export function leakWarnings(binding: ColumnBinding, layout: DataLayout): readonly Diagnostic[] {
  const read = readFeatures(binding, layout);
  return [
    ...beyondWarnings(binding, layout, read),
    ...labelWarnings(binding, layout, read),
    ...historyWarnings(binding, layout),
    ...userWarnings(binding, layout),
  ];
}

/** The columns of the features that a tower reads, without the keys: those are known when a model is asked. */
function readFeatures({ needs }: ColumnBinding, layout: DataLayout): readonly BoundColumn[] {
  const keys = new Set(needs.towers.map(({ key }) => key));
  const isRead = (name: string): boolean => needs.towers.some(({ features }) => features?.includes(name) ?? true);
  return [...layout.features].flatMap(([name, column]) => (!keys.has(name) && isRead(name) ? [column] : []));
}

function beyondWarnings(
  binding: ColumnBinding,
  { histories, listWeights }: DataLayout,
  read: readonly BoundColumn[],
): Diagnostic[] {
  const columns = new Set([...read, ...listWeights.values(), ...[...histories.values()].map(({ of }) => of)]);
  return [...columns].flatMap(({ name, at, reads }) => {
    const isOfEvents = at === 'events' || reads?.tables.includes('events');
    if (!reads?.beyond || !isOfEvents) return [];
    return [diagnose('reads-held-out', binding.placeOf(name), { name, rows: reads.beyond })];
  });
}

/** A label is given away if features together read all the columns that it is computed from. */
function labelWarnings(binding: ColumnBinding, layout: DataLayout, read: readonly BoundColumn[]): Diagnostic[] {
  return [...layout.labels.values()].flatMap((label) => {
    const ofLabel = ownColumns(label, layout);
    const telling = read.filter((column) => ownColumns(column, layout).some((each) => ofLabel.includes(each)));
    const told = new Set(telling.flatMap((column) => ownColumns(column, layout)));
    if (ofLabel.length === 0 || !ofLabel.every((each) => told.has(each))) return [];
    const features = telling.map(({ name }) => name);
    return [diagnose('feature-from-label', binding.placeOf(features[0]!), { features, label: label.name })];
  });
}

/** A history of another column than that of the feature whose table its list reads has no element that the table knows. */
function historyWarnings(binding: ColumnBinding, layout: DataLayout): Diagnostic[] {
  return binding.needs.features.flatMap(({ name, column, encoderOf }) => {
    const history = layout.histories.get(name);
    const owner = layout.features.get(encoderOf) ?? layout.histories.get(encoderOf)?.of;
    const entry = binding.description.histories.find((each) => each.name === name || each.name === column);
    if (!history || !owner || !entry || encoderOf === name) return [];
    const [ofHistory, ofOwner] = [history.of, owner].map((each) => new Set(namesRead(each)));
    if (ofHistory!.size === 0 || ofOwner!.size === 0 || [...ofHistory!].some((each) => ofOwner!.has(each))) return [];
    return [diagnose('history-of-other', entry.span, { ...entry, owner: encoderOf, column: owner.name })];
  });
}

/** The row of a held-out user in a table of users is that of unknown users. */
function userWarnings(binding: ColumnBinding, { userKey }: DataLayout): Diagnostic[] {
  const { needs, description } = binding;
  const [{ name: tower, features: read }] = needs.towers;
  const ofTower = needs.features.filter(({ name, tower: own }) => read?.includes(name) ?? own === tower);
  const isKey = ({ column }: FeaturePlan): boolean => column === userKey?.inEvents.name;
  if (!givesEvents(description) || ofTower.length === 0 || !ofTower.every(isKey)) return [];
  const facts = { tower, name: ofTower[0]!.name, history: description.time === undefined ? 'others' : 'past' };
  return [diagnose('unknown-users', binding.placeOf(facts.name), facts)];
}

const namesRead = ({ bare, reads }: BoundColumn): readonly string[] =>
  bare === undefined ? (reads?.own ?? []) : [bare.toLowerCase()];

/** Returns the columns of files, as `events.rating`, that a column reads of its own row. */
function ownColumns(column: BoundColumn, { sources }: DataLayout): readonly string[] {
  return namesRead(column).flatMap((name) => {
    const role = column.over.find((each) => sources.get(each)!.columns.some((own) => own.name.toLowerCase() === name));
    return role === undefined ? [] : [`${role}.${name}`];
  });
}
