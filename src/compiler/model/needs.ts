/** What a loss needs around it, by its arguments: `bce` has a label, or negatives. */
import type { BoundKind, LossKind } from '../library/contract.ts';
import type { Library } from './library.ts';

export function needsOf(
  { losses }: Pick<Library, 'losses'>,
  loss: BoundKind,
): Required<Pick<LossKind, 'label' | 'needsItemKey'>> {
  const row = losses[loss.kind]!;
  return { label: row.label, needsItemKey: row.needsItemKey, ...row.needs?.(loss.arguments) };
}
