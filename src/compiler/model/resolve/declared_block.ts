/** A step that names a block of the file: the block written out, for the values that the step gives. */
import { notes } from '../../../base/diagnostics/notes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { removal } from '../edits.ts';
import type { FlowStep } from '../model.ts';
import type { Report } from '../report.ts';
import { type Frame, fits, frameWithin, most, type Reading, type Written } from './block_reading.ts';
import { sharesValues, type Use, useOf } from './block_use.ts';

/** Reads every block of the file: a block that nothing uses is checked too. */
export function readDeclaredBlocks(reading: Reading): void {
  for (const [name, block] of reading.workspace.scope.blocks) {
    if (block.parameters.length === 0) writeOnce(reading, name, block, reading.outermost);
    else readWithoutValues(reading, block);
  }
  reading.extent = { blocks: 0, depth: 0 };
}

/** The step that a call of a declared block is. */
export function declaredStep(reading: Reading, call: Ast.CallNode, block: Ast.BlockNode): FlowStep | undefined {
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
  call: Ast.CallNode,
  block: Ast.BlockNode,
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

function writeOnce(reading: Reading, key: string, block: Ast.BlockNode, own: Frame): Written {
  const found = reading.done.get(key) ?? write(reading, block, own);
  reading.done.set(key, found);
  return found;
}

function write(reading: Reading, { name, flow }: Ast.BlockNode, own: Frame): Written {
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
function readWithoutValues(reading: Reading, block: Ast.BlockNode): void {
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

function checkName(
  parameter: Ast.BlockParameterNode,
  parameters: readonly Ast.BlockParameterNode[],
  report: Report,
): void {
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
