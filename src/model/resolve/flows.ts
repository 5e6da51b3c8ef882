/** `source -> block -> block`: where a flow begins, and the blocks it goes through. */

import { notes } from '../../diagnostics/notes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { type Span, textOf } from '../../text/source.ts';
import { bindCall } from '../arguments/call.ts';
import { placesOf } from '../arguments/places.ts';
import { rowOf } from '../block_parameters.ts';
import { asCall } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { removal } from '../edits.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import type { Report } from '../report.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** Reads the steps of flows. */
export interface Blocks {
  readonly step: (expression: Ast.Expression) => FlowStep | undefined;
}

/** Blocks of the library that a declared one may become, written out, and declared blocks within one another. */
const most = { blocks: 10_000, depth: 64 };

/** Uses of blocks within one another that a mistake names. */
const mostNotes = 3;

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

/** The values that a use gives, and where each is written: at the use, or as a default. */
interface Given {
  readonly values: ReadonlyMap<string, number>;
  readonly frame: Frame;
}

export function resolveBlocks(workspace: Workspace): Blocks {
  const { scope, library, reads } = workspace;
  const outermost: Frame = { report: workspace.report, binding: { ...workspace.binding, steps: step } };
  let frame = outermost;
  /** By name and values. */
  const done = new Map<string, Written>();
  const open: string[] = [];
  /** Blocks with parameters that are wrong whatever their values. */
  const broken = new Set<string>();
  const known = new Set<string>();
  /** Places within blocks of which a mistake is reported for some values. */
  const reported = new Set<string>();
  /** The values that the first use of each shared block gives, and where that is. */
  const shared = new Map<string, { readonly values: string; readonly at: Span }>();
  /** Of the declared block that is being read; of all flows of towers, outside of one. */
  let extent: Extent = { blocks: 0, depth: 0 };
  /** One message is enough: what contains the block is too large as well. */
  let isTooLarge = false;

  function fits(name: string, span: Span): boolean {
    if (extent.depth <= most.depth && extent.blocks <= most.blocks) return true;
    if (!isTooLarge) frame.report('block-too-large', span, { name, ...most });
    isTooLarge = true;
    return false;
  }

  function write({ name, flow }: Ast.Block, own: Frame): Written {
    const around = { extent, frame };
    extent = { blocks: 0, depth: 0 };
    frame = own;
    open.push(name.name);
    const steps = (flow.kind === 'Flow' ? flow.steps : [flow]).map(step);
    open.pop();
    const written = extent;
    ({ extent, frame } = around);
    return steps.some((part) => part === undefined)
      ? { extent: written }
      : { steps: steps as FlowStep[], extent: written };
  }

  function writeOnce(key: string, block: Ast.Block, own: Frame): Written {
    const found = done.get(key) ?? write(block, own);
    done.set(key, found);
    return found;
  }

  /** What is wrong in a block whatever the values of its parameters: found once, and reported once. */
  function readWithoutValues(block: Ast.Block): void {
    const { name, parameters } = block;
    if (known.has(name.name)) return;
    known.add(name.name);
    const report: Report = (...mistake) => {
      broken.add(name.name);
      outermost.report(...mistake);
    };
    const values = new Map<string, undefined>();
    for (const parameter of parameters) {
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
      if (parameter.default) workspace.constants.within(values, report).number(parameter.default, word, 'a number');
      values.set(word, undefined);
    }
    const constants = workspace.constants.within(values, report);
    write(block, { report, binding: { ...outermost.binding, report, constants } });
  }

  /** What a use gives for each parameter; nothing where that is wrong, or follows from values that are not known. */
  function given(call: Ast.Call, block: Ast.Block): Given | undefined {
    const row = rowOf(block);
    const bound = bindCall(call, row, frame.binding);
    if (!bound || broken.has(block.name.name)) return undefined;
    const places = new Map(
      [...placesOf(call, row.parameters, frame.binding)].map(([argument, name]) => [name, argument.value]),
    );
    const values = new Map<string, number>();
    const origins = new Map<string, Span>();
    const report = reportOf(call, block, values, origins, frame.report);
    for (const { name, default: usual } of block.parameters) {
      const written = places.get(name.name);
      const value = written
        ? (bound.arguments[name.name] as number)
        : usual && workspace.constants.within(new Map(values), report).number(usual, name.name, 'a number');
      if (value === undefined) return undefined;
      values.set(name.name, value);
      origins.set(name.name, (written ?? usual!).span);
    }
    const constants = workspace.constants.within(values, report);
    return { values, frame: { report, binding: { ...outermost.binding, report, constants } } };
  }

  /** A value that does not fit is a mistake where it is written; other mistakes of these values are in the block. */
  function reportOf(
    call: Ast.Call,
    block: Ast.Block,
    values: ReadonlyMap<string, number>,
    origins: ReadonlyMap<string, Span>,
    around: Report,
  ): Report {
    return (code, at, facts, extra = {}) => {
      const isValue = code === 'wrong-type' || code === 'out-of-range';
      const origin = at && isValue ? origins.get(textOf(at)) : undefined;
      if (at && origin) {
        const note = { message: notes.parameter(block.name.name, textOf(at)), at };
        around(code, origin, facts, { notes: [...(extra.notes ?? []), note] });
        return;
      }
      const place = `${block.name.name} ${code} ${at?.source.name} ${at?.start}`;
      if (reported.has(place)) return;
      reported.add(place);
      // Of many blocks within one another the innermost say enough.
      if (code === 'block-too-large' || (extra.notes ?? []).length >= mostNotes) {
        around(code, at, facts, extra);
        return;
      }
      const note = { message: notes.values(block.name.name, valuesText(values)), at: call.span };
      around(code, at, facts, { ...extra, notes: [...(extra.notes ?? []), note] });
    };
  }

  /** A block of this file, written out. */
  function declared(call: Ast.Call, block: Ast.Block): FlowStep | undefined {
    const { name, span } = call.callee;
    const { report } = frame;
    reads.block.add(name);
    const isPlain = block.parameters.length === 0;
    if (isPlain && call.arguments.length > 0) {
      report('block-arguments', call.span, { name }, { fixes: [[{ at: call.span, text: name }]] });
      return undefined;
    }
    if (open.includes(name)) {
      report('block-cycle', span, { name });
      return undefined;
    }
    // Deeper than this the next one is not looked at: so a long chain does not exhaust the stack.
    const isDeep = open.length > most.depth;
    if (!isPlain && !isDeep) readWithoutValues(block);
    const use = isPlain || isDeep ? undefined : given(call, block);
    if (!isPlain && !isDeep && !use) return undefined;
    if (use && block.shared && !sharesValues(call, block, use)) return undefined;
    const key = use ? `${name} ${[...use.values.values()].join()}` : name;
    // Each value makes another block: of those there could be twice as many at every level.
    if (use && isTooLarge && !done.has(key)) return undefined;
    const written = isDeep ? undefined : writeOnce(key, block, use?.frame ?? outermost);
    const inner = written?.extent ?? { blocks: 0, depth: most.depth };
    extent.blocks += inner.blocks;
    extent.depth = Math.max(extent.depth, inner.depth + 1);
    if (!fits(name, span) || !written?.steps) return undefined;
    const { steps } = written;
    const values = use ? { values: Object.fromEntries(use.values) } : {};
    return { kind: 'declared', span: call.span, name, ...values, shared: block.shared, steps };
  }

  /** One set of weights is of one width: every use of a shared block gives the same values. */
  function sharesValues({ span }: Ast.Call, { name }: Ast.Block, use: Given): boolean {
    const values = valuesText(use.values);
    const first = shared.get(name.name) ?? { values, at: span };
    shared.set(name.name, first);
    if (first.values === values) return true;
    const note = { message: notes.values(name.name, first.values), at: first.at };
    frame.report('shared-arguments', span, { name: name.name, values, others: first.values }, { notes: [note] });
    return false;
  }

  /** A name is a block of this file, else one of the library. Within its own declaration it is always the library's. */
  function step(expression: Ast.Expression): FlowStep | undefined {
    const { report, binding } = frame;
    const call = asCall(expression);
    if (!call) {
      report('not-a-flow', expression.span, { found: describeExpression(expression), expected: 'a block' });
      return undefined;
    }
    const { name, span } = call.callee;
    const block = scope.blocks.get(name);
    if (block && open.at(-1) !== name) return declared(call, block);
    const row = Object.hasOwn(library.blocks, name) ? library.blocks[name] : undefined;
    if (!row) {
      const own = scope.blocks.get(open.at(-1) ?? '');
      if (own?.parameters.some((parameter) => parameter.name.name === name)) {
        const found = `the parameter \`${name}\`, which is a number`;
        report('not-a-flow', call.span, { found, expected: 'a block' });
        return undefined;
      }
      // With arguments it means the library's, which has none of this name.
      if (block && (call.arguments.length === 0 || block.parameters.length > 0)) {
        report('block-cycle', span, { name });
        return undefined;
      }
      const candidates = [...scope.blocks.keys(), ...Object.keys(library.blocks)].filter((word) => word !== name);
      const { extra, ...meant } = guess(name, span, candidates, 'block', { declared: scope.blocks.keys() });
      if (meant.nearest !== undefined && scope.blocks.has(meant.nearest)) reads.block.add(meant.nearest);
      if (meant.nearest === undefined) workspace.uncertain.add('block');
      report('unknown-kind', span, { what: 'block', name, known: candidates, ...meant }, extra);
      return undefined;
    }
    extent.blocks++;
    const before = extent.blocks;
    const bound = bindCall(call, row, binding);
    if (!bound) return undefined;
    extent.blocks = before + (extent.blocks - before) * (row.times?.(bound.arguments) ?? 1);
    return fits(name, span) ? { kind: 'block', span: call.span, call: bound } : undefined;
  }

  // A block that nothing uses is checked too.
  for (const [name, block] of scope.blocks) {
    if (block.parameters.length === 0) writeOnce(name, block, outermost);
    else readWithoutValues(block);
  }
  extent = { blocks: 0, depth: 0 };
  return { step };
}

/** `w = 64, depth = 2` */
const valuesText = (values: ReadonlyMap<string, number>): string =>
  [...values].map(([name, value]) => `${name} = ${value}`).join(', ');
