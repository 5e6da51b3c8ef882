/** Warns about lists that tell a model nothing: histories without events, and lists of which no element is known. */
import { type Diagnostic, diagnose } from '../base/diagnostics/diagnostic.ts';
import type { DataDescription, ModelSpans } from '../graph/plan/data_description.ts';
import { hasRowPerUser } from '../graph/plan/plan.ts';
import type { Needs } from './binding/data_layout.ts';
import type { BagColumn, Dataset, Events, IndexedBags } from './dataset.ts';

interface ListCounts {
  readonly empty: number;
  /** True if a list has an element with a code other than that of unknown values. */
  readonly hasKnownElement: boolean;
}

/**
 * Reads the training events. If rows are in shards, one shard is read, whose rows are a random sample. If each row of a step is a user, it reads the histories
 * of validation instead: they are as long as those that answers will have. Returns at most one warning for each list.
 */
export async function listWarnings(
  { parts, shards }: Pick<Dataset, 'parts' | 'shards'>,
  { features, step }: Needs,
  { histories, events: { span: place } }: DataDescription,
  model?: ModelSpans,
): Promise<readonly Diagnostic[]> {
  if (!features.some(({ gives }) => gives === 'bag')) return [];
  const part = step && hasRowPerUser(step) && parts.validation.rows > 0 ? 'validation' : 'training';
  let events = part === 'training' ? parts.train : parts.validation;
  if (shards) events = await shards.read([0]);
  const heldOutParts = [parts.validation, parts.test];
  const warnings: Diagnostic[] = [];
  for (const { name, encoderOf, along } of features) {
    const { column, index } = events.features.get(name) ?? {};
    if (column?.kind !== 'bags' || column.inner || along !== undefined || events.rows === 0) continue;
    const counts = countLists(column, index, events.rows);
    const history = histories.find((candidate) => candidate.name === name);
    const givenItems = events.givenItems?.get(name);
    // These lists lack their unknown elements. `earlier` and `givenItems` have them, so they tell whether a list had any.
    const hasElements =
      counts.empty < events.rows ||
      (history
        ? heldOutParts.some((part) => isFilled(part.earlier, part))
        : !givenItems || isFilled(givenItems, events));
    const span = history?.span ?? model?.features.get(name)?.span ?? place;
    if (!counts.hasKnownElement && encoderOf !== name && hasElements)
      warnings.push(diagnose('unknown-elements', span, { name, owner: encoderOf }));
    else if (history && counts.empty > events.rows / 2)
      warnings.push(
        diagnose('empty-histories', span, { name, kind: history.kind, share: counts.empty / events.rows, part }),
      );
  }
  return warnings;
}

function countLists({ starts, ends, values }: BagColumn, index: Int32Array | undefined, rows: number): ListCounts {
  let empty = 0;
  let hasKnownElement = false;
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    if (starts[bag] === ends[bag]) empty++;
    for (let index = starts[bag]!; index < ends[bag]! && !hasKnownElement; index++)
      hasKnownElement = values[index]! > 0;
  }
  return { empty, hasKnownElement };
}

function isFilled(of: IndexedBags | undefined, { rows }: Events): boolean {
  if (!of) return false;
  const { bags, index } = of;
  for (let row = 0; row < rows; row++) {
    const bag = index ? index[row]! : row;
    if (bags.starts[bag] !== bags.ends[bag]) return true;
  }
  return false;
}
