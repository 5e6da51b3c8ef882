import type { Span } from '../../../base/text/source.ts';
import { train } from '../../library/declarations/train_declaration.ts';
import { fittedTerm, useOf } from '../references.ts';
import { removal } from '../report.ts';
import type { Resolution, ResolvedTower, Rule } from '../resolution.ts';
import { entriesOfLoss } from '../resolve/resolve_objective.ts';

/** Entries of `train` that say something where no steps are taken. */
const readEntries: readonly string[] = ['metrics'];

/** A score that is fitted as a whole stands alone: nothing is learned by steps, and its towers only name the list and the items. */
export const fittedScore: Rule = (resolution, report) => {
  const { tasks, towers, library, file } = resolution;
  const task = tasks.find((each) => fittedTerm(each, library));
  if (!task?.score) return;
  const { score, node } = task;
  const { kind, span } = fittedTerm(task, library)!;
  const refuse = (at: Span, reason: string, remove?: Span): void =>
    report('arguments-conflict', at, { kind, reason }, remove ? { fixes: [[removal(remove)]] } : {});
  const [term, ...others] = score.terms;
  if (others.length > 0 || term!.factor !== 1 || score.biases) refuse(score.span, 'stands alone in its score');
  const otherTask = tasks.find((each) => each !== task);
  if (otherTask) refuse(otherTask.span, `must be the only task, and the model has the task \`${otherTask.name}\` too`);
  for (const entry of node.entries) {
    const { name } = entry.name;
    if (name === 'loss' || entriesOfLoss.has(name))
      refuse(entry.span, `is fitted without a loss, so \`${name}\` has no effect`, entry.span);
  }
  for (const declaration of file.declarations) {
    if (declaration.kind !== 'Train') continue;
    for (const entry of declaration.entries) {
      const { name } = entry.name;
      if (Object.hasOwn(train.entries, name) && !readEntries.includes(name))
        refuse(entry.span, `is fitted without steps, so \`${name}\` has no effect`, entry.span);
    }
  }
  for (const { steps } of towers) {
    for (const { name, node: step } of steps)
      refuse(step.span, `reads no channels, so \`${name}\` has no effect`, step.span);
  }
  const [query, item] = score.towers.map((name) => towers.find((tower) => tower.name === name)) as [
    ResolvedTower | undefined,
    ResolvedTower | undefined,
  ];
  if (!query || !item) return;
  // An invalid feature has its own error.
  const named = [...query.features, ...item.features, ...(item.key ? [item.key.name] : [])];
  if (named.some((name) => !resolution.features.has(name))) return;
  const reason = whyNotListed(resolution, query, item);
  if (reason !== undefined) refuse(span, reason);
};

/** Returns what is wrong with the inputs of the towers: the items need a key, and the query needs exactly one list of them. */
function whyNotListed({ features }: Resolution, query: ResolvedTower, item: ResolvedTower): string | undefined {
  const { key } = item;
  if (!key) return `needs to know the items: write \`keyed by\` after tower \`${item.name}\``;
  const keyUse = useOf(key.name, features);
  if (keyUse?.gives !== 'code' || !('kind' in keyUse.encoder) || keyUse.encoder.kind !== 'vocabulary')
    return `needs a key whose values it learns, and \`${key.name}\` is none`;
  if (!item.features.includes(key.name)) return `needs tower \`${item.name}\` to read its key \`${key.name}\``;
  const others = item.features.filter((name) => name !== key.name);
  if (others.length > 0) return `reads only the key of the items, so \`${others[0]}\` has no effect`;
  const lists = query.features.filter((name) => name !== query.key?.name);
  const list = lists.find((name) => isListOf(name, key.name, features));
  if (list === undefined)
    return `needs a list of the items in tower \`${query.name}\`: write \`history : list(${key.name}, max: 200)\``;
  const other = lists.find((name) => name !== list);
  return other === undefined ? undefined : `reads one list, \`${list}\`, so \`${other}\` has no effect`;
}

function isListOf(name: string, key: string, features: Resolution['features']): boolean {
  const use = useOf(name, features);
  return use?.lists === true && 'owner' in use.encoder && use.encoder.owner === key && use.through === undefined;
}
