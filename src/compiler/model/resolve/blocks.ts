/**
 * Resolves the steps of flows: blocks of the library, and declared blocks, which are written out for the values
 * that a step gives.
 */
import { notes } from '../../../base/diagnostics/notes.ts';
import { type Span, textOf } from '../../../base/text/source.ts';
import type { BlockKind } from '../../library/contract.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments.ts';
import { describeExpression } from '../describe.ts';
import { asCall, placesOf, rowOf } from '../expressions.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import { type Report, removal } from '../report.ts';
import type { Workspace } from '../scope.ts';
import type { Binding } from '../values.ts';

/** Reads all blocks of the file. @returns reads the steps of its flows */
export function resolveBlocks(workspace: Workspace): ReadStep {
  const step: ReadStep = (expression) => readStep(reading, expression);
  const reading = makeReading(workspace, step);
  readDeclaredBlocks(reading);
  return step;
}

/** A name is a block of this file, else one of the library. Within its own declaration it is always the library's. */
function readStep(reading: Reading, expression: Ast.Expression): FlowStep | undefined {
  const { scope, library } = reading.workspace;
  const call = asCall(expression);
  if (!call) {
    const found = describeExpression(expression);
    reading.frame.report('not-a-flow', expression.span, { found, expected: 'a block' });
    return undefined;
  }
  const { name } = call.callee;
  const block = scope.blocks.get(name);
  if (block && reading.open.at(-1) !== name) return declaredStep(reading, call, block);
  if (Object.hasOwn(library.blocks, name)) return libraryStep(reading, call, library.blocks[name]!);
  reportUnknown(reading, call, block);
  return undefined;
}

function libraryStep(reading: Reading, call: Ast.Call, row: BlockKind): FlowStep | undefined {
  const { extent, frame } = reading;
  const { name, span } = call.callee;
  extent.blocks++;
  const before = extent.blocks;
  const bound = bindCall(call, row, frame.binding);
  if (!bound) return undefined;
  extent.blocks = before + (extent.blocks - before) * (row.times?.(bound.arguments) ?? 1);
  return fits(reading, name, span) ? { kind: 'block', span: call.span, call: bound } : undefined;
}

/** @param own the block that is being read, where the step has its name */
function reportUnknown({ workspace, frame, open }: Reading, call: Ast.Call, own: Ast.Block | undefined): void {
  const { scope, library, reads, uncertain } = workspace;
  const { name, span } = call.callee;
  const around = scope.blocks.get(open.at(-1) ?? '');
  if (around?.parameters.some((parameter) => parameter.name.name === name)) {
    const found = `the parameter \`${name}\`, which is a number`;
    frame.report('not-a-flow', call.span, { found, expected: 'a block' });
    return;
  }
  // With arguments it means the library's, which has none of this name.
  if (own && (call.arguments.length === 0 || own.parameters.length > 0)) {
    frame.report('block-cycle', span, { name });
    return;
  }
  const candidates = [...scope.blocks.keys(), ...Object.keys(library.blocks)].filter((word) => word !== name);
  const { extra, ...meant } = guess(name, span, candidates, 'block', { declared: scope.blocks.keys() });
  if (meant.nearest === undefined) uncertain.add('block');
  else if (scope.blocks.has(meant.nearest)) reads.block.add(meant.nearest);
  frame.report('unknown-kind', span, { what: 'block', name, known: candidates, ...meant }, extra);
}

/** Reads every block of the file: a block that nothing uses is checked too. */
function readDeclaredBlocks(reading: Reading): void {
  for (const [name, block] of reading.workspace.scope.blocks) {
    if (block.parameters.length === 0) writeOnce(reading, name, block, reading.outermost);
    else readWithoutValues(reading, block);
  }
  reading.extent = { blocks: 0, depth: 0 };
}

/** The step that a call of a declared block is. */
function declaredStep(reading: Reading, call: Ast.Call, block: Ast.Block): FlowStep | undefined {
  const { workspace, frame, open } = reading;
  const { name, span } = call.callee;
  workspace.reads.block.add(name);
  if (block.parameters.length === 0 && call.arguments.length > 0) {
    frame.report('block-arguments', call.span, { name }, { fixes: [[{ at: call.span, text: name }]] });
    return undefined;
  }
  if (open.includes(name)) {
    frame.report('block-cycle', span, { name });
    return undefined;
  }
  // Deeper than this the next one is not looked at: so a long chain does not exhaust the stack.
  const isDeep = open.length > most.depth;
  if (isDeep || block.parameters.length === 0) {
    return finished(reading, call, block, isDeep ? undefined : writeOnce(reading, name, block, reading.outermost));
  }
  readWithoutValues(reading, block);
  const use = useOf(reading, call, block);
  if (!use || (block.shared && !sharesValues(reading, call, block, use))) return undefined;
  const key = `${name} ${[...use.values.values()].join()}`;
  // Each value makes another block: of those there could be twice as many at every level.
  if (reading.isTooLarge && !reading.done.has(key)) return undefined;
  return finished(reading, call, block, writeOnce(reading, key, block, use.frame), use);
}

/** Counts a block that is written out, or that is too deep for that; its step where it is valid and small enough. */
function finished(
  reading: Reading,
  call: Ast.Call,
  block: Ast.Block,
  written: Written | undefined,
  use?: Use,
): FlowStep | undefined {
  const { extent } = reading;
  const { name, span } = call.callee;
  const inner = written?.extent ?? { blocks: 0, depth: most.depth };
  extent.blocks += inner.blocks;
  extent.depth = Math.max(extent.depth, inner.depth + 1);
  if (!fits(reading, name, span) || !written?.steps) return undefined;
  const values = use ? { values: Object.fromEntries(use.values) } : {};
  return { kind: 'declared', span: call.span, name, ...values, shared: block.shared, steps: written.steps };
}

function writeOnce(reading: Reading, key: string, block: Ast.Block, own: Frame): Written {
  const found = reading.done.get(key) ?? write(reading, block, own);
  reading.done.set(key, found);
  return found;
}

function write(reading: Reading, { name, flow }: Ast.Block, own: Frame): Written {
  const { extent, frame, open, step } = reading;
  reading.extent = { blocks: 0, depth: 0 };
  reading.frame = own;
  open.push(name.name);
  const steps = (flow.kind === 'Flow' ? flow.steps : [flow]).map(step);
  open.pop();
  const written = reading.extent;
  reading.extent = extent;
  reading.frame = frame;
  return steps.every((part) => part !== undefined) ? { steps, extent: written } : { extent: written };
}

/** What is wrong in a block whatever the values of its parameters: found once, and reported once. */
function readWithoutValues(reading: Reading, block: Ast.Block): void {
  const { workspace, outermost, known, broken } = reading;
  const { name, parameters } = block;
  if (known.has(name.name)) return;
  known.add(name.name);
  const report: Report = (...mistake) => {
    broken.add(name.name);
    outermost.report(...mistake);
  };
  const values = new Map<string, undefined>();
  for (const parameter of parameters) {
    checkName(parameter, parameters, report);
    const { name: word } = parameter.name;
    if (parameter.default) workspace.constants.within(values, report).number(parameter.default, word, 'a number');
    values.set(word, undefined);
  }
  write(reading, block, frameWithin(reading, values, report));
}

function checkName(parameter: Ast.BlockParameter, parameters: readonly Ast.BlockParameter[], report: Report): void {
  const { name: word, span } = parameter.name;
  const first = parameters.find((other) => other.name.name === word)!;
  if (first !== parameter) {
    const extra = {
      notes: [{ message: notes.first(word), at: first.name.span }],
      fixes: [[removal(parameter.span)]],
    };
    report('repeated-name', span, { what: 'parameter', name: word, other: 'parameter' }, extra);
  }
  if (word === '__proto__') report('reserved-name', span, { what: 'parameter', name: word });
}

/** Uses of blocks within one another that a mistake names. */
const mostNotes = 3;

/** The values that a use gives, and the frame in which the block is read for them. */
interface Use {
  readonly values: ReadonlyMap<string, number>;
  readonly frame: Frame;
}

/** What a use gives for each parameter; nothing where that is wrong, or follows from values that are not known. */
function useOf(reading: Reading, call: Ast.Call, block: Ast.Block): Use | undefined {
  const { workspace, frame, broken } = reading;
  const row = rowOf(block);
  const bound = bindCall(call, row, frame.binding);
  if (!bound || broken.has(block.name.name)) return undefined;
  const places = new Map(
    [...placesOf(call, row.parameters, frame.binding.constants)].map(([argument, name]) => [name, argument.value]),
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
  readonly call: Ast.Call;
  readonly block: Ast.Block;
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
function sharesValues({ shared, frame }: Reading, { span }: Ast.Call, block: Ast.Block, use: Use): boolean {
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

/** Blocks of the library that a declared one may become, written out, and declared blocks within one another. */
const most = { blocks: 10_000, depth: 64 };

/** How much a declared block is, written out. */
interface Extent {
  blocks: number;
  depth: number;
}

/** A declared block, written out for some values of its parameters; without steps where it is not valid. */
interface Written {
  readonly steps?: readonly FlowStep[];
  readonly extent: Extent;
}

/** What the values of parameters are where a block is read, and where its mistakes are reported. */
interface Frame {
  readonly report: Report;
  readonly binding: Binding;
}

export type ReadStep = (expression: Ast.Expression) => FlowStep | undefined;

interface Reading {
  readonly workspace: Workspace;
  readonly step: ReadStep;
  /** The frame outside of every declared block. */
  readonly outermost: Frame;
  /** The frame of the block that is being read. */
  frame: Frame;
  /** Names of the declared blocks that are being read, the innermost last. */
  readonly open: string[];
  /** Of the declared block that is being read; of all flows of towers, outside of one. */
  extent: Extent;
  /** One message is enough: what contains the block is too large as well. */
  isTooLarge: boolean;
  /** By name and values. */
  readonly done: Map<string, Written>;
  /** Blocks with parameters that are read without values already. */
  readonly known: Set<string>;
  /** Blocks with parameters that are wrong whatever their values. */
  readonly broken: Set<string>;
  /** Places within blocks of which a mistake is reported for some values. */
  readonly reported: Set<string>;
  /** The values that the first use of each shared block gives, and where that is. */
  readonly shared: Map<string, { readonly values: string; readonly at: Span }>;
}

/** @param step reads a step of a flow; it may be called once this returns */
function makeReading(workspace: Workspace, step: ReadStep): Reading {
  const outermost: Frame = { report: workspace.report, binding: { ...workspace.binding, steps: step } };
  return {
    workspace,
    step,
    outermost,
    frame: outermost,
    open: [],
    extent: { blocks: 0, depth: 0 },
    isTooLarge: false,
    done: new Map(),
    known: new Set(),
    broken: new Set(),
    reported: new Set(),
    shared: new Map(),
  };
}

/** The frame within a declared block, where its parameters have these values. */
function frameWithin(
  { workspace, outermost }: Reading,
  values: ReadonlyMap<string, number | undefined>,
  report: Report,
): Frame {
  const constants = workspace.constants.within(values, report);
  return { report, binding: { ...outermost.binding, report, constants } };
}

/** Whether what is read so far is small enough; reports once where it is not. */
function fits(reading: Reading, name: string, span: Span): boolean {
  const { extent, frame } = reading;
  if (extent.depth <= most.depth && extent.blocks <= most.blocks) return true;
  if (!reading.isTooLarge) frame.report('block-too-large', span, { name, ...most });
  reading.isTooLarge = true;
  return false;
}
