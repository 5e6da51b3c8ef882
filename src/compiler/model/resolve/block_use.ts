/** The values that a use of a declared block gives for its parameters, and where the mistakes of these values are reported. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { type Span, textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments/call.ts';
import { placesOf } from '../arguments/places.ts';
import { rowOf } from '../block_parameters.ts';
import type { Report } from '../report.ts';
import { type Frame, frameWithin, type Reading } from './block_reading.ts';

/** Uses of blocks within one another that a mistake names. */
const mostNotes = 3;

/** The values that a use gives, and the frame in which the block is read for them. */
export interface Use {
  readonly values: ReadonlyMap<string, number>;
  readonly frame: Frame;
}

/** What a use gives for each parameter; nothing where that is wrong, or follows from values that are not known. */
export function useOf(reading: Reading, call: Ast.CallNode, block: Ast.BlockNode): Use | undefined {
  const { workspace, frame, broken } = reading;
  const row = rowOf(block);
  const bound = bindCall(call, row, frame.binding);
  if (!bound || broken.has(block.name.name)) return undefined;
  const places = new Map(
    [...placesOf(call, row.parameters, frame.binding)].map(([argument, name]) => [name, argument.value]),
  );
  const values = new Map<string, number>();
  const origins = new Map<string, Span>();
  const report = reportOfUse({ call, block, values, origins, around: frame.report, reported: reading.reported });
  for (const { name, default: usual } of block.parameters) {
    const written = places.get(name.name);
    const value = written
      ? (bound.arguments[name.name] as number)
      : usual && workspace.constants.within(new Map(values), report).number(usual, name.name, 'a number');
    if (value === undefined) return undefined;
    values.set(name.name, value);
    origins.set(name.name, (written ?? usual!).span);
  }
  return { values, frame: frameWithin(reading, values, report) };
}

interface UseContext {
  readonly call: Ast.CallNode;
  readonly block: Ast.BlockNode;
  readonly values: ReadonlyMap<string, number>;
  /** Where each value is written: at the use, or as a default. */
  readonly origins: ReadonlyMap<string, Span>;
  /** Reports where the use is. */
  readonly around: Report;
  readonly reported: Set<string>;
}

/** A value that does not fit is a mistake where it is written; other mistakes of these values are in the block. */
function reportOfUse({ call, block, values, origins, around, reported }: UseContext): Report {
  const { name } = block.name;
  return (code, at, facts, extra = {}) => {
    const isValue = code === 'wrong-type' || code === 'out-of-range';
    const origin = at && isValue ? origins.get(textOf(at)) : undefined;
    if (at && origin) {
      const note = { message: notes.parameter(name, textOf(at)), at };
      around(code, origin, facts, { notes: [...(extra.notes ?? []), note] });
      return;
    }
    const place = `${name} ${code} ${at?.source.name} ${at?.start}`;
    if (reported.has(place)) return;
    reported.add(place);
    // Of many blocks within one another the innermost say enough.
    if (code === 'block-too-large' || (extra.notes ?? []).length >= mostNotes) {
      around(code, at, facts, extra);
      return;
    }
    const note = { message: notes.values(name, valuesText(values)), at: call.span };
    around(code, at, facts, { ...extra, notes: [...(extra.notes ?? []), note] });
  };
}

/** One set of weights is of one width: every use of a shared block gives the same values. */
export function sharesValues(
  { shared, frame }: Reading,
  { span }: Ast.CallNode,
  block: Ast.BlockNode,
  use: Use,
): boolean {
  const { name } = block.name;
  const values = valuesText(use.values);
  const first = shared.get(name) ?? { values, at: span };
  shared.set(name, first);
  if (first.values === values) return true;
  const note = { message: notes.values(name, first.values), at: first.at };
  frame.report('shared-arguments', span, { name, values, others: first.values }, { notes: [note] });
  return false;
}

/** `w = 64, depth = 2` */
const valuesText = (values: ReadonlyMap<string, number>): string =>
  [...values].map(([name, value]) => `${name} = ${value}`).join(', ');
