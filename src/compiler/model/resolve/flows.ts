/** `source -> block -> block`: where a flow begins, and the blocks it goes through. */
import type { BlockKind } from '../../library/contract.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments/call.ts';
import { asCall } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { fits, makeReading, type Reading, type ReadStep } from './block_reading.ts';
import { declaredStep, readDeclaredBlocks } from './declared_block.ts';

/** Reads all blocks of the file. @returns reads the steps of its flows */
export function resolveBlocks(workspace: Workspace): ReadStep {
  const step: ReadStep = (expression) => readStep(reading, expression);
  const reading = makeReading(workspace, step);
  readDeclaredBlocks(reading);
  return step;
}

/** A name is a block of this file, else one of the library. Within its own declaration it is always the library's. */
function readStep(reading: Reading, expression: Ast.ExpressionNode): FlowStep | undefined {
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

function libraryStep(reading: Reading, call: Ast.CallNode, row: BlockKind): FlowStep | undefined {
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
function reportUnknown({ workspace, frame, open }: Reading, call: Ast.CallNode, own: Ast.BlockNode | undefined): void {
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
