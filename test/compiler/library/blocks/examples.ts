/** The examples of blocks, lowered by themselves. */
import { expect } from 'vitest';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import type { BlockContext, Value } from '../../../../src/compiler/library/contract.ts';
import type { FlowStep } from '../../../../src/compiler/model/model.ts';
import { stepOf, takesOf } from '../../../../src/editor/reference/examples.ts';

/** Every block that takes a sequence, by its example, with what it gives. */
export const ofSequences = Object.entries(blocks).flatMap(([kind, { example }]) =>
  takesOf(example).flatMap(({ takes, gives }) =>
    takes.kind === 'sequence' ? [{ kind, example, gives: gives.kind }] : [],
  ),
);

/** Arguments whose flows are functions, as the context of tests goes through them. */
export function withFlows(context: BlockContext, args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pass = (step: FlowStep) => (value: Value) =>
    step.kind === 'block'
      ? blocks[step.call.kind]!.lower(context, value, withFlows(context, step.call.arguments))
      : expect.fail('an example declares no block');
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const { flow } = (value ?? {}) as { readonly flow?: readonly FlowStep[] };
      return [name, flow ? { flow: flow.map(pass) } : value];
    }),
  );
}

/** What the block of an example makes of a value. */
export function lowerExample(example: string, context: BlockContext, input: Value): Value {
  const step = stepOf(example);
  if (step?.kind !== 'block') return expect.fail(`\`${example}\` is a block`);
  return blocks[step.call.kind]!.lower(context, input, withFlows(context, step.call.arguments));
}
