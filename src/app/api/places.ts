/** Where the blocks of a model are written, by the label of their nodes in the training step. */
import { positionAt, type Span } from '../../base/text/source.ts';
import type { Lowered } from '../../compiler/lower/lower.ts';
import type { Model } from '../../compiler/model/model.ts';
import type { BlockPosition } from '../../training/profile/block_of.ts';

export function placesOf({ model, lowered }: { model: Model; lowered: Lowered }): ReadonlyMap<string, BlockPosition> {
  const steps = [...lowered.written].map(([label, { span }]) => [label, span] as const);
  const tasks = model.tasks.flatMap(({ name, score, loss }) => [
    [`score/${name}`, score.span] as const,
    ...(loss ? [[`loss/${name}`, loss.span] as const] : []),
  ]);
  return new Map([...steps, ...tasks].map(([label, span]) => [label, placeOf(span)]));
}

const placeOf = ({ source, start }: Span): BlockPosition => ({ file: source.name, ...positionAt(source, start) });
