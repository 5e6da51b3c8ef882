/** Warns about columns that tell a model the answer, or that are not known yet when it has to answer. */

import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnBinding } from './column_binding.ts';
import type { BoundColumn, DataLayout } from './data_layout.ts';

/** Returns warnings about a layout without errors. Labels and `where` may read any row: a label tells what came later. */
export function leakWarnings(binding: ColumnBinding, layout: DataLayout): readonly Diagnostic[] {
  const inputs = columnsOfFeatures(binding, layout);
  return [
    ...beyondWarnings(binding, layout, inputs),
    ...labelWarnings(binding, layout, inputs),
    ...historyWarnings(binding, layout),
    ...userWarnings(binding, layout),
  ];
}

/** The columns of the features that a tower reads, without the keys: those are known when a model is asked. */
function columnsOfFeatures({ needs }: ColumnBinding, layout: DataLayout): readonly BoundColumn[] {
  const keys = new Set(needs.towers.map(({ key }) => key));
  const isRead = (name: string): boolean => needs.towers.some(({ features }) => features?.includes(name) ?? true);
  return [...layout.features].flatMap(([name, column]) => (!keys.has(name) && isRead(name) ? [column] : []));
}

function beyondWarnings(
  binding: ColumnBinding,
  { histories, listWeights }: DataLayout,
  inputs: readonly BoundColumn[],
): Diagnostic[] {
  const columns = new Set([
    ...inputs,
    ...listWeights.values(),
    ...[...histories.values()].map(({ elementColumn }) => elementColumn),
  ]);
  return [...columns].flatMap(({ name, role, reads }) => {
    const isOfEvents = role === 'events' || reads?.tables.includes('events');
    if (!reads?.rowsBeyond || !isOfEvents) return [];
    return [diagnose('reads-held-out', binding.spanOfColumn(name), { name, rows: reads.rowsBeyond })];
  });
}

/** A label is given away if features together read all the columns that it is computed from. */
const labelWarnings = (binding: ColumnBinding, layout: DataLayout, inputs: readonly BoundColumn[]): Diagnostic[] =>
  [...layout.labels.values()].flatMap((label) => {
    const labelColumns = ownColumns(label, layout);
    const tellingFeatures = inputs.filter((column) =>
      ownColumns(column, layout).some((name) => labelColumns.includes(name)),
    );
    const featureSources = new Set(tellingFeatures.flatMap((column) => ownColumns(column, layout)));
    if (labelColumns.length === 0 || !labelColumns.every((name) => featureSources.has(name))) return [];
    const features = tellingFeatures.map(({ name }) => name);
    return [diagnose('feature-from-label', binding.spanOfColumn(features[0]!), { features, label: label.name })];
  });

/** Warns about a history whose list reads the table of a feature from another column: the table knows none of its elements. */
const historyWarnings = (binding: ColumnBinding, layout: DataLayout): Diagnostic[] =>
  binding.needs.features.flatMap(({ name, column, encoderOf }) => {
    const history = layout.histories.get(name);
    const owner = layout.features.get(encoderOf) ?? layout.histories.get(encoderOf)?.elementColumn;
    const entry = binding.description.histories.find((declared) => declared.name === name || declared.name === column);
    if (!history || !owner || !entry || encoderOf === name) return [];
    const [ofHistory, ofOwner] = [history.elementColumn, owner].map((column) => new Set(namesRead(column)));
    if (ofHistory!.size === 0 || ofOwner!.size === 0 || [...ofHistory!].some((source) => ofOwner!.has(source)))
      return [];
    return [diagnose('history-of-other', entry.span, { ...entry, owner: encoderOf, column: owner.name })];
  });

/** Warns about a query tower that reads only the user: a held-out user has the table row of unknown users. */
function userWarnings(binding: ColumnBinding, { userKey }: DataLayout): Diagnostic[] {
  const { needs, description } = binding;
  const [{ name: tower, features: readNames }] = needs.towers;
  const towerFeatures = needs.features.filter(
    ({ name, tower: ownTower }) => readNames?.includes(name) ?? ownTower === tower,
  );
  const isKey = ({ column }: FeaturePlan): boolean => column === userKey?.inEvents.name;
  if (!givesEvents(description) || towerFeatures.length === 0 || !towerFeatures.every(isKey)) return [];
  const facts = { tower, name: towerFeatures[0]!.name, history: description.time === undefined ? 'others' : 'past' };
  return [diagnose('unknown-users', binding.spanOfColumn(facts.name), facts)];
}

const namesRead = ({ bare, reads }: BoundColumn): readonly string[] =>
  bare === undefined ? (reads?.ownColumns ?? []) : [bare.toLowerCase()];

/** Returns the columns of files, as `events.rating`, that a column reads of its own row. */
const ownColumns = (column: BoundColumn, { sources }: DataLayout): readonly string[] =>
  namesRead(column).flatMap((name) => {
    const role = column.scope.find((source) =>
      sources.get(source)!.columns.some((column) => column.name.toLowerCase() === name),
    );
    return role === undefined ? [] : [`${role}.${name}`];
  });
