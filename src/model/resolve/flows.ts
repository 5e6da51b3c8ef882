/** `source -> block -> block`: where a flow begins, and the blocks it goes through. */

import type * as Ast from '../../syntax/ast.ts';
import type { Span } from '../../text/source.ts';
import { bindCall } from '../arguments/call.ts';
import { asCall } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import type { Workspace } from '../workspace.ts';

/** The steps of each declared block, written out once; nothing for one that is not sound. */
export interface Blocks {
  readonly step: (expression: Ast.Expression) => FlowStep | undefined;
}

/** Blocks of the library that a declared one may become, written out, and declared blocks within one another. */
const most = { blocks: 10_000, depth: 64 };

/** What a declared block is, written out. */
interface Extent {
  blocks: number;
  depth: number;
}

export function resolveBlocks(workspace: Workspace): Blocks {
  const { scope, library, report, reads } = workspace;
  const binding = { ...workspace.binding, steps: step };
  const done = new Map<string, readonly FlowStep[] | undefined>();
  const open: string[] = [];
  const extents = new Map<string, Extent>();
  /** Of the declared block that is being read; of all flows of towers, outside of one. */
  let extent: Extent = { blocks: 0, depth: 0 };
  /** One message is enough: what contains the block is too large as well. */
  let told = false;

  function fits(name: string, span: Span): boolean {
    if (extent.depth <= most.depth && extent.blocks <= most.blocks) return true;
    if (!told) report('block-too-large', span, { name, ...most });
    told = true;
    return false;
  }

  function stepsOf(name: string): readonly FlowStep[] | undefined {
    if (done.has(name)) return done.get(name);
    const block = scope.blocks.get(name)!;
    const around = extent;
    extent = { blocks: 0, depth: 0 };
    extents.set(name, extent);
    open.push(name);
    const parts = block.flow.kind === 'Flow' ? block.flow.steps : [block.flow];
    const steps = parts.map(step);
    open.pop();
    extent = around;
    const sound = steps.some((part) => part === undefined) ? undefined : (steps as FlowStep[]);
    done.set(name, sound);
    return sound;
  }

  /** A name is a block of this file, else one of the library. Within its own declaration it is always the library's. */
  function step(expression: Ast.Expression): FlowStep | undefined {
    const call = asCall(expression);
    if (!call) {
      report('not-a-flow', expression.span, { found: describeExpression(expression), expected: 'a block' });
      return undefined;
    }
    const { name, span } = call.callee;
    const declared = scope.blocks.get(name);
    if (declared && open.at(-1) !== name) {
      reads.block.add(name);
      if (call.arguments.length > 0) {
        report('block-arguments', call.span, { name }, { fixes: [[{ at: call.span, text: name }]] });
        return undefined;
      }
      if (open.includes(name)) {
        report('block-circle', span, { name });
        return undefined;
      }
      // Deeper than this the next one is not looked at: so a long chain does not exhaust the stack.
      const steps = open.length > most.depth ? undefined : stepsOf(name);
      const inner = extents.get(name) ?? { blocks: 0, depth: most.depth };
      extent.blocks += inner.blocks;
      extent.depth = Math.max(extent.depth, inner.depth + 1);
      if (!fits(name, span)) return undefined;
      return steps && { kind: 'declared', span: call.span, name, shared: declared.shared, steps };
    }
    const row = Object.hasOwn(library.blocks, name) ? library.blocks[name] : undefined;
    if (!row) {
      // With arguments it means the library's, which has none of this name.
      if (declared && call.arguments.length === 0) {
        report('block-circle', span, { name });
        return undefined;
      }
      const known = [...scope.blocks.keys(), ...Object.keys(library.blocks)].filter((word) => word !== name);
      const { extra, ...meant } = guess(name, span, known, 'block', { declared: scope.blocks.keys() });
      if (meant.nearest !== undefined && scope.blocks.has(meant.nearest)) reads.block.add(meant.nearest);
      if (meant.nearest === undefined) workspace.uncertain.add('block');
      report('unknown-kind', span, { what: 'block', name, known, ...meant }, extra);
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
  for (const name of scope.blocks.keys()) stepsOf(name);
  extent = { blocks: 0, depth: 0 };
  return { step };
}
