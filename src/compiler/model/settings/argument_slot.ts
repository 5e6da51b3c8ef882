/** The slot of an argument of a call that is in a slot. */
import { nearest } from '../../../base/text/nearest.ts';
import type { BoundKind, KindRow, Parameters } from '../../library/contract.ts';
import type * as Ast from '../../syntax/ast.ts';
import { placesOf } from '../arguments/places.ts';
import { asCall } from '../calls.ts';
import type { Library } from '../library.ts';
import { printCall } from '../print.ts';
import type { Files } from '../use.ts';
import { declared } from './declared.ts';
import { type Path, type Slot, type SlotScope, type SlotType, unknown } from './slot.ts';
import { expressionAt } from './text.ts';

/** The slot of an argument of the call in a slot. */
export function argumentOf(
  { files, library, report }: SlotScope,
  slot: Slot,
  name: string,
  path: Path,
): Slot | undefined {
  const table = tableOf(slot.type, library);
  if (!table) {
    return unknown(
      report,
      path,
      name,
      `argument in \`${path.parts.slice(0, path.parts.indexOf(name)).join('.')}\``,
      [],
    );
  }
  const written = slot.values[0];
  const usual = slot.default === undefined ? undefined : expressionAt(printDefault(slot.default), path.at);
  const expression = written ?? usual;
  const call = expression && asCall(expression);
  if (!call) {
    if (!written) unknown(report, path, name, `value whose argument could be set in \`${path.parts.join('.')}\``, []);
    return undefined;
  }
  // A kind that is not in the table is a mistake of the file, which has a message of its own.
  const row = Object.hasOwn(table.of, call.callee.name) ? table.of[call.callee.name] : undefined;
  if (!row) return undefined;
  const parameters: Parameters = { ...table.also, ...row.parameters };
  if (!Object.hasOwn(parameters, name)) {
    const takes = Object.keys(parameters);
    report('unknown-argument', path.at, { kind: call.callee.name, name, takes, nearest: nearest(name, takes) });
    return undefined;
  }
  const { type, rest, default: otherwise } = parameters[name]!;
  const given = argumentsFor(call, parameters, name, files);
  const values = given.map(({ value }) => value);
  return {
    type,
    argument: { kind: call.callee.name, parameter: parameters[name]! },
    values,
    ...(otherwise === undefined ? {} : { default: otherwise }),
    put: (made) => slot.put([withArgument(call, given, name, made)]),
    write(text) {
      if (!written) return slot.write(printCall(withText(slot.default as BoundKind, name, text)));
      const [only] = given;
      if (given.length === 1 && !rest) return { at: only!.value.span, text: withName(only!, name, type.is, text) };
      if (given.length > 0) return undefined;
      if (written.kind !== 'Call') return { at: written.span, text: `${call.callee.name}(${name}: ${text})` };
      const last = call.arguments.at(-1);
      const at = last
        ? { ...last.span, start: last.span.end }
        : { ...call.span, start: call.span.end - 1, end: call.span.end - 1 };
      return { at, text: `${last ? ', ' : ''}${name}: ${text}` };
    },
  };
}

/** The parameters of the call that is in a slot, or would be there by default. */
export function parametersOf(slot: Slot, library: Library): Parameters | undefined {
  const table = tableOf(slot.type, library);
  const [written] = slot.values;
  const usual = slot.default as Partial<BoundKind> | undefined;
  const kind = written ? asCall(written)?.callee.name : usual?.kind;
  const row = table && kind !== undefined && Object.hasOwn(table.of, kind) ? table.of[kind] : undefined;
  return row && { ...row.parameters, ...table?.also };
}

/** The kinds whose calls a type takes, and the arguments that it adds. */
function tableOf(
  type: SlotType,
  library: Library,
): { readonly of: Readonly<Record<string, KindRow>>; readonly also: Parameters } | undefined {
  if (type.is === 'kind') return { of: type.of, also: type.also ?? {} };
  return type.is === 'feature' ? { of: library.features, also: {} } : undefined;
}

/** What is written for a parameter: one argument, or several where it takes the rest. */
function argumentsFor(
  call: Ast.CallNode,
  parameters: Parameters,
  name: string,
  files: Files,
): readonly Ast.ArgumentNode[] {
  const constants = { isNumeric: (expression: Ast.ExpressionNode) => isNumeric(expression, declared(files).lets) };
  const places = placesOf(call, parameters, { constants });
  return call.arguments.filter((argument) => places.get(argument) === name);
}

function isNumeric(expression: Ast.ExpressionNode, lets: ReadonlyMap<string, unknown>): boolean {
  switch (expression.kind) {
    case 'Number':
      return true;
    case 'Name':
      return expression.parts.length === 1 && lets.has(expression.parts[0]!.name);
    case 'Unary':
      return isNumeric(expression.operand, lets);
    case 'Binary':
      return isNumeric(expression.left, lets) && isNumeric(expression.right, lets);
    default:
      return false;
  }
}

function withArgument(
  call: Ast.CallNode,
  given: readonly Ast.ArgumentNode[],
  name: string,
  values: readonly Ast.ExpressionNode[],
): Ast.CallNode {
  const [value] = values;
  const { span } = value!;
  const made: Ast.ArgumentNode = {
    kind: 'Argument',
    span: given[0]?.span ?? span,
    name: given[0]?.name ?? { kind: 'Identifier', span, name },
    value: value!,
  };
  const kept = call.arguments.flatMap((argument) =>
    given.includes(argument) ? (argument === given[0] ? [made] : []) : [argument],
  );
  return { ...call, arguments: given.length > 0 ? kept : [...kept, made] };
}

/** A flag is written by its own name, so another value needs that name too. */
const withName = (argument: Ast.ArgumentNode, name: string, is: SlotType['is'], text: string): string =>
  argument.name === undefined && is === 'flag' ? `${name}: ${text}` : text;

const printDefault = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'kind' in value ? printCall(value as BoundKind) : String(value);

/** A call with one argument as it is written. */
const withText = ({ kind, arguments: given }: BoundKind, name: string, text: string): BoundKind => ({
  kind,
  arguments: { ...given, [name]: text },
});
