/**
 * Finds the slot that a setting, or an entry of `search`, may change: a constant, the steps of a declared block, an entry of `train` or of a task, the
 * objective, a feature, or any argument of these. A slot has the present value, its type, and functions that replace it.
 */
import { findNearest } from '../../../base/text/nearest.ts';
import type { Span } from '../../../base/text/source.ts';
import type { BoundKind, KindRow, Parameter, Parameters } from '../../library/contract.ts';
import type { DeclarationEntry, Entries, EntryType } from '../../library/declarations/entry.ts';
import { declarations, entryTables } from '../../library/declarations/table.ts';
import { task } from '../../library/declarations/task_declaration.ts';
import { train } from '../../library/declarations/train_declaration.ts';
import type * as Ast from '../../syntax/ast.ts';
import { asCall, isNumeric } from '../expressions.ts';
import { type Library, rowIn } from '../library.ts';
import { type LookupKind, type Meaning, reads, type SymbolNode, symbolOf, type TypedName } from '../occurrences.ts';
import { printCall, printDefault } from '../print_model.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import type { Files } from '../source_files.ts';
import { parametersOfArguments } from '../values.ts';
import { expressionAt } from './setting_text.ts';

/** The type of a slot: that of an entry, any number, or a flow of blocks. */
type SlotType = EntryType | { readonly is: 'constant' };

export interface Slot {
  readonly type: SlotType;
  /** Set if the slot is an argument: its kind, and the parameter in the table of that kind. */
  readonly argument?: { readonly kind: string; readonly parameter: Parameter };
  /** The present values. If there are none, the default applies. */
  readonly values: readonly Ast.ExpressionNode[];
  readonly default?: unknown;
  /** Returns the declaration with other values in the slot. */
  readonly put: (values: readonly Ast.ExpressionNode[]) => DeclarationChange;
  /** Returns the same change as an edit of the text; undefined if no file contains the declaration. */
  readonly write: (text: string) => TextChange | undefined;
}

/** Replaces a declaration, or adds one if `from` is absent. */
export interface DeclarationChange {
  readonly from?: Ast.DeclarationNode;
  readonly to: Ast.DeclarationNode;
}

interface TextChange {
  readonly at: Span;
  readonly text: string;
}

interface SlotScope {
  readonly scope: Scope;
  readonly files: Files;
  readonly library: Library;
  readonly report: Report;
  /** Called with the index and the meaning of each name of the path. */
  readonly note?: (index: number, meaning: Meaning) => void;
}

/** A path of names, and its span. */
interface SettingPath {
  readonly parts: readonly string[];
  readonly at: Span;
}

/** Reports an unknown name. */
function unknown(report: Report, { at }: SettingPath, name: string, what: string, all: Iterable<string>): undefined {
  const knownNames = [...all];
  report('unknown-setting', at, { name, what, nearest: findNearest(name, knownNames), known: knownNames });
}

/**
 * Finds the slot of a path. `width` is a constant, a declared block, an entry of `train`, or `objective` or `retrieve`: the first of these that exists.
 * `train.batch`, `task.watch.loss` and `features.user_id` name other slots; `dense.rate` and `task.watch.loss.temperature` are arguments.
 * @returns undefined if there is no such slot, which is then reported
 */
export function findSlot(scope: SlotScope, path: SettingPath): Slot | undefined {
  const [first, ...rest] = path.parts;
  const root = rootOf(scope, path, first!, rest);
  const argumentsFrom = path.parts.length - (root?.rest.length ?? 0);
  return root?.rest.reduce<Slot | undefined>((outer, name, index) => {
    const slot = outer && argumentOf(scope, outer, name, path);
    if (slot?.argument) scope.note?.(argumentsFrom + index, { is: 'parameter', name, ...slot.argument });
    return slot;
  }, root.slot);
}

/** Returns names that a path may consist of or start with. */
function slotNames({ lets, blocks, tasks, features }: Scope): readonly string[] {
  return [
    ...lets.map(({ name }) => name.name),
    ...blocks.keys(),
    ...Object.keys(train.entries),
    ...[...tasks.keys()].flatMap((name) => [`task.${name}.loss`, `task.${name}.score`]),
    ...[...features.keys()].map((name) => `features.${name}`),
    'objective',
    'retrieve',
  ];
}

interface SettingRoot {
  readonly slot: Slot;
  /** The remaining names, which are arguments. */
  readonly rest: readonly string[];
}

function rootOf(
  { scope, files, library, report, note }: SlotScope,
  path: SettingPath,
  first: string,
  rest: readonly string[],
): SettingRoot | undefined {
  const { lets, blocks, tasks, features } = scope;
  const noteSymbol = (index: number, kind: LookupKind, node: SymbolNode) => note?.(index, reads(symbolOf(kind, node)));
  const entryAt = (index: number, of: 'train' | 'task', name: string, holder: EntryHolder): Slot => {
    const rows: Entries = entryTables[of];
    note?.(index, { is: 'entry', of, name, row: rows[name]! });
    return entrySlot(holder, rows, name);
  };
  const bare = rest.length === 0;
  const constant = lets.find(({ name }) => name.name === first);
  if (bare && constant) {
    noteSymbol(0, 'constant', constant);
    return { slot: valueSlot(constant), rest };
  }
  const block = blocks.get(first);
  if (bare && block?.flow) {
    noteSymbol(0, 'block', block);
    return { slot: valueSlot(block as typeof block & { readonly flow: Ast.ExpressionNode }), rest };
  }
  const [second, third, ...others] = rest;
  if (Object.hasOwn(train.entries, first)) return { slot: entryAt(0, 'train', first, trainOf(files)), rest };
  if (first === 'train' && second !== undefined && Object.hasOwn(train.entries, second)) {
    return { slot: entryAt(1, 'train', second, trainOf(files)), rest: rest.slice(1) };
  }
  if (bare && (first === 'objective' || first === 'retrieve')) return { slot: sumSlot(files, first, path.at), rest };
  if (first === 'task' && second !== undefined) {
    const node = tasks.get(second);
    if (!node) return unknown(report, path, second, 'task', tasks.keys());
    noteSymbol(1, 'task', node);
    if (third === undefined || !Object.hasOwn(task.entries, third)) {
      return unknown(report, path, third ?? second, `entry of task \`${second}\``, Object.keys(task.entries));
    }
    return { slot: entryAt(2, 'task', third, { node, at: path.at }), rest: others };
  }
  if (first === 'features' && second !== undefined) {
    const foundFeature = features.get(second);
    if (!foundFeature) return unknown(report, path, second, 'feature', features.keys());
    noteSymbol(1, 'feature', foundFeature);
    return { slot: featureSlot(foundFeature, files, library), rest: rest.slice(1) };
  }
  const knownSlots = slotNames(scope);
  const expectedWords = 'constant, block or entry of `train`';
  return unknown(report, path, path.parts.join('.'), expectedWords, knownSlots);
}

/** The declaration that has an entry or would have it. */
interface EntryHolder {
  /** The declaration with the entries. */
  readonly node: Ast.TrainNode | Ast.TaskNode;
  /** True if no file contains the declaration. */
  readonly isNew?: true;
  readonly at: Span;
}

function trainOf({ main }: Files): EntryHolder {
  const node = main.declarations.find((one): one is Ast.TrainNode => one.kind === 'Train');
  const at = { ...main.span, start: main.span.end };
  return node ? { node, at: node.span } : { node: { kind: 'Train', span: at, entries: [] }, isNew: true, at };
}

/** Returns the slot of the value of a constant, or of the flow of a block. */
function valueSlot(node: Ast.LetNode | (Ast.BlockNode & { readonly flow: Ast.ExpressionNode })): Slot {
  const value = node.kind === 'Let' ? node.value : node.flow;
  return {
    type: { is: node.kind === 'Let' ? 'constant' : 'flow' },
    values: [value],
    put: ([other]) => ({
      from: node,
      to: node.kind === 'Let' ? { ...node, value: other! } : { ...node, flow: other! },
    }),
    write: (text) => ({ at: value.span, text }),
  };
}

function sumSlot({ main }: Files, word: 'objective' | 'retrieve', at: Span): Slot {
  const kind = word === 'objective' ? 'Objective' : 'Retrieve';
  const node = main.declarations.find((one): one is Ast.ObjectiveNode | Ast.RetrieveNode => one.kind === kind);
  const fileEnd = { ...main.span, start: main.span.end };
  return {
    type: declarations[word].value as EntryType,
    values: node ? [node.value] : [],
    put: ([value]) => {
      const newNode = { kind, span: node?.span ?? at, value: value! } as Ast.ObjectiveNode | Ast.RetrieveNode;
      return node ? { from: node, to: newNode } : { to: newNode };
    },
    write: (text) => (node ? { at: node.value.span, text } : { at: fileEnd, text: `\n${word} = ${text}\n` }),
  };
}

function entrySlot({ node, isNew, at }: EntryHolder, rows: Entries, name: string): Slot {
  const row: DeclarationEntry = rows[name]!;
  const writtenEntry = node.entries.find((entry) => entry.name.name === name);
  return {
    type: row.type,
    values: writtenEntry ? [writtenEntry.value, ...(writtenEntry.more ?? [])] : [],
    default: row.default,
    put: ([value, ...more]) => {
      const span = value!.span;
      const newEntry: Ast.EntryNode = {
        kind: 'Entry',
        span: writtenEntry?.span ?? span,
        name: writtenEntry?.name ?? { kind: 'Identifier', span, name },
        value: value!,
        ...(more.length > 0 ? { more } : {}),
      };
      // Removes the file's alternative to this entry. Two settings that exclude each other both remain and are reported.
      const isReplaced = ({ name: other, span: of }: Ast.EntryNode): boolean =>
        other.name === row.insteadOf && of.source === node.span.source;
      const entries = writtenEntry
        ? node.entries.map((entry) => (entry === writtenEntry ? newEntry : entry))
        : [...node.entries.filter((entry) => !isReplaced(entry)), newEntry];
      const newNode = { ...node, entries } as Ast.TrainNode | Ast.TaskNode;
      return isNew ? { to: newNode } : { from: node, to: newNode };
    },
    write(text) {
      if (writtenEntry) {
        const { start } = writtenEntry.value.span;
        return { at: { ...writtenEntry.span, start }, text };
      }
      if (isNew) return { at, text: `\ntrain {\n  ${name} = ${text}\n}\n` };
      // Inserts before the closing brace.
      const bodyEnd = node.span.end - 1;
      return { at: { ...node.span, start: bodyEnd, end: bodyEnd }, text: `  ${name} = ${text}\n` };
    },
  };
}

function featureSlot({ name: ownName, entry }: TypedName, { shared }: Files, library: Library): Slot {
  const declarations = shared.filter((node): node is Ast.FeaturesNode => node.kind === 'Features');
  const features = declarations.find(({ entries }) => entries.includes(entry))!;
  const others = entry.names.filter((one) => one !== ownName);
  return {
    type: { is: 'kind', what: 'kind of feature', of: library.features },
    values: [entry.value],
    put: ([value]) => {
      const newEntry = { ...entry, names: [ownName], value: value! };
      const otherEntries = others.length > 0 ? [{ ...entry, names: others }] : [];
      const entries = features.entries.flatMap((one) => (one === entry ? [newEntry, ...otherEntries] : [one]));
      return { from: features, to: { ...features, entries } };
    },
    write: (text) => (others.length === 0 ? { at: entry.value.span, text } : undefined),
  };
}

/** Returns the slot of an argument of the call in a slot. */
function argumentOf(
  { scope, library, report }: SlotScope,
  slot: Slot,
  name: string,
  path: SettingPath,
): Slot | undefined {
  const table = tableOf(slot.type, library);
  if (!table) {
    const call = path.parts.slice(0, path.parts.indexOf(name)).join('.');
    return unknown(report, path, name, `argument in \`${call}\``, []);
  }
  const writtenValue = slot.values[0];
  const usual = slot.default === undefined ? undefined : expressionAt(printDefault(slot.default), path.at);
  const expression = writtenValue ?? usual;
  const call = expression && asCall(expression);
  if (!call) {
    const place = `value whose argument could be set in \`${path.parts.join('.')}\``;
    return writtenValue ? undefined : unknown(report, path, name, place, []);
  }
  // An unknown kind is an error of the file with its own message.
  const row = rowIn(table.of, call.callee.name);
  if (!row) return undefined;
  const parameters: Parameters = { ...table.also, ...row.parameters };
  if (!Object.hasOwn(parameters, name)) {
    const takes = Object.keys(parameters);
    return report('unknown-argument', path.at, {
      kind: call.callee.name,
      name,
      takes,
      nearest: findNearest(name, takes),
    });
  }
  const { type, rest, default: otherwise } = parameters[name]!;
  const writtenArgument = argumentsFor(call, parameters, name, scope);
  const writtenValues = writtenArgument.map(({ value }) => value);
  return {
    type,
    argument: { kind: call.callee.name, parameter: parameters[name]! },
    values: writtenValues,
    ...(otherwise === undefined ? {} : { default: otherwise }),
    put: (made) => slot.put([withArgument(call, writtenArgument, name, made)]),
    write(text) {
      if (!writtenValue) {
        const { kind, arguments: given } = slot.default as BoundKind;
        return slot.write(printCall({ kind, arguments: { ...given, [name]: text } }));
      }
      const [only] = writtenArgument;
      if (writtenArgument.length === 1 && !rest)
        return { at: only!.value.span, text: withName(only!, name, type.is, text) };
      if (writtenArgument.length > 0) return undefined;
      if (writtenValue.kind !== 'Call') return { at: writtenValue.span, text: `${call.callee.name}(${name}: ${text})` };
      const lastArgument = call.arguments.at(-1);
      const insertionSpan = lastArgument
        ? { ...lastArgument.span, start: lastArgument.span.end }
        : { ...call.span, start: call.span.end - 1, end: call.span.end - 1 };
      return { at: insertionSpan, text: `${lastArgument ? ', ' : ''}${name}: ${text}` };
    },
  };
}

/** Returns the parameters of the call in a slot, or of its default. */
export function parametersOf(slot: Slot, library: Library): Parameters | undefined {
  const table = tableOf(slot.type, library);
  const [written] = slot.values;
  const usual = slot.default as Partial<BoundKind> | undefined;
  const kind = written ? asCall(written)?.callee.name : usual?.kind;
  const row = table && kind !== undefined ? rowIn(table.of, kind) : undefined;
  return row && { ...row.parameters, ...table?.also };
}

/** Returns the kinds whose calls a type allows, and the parameters that it adds to them. */
function tableOf(
  type: SlotType,
  library: Library,
): { readonly of: Readonly<Record<string, KindRow>>; readonly also: Parameters } | undefined {
  if (type.is === 'kind') return { of: type.what === 'loss' ? library.losses : type.of, also: type.also ?? {} };
  return type.is === 'feature' ? { of: library.features, also: {} } : undefined;
}

/** Returns the arguments of a parameter: one, or several for a parameter that takes the rest. */
function argumentsFor(
  call: Ast.CallNode,
  parameters: Parameters,
  name: string,
  { lets }: Scope,
): readonly Ast.ArgumentNode[] {
  const parametersByArgument = parametersOfArguments(call, parameters, {
    isNumeric: (value) => isNumeric(value, (word) => lets.some(({ name }) => name.name === word)),
  });
  return call.arguments.filter((argument) => parametersByArgument.get(argument) === name);
}

function withArgument(
  call: Ast.CallNode,
  given: readonly Ast.ArgumentNode[],
  name: string,
  values: readonly Ast.ExpressionNode[],
): Ast.CallNode {
  const [value] = values;
  const { span } = value!;
  const newArgument: Ast.ArgumentNode = {
    kind: 'Argument',
    span: given[0]?.span ?? span,
    name: given[0]?.name ?? { kind: 'Identifier', span, name },
    value: value!,
  };
  const keptArguments = call.arguments.flatMap((argument) =>
    given.includes(argument) ? (argument === given[0] ? [newArgument] : []) : [argument],
  );
  return { ...call, arguments: given.length > 0 ? keptArguments : [...keptArguments, newArgument] };
}

/** A flag is given by its bare name, so another value needs the name in front. */
const withName = (argument: Ast.ArgumentNode, name: string, is: SlotType['is'], text: string): string =>
  argument.name === undefined && is === 'flag' ? `${name}: ${text}` : text;
