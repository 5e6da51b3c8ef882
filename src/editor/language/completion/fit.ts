/** Whether a block takes what an arrow carries. */
import type { Span } from '../../../base/text/source.ts';
import type { BlockKind, ValueType } from '../../../compiler/library/contract.ts';
import { bindDefaults } from '../../../compiler/model/arguments.ts';
import { tryStep } from '../trial.ts';
import { argumentsToTry } from './trial_arguments.ts';

/** `idle`: it is taken, and comes out as it went in, such as a vector that is flattened. */
export type Fit = 'fits' | 'idle' | 'refused';

/** @param at where mistakes of the trial would be; nobody sees them */
export function fitOf(kind: string, row: BlockKind, type: ValueType, at: Span): Fit {
  const tries = argumentsToTry(row);
  const few = type.kind === 'fields' ? { ...type, fields: fewOf(type.fields) } : type;
  for (const given of tries) {
    const trial = tryStep({ kind: 'block', call: bindDefaults(kind, row, given, at), span: at }, few);
    // Steps that are not written yet will do something.
    const isOpen = Object.values(row.parameters).some(({ type: { is } }) => is === 'flow');
    if (trial) return trial.idle && !isOpen ? 'idle' : 'fits';
  }
  return tries.length === 0 ? 'fits' : 'refused';
}

/** Two of a width are refused where all are, and blocks of pairs soon make very many of them. */
function fewOf<F extends { readonly width: number }>(fields: readonly F[]): readonly F[] {
  const seen = new Map<number, number>();
  const few = fields.filter(({ width }) => {
    const count = (seen.get(width) ?? 0) + 1;
    seen.set(width, count);
    return count <= 2;
  });
  return few.slice(0, 8);
}
