/** A list without its brackets, as the value of an argument. */
import type { Argument, Call as CallNode } from '../../syntax/ast.ts';
import { textOf } from '../../text/source.ts';
import type { Binding } from '../values.ts';

/** `boundaries: 18, 25, 35`: a list without its brackets. Reported, and all of it taken. */
export function looseList(
  call: CallNode,
  argument: Argument,
  name: string,
  binding: Binding,
  places: Map<string, Argument>,
): boolean {
  if (!binding.constants.isNumeric(argument.value)) return false;
  const after = call.arguments.slice(call.arguments.indexOf(argument) + 1);
  const end = after.findIndex((other) => other.name !== undefined || !binding.constants.isNumeric(other.value));
  const rest = end === -1 ? after : after.slice(0, end);
  const last = rest.at(-1);
  if (!last) return false;
  for (const [index, one] of [argument, ...rest].entries()) places.set(index === 0 ? name : `${name} ${index}`, one);
  const at = { ...argument.value.span, end: last.span.end };
  const expected = 'a list of numbers, such as `[18, 25, 35]`';
  const extra = { fixes: [[{ at, text: `[${textOf(at)}]` }]] };
  binding.report('wrong-type', at, { of: name, expected, found: 'several without brackets' }, extra);
  return true;
}
