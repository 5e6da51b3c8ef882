/** Finds what the path of a setting names. */
import { task } from '../../library/declarations/task.ts';
import { train } from '../../library/declarations/train.ts';
import type { Files } from '../use.ts';
import { argumentOf } from './argument_slot.ts';
import { declared } from './declared.ts';
import { blockSlot, entrySlot, featureSlot, letSlot, sumSlot, trainOf } from './declared_slots.ts';
import { type Path, type Slot, type SlotScope, unknown } from './slot.ts';

/**
 * Finds what a path names. `width`: a constant, else a declared block, else an entry of `train`, else `objective` or `retrieve`.
 * `train.batch`, `task.watch.loss` and `features.user_id` name others; `dense.rate` and `task.watch.loss.temperature` are arguments.
 * @returns nothing where there is no such thing; the report says why
 */
export function findSlot(scope: SlotScope, path: Path): Slot | undefined {
  const [first, ...rest] = path.parts;
  const root = rootOf(scope, path, first!, rest);
  return root?.rest.reduce<Slot | undefined>((slot, name) => slot && argumentOf(scope, slot, name, path), root.slot);
}

/** The names that a path may begin with, or be. */
function slotNames(files: Files): readonly string[] {
  const { lets, blocks, tasks, features } = declared(files);
  return [
    ...lets.keys(),
    ...blocks.keys(),
    ...Object.keys(train.entries),
    ...[...tasks.keys()].flatMap((name) => [`task.${name}.loss`, `task.${name}.score`]),
    ...[...features.keys()].map((name) => `features.${name}`),
    'objective',
    'retrieve',
  ];
}

interface Root {
  readonly slot: Slot;
  /** Names of arguments that follow. */
  readonly rest: readonly string[];
}

function rootOf(scope: SlotScope, path: Path, first: string, rest: readonly string[]): Root | undefined {
  const { files, report } = scope;
  const { lets, blocks, tasks, features } = declared(files);
  const bare = rest.length === 0;
  const constant = lets.get(first);
  if (bare && constant) return { slot: letSlot(constant), rest };
  const block = blocks.get(first);
  if (bare && block) return { slot: blockSlot(block), rest };
  const [second, third, ...others] = rest;
  if (Object.hasOwn(train.entries, first)) return { slot: entrySlot(trainOf(files), train.entries, first), rest };
  if (first === 'train' && second !== undefined && Object.hasOwn(train.entries, second)) {
    return { slot: entrySlot(trainOf(files), train.entries, second), rest: rest.slice(1) };
  }
  if (bare && (first === 'objective' || first === 'retrieve')) return { slot: sumSlot(files, first, path.at), rest };
  if (first === 'task' && second !== undefined) {
    const node = tasks.get(second);
    if (!node) return unknown(report, path, second, 'task', tasks.keys());
    if (third === undefined || !Object.hasOwn(task.entries, third)) {
      return unknown(report, path, third ?? second, `entry of task \`${second}\``, Object.keys(task.entries));
    }
    return { slot: entrySlot({ node, at: path.at }, task.entries, third), rest: others };
  }
  if (first === 'features' && second !== undefined) {
    const found = features.get(second);
    if (!found) return unknown(report, path, second, 'feature', features.keys());
    return { slot: featureSlot(found, second, scope.library), rest: rest.slice(1) };
  }
  const known = slotNames(files);
  const what = 'constant, block or entry of `train`';
  return unknown(report, path, path.parts.join('.'), what, known);
}
