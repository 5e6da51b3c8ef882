/** Which precision a run has: the one that its model asks for, or with `auto` the one that pays here. */
import type { Engine } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { operationsFor, type Precision } from '../graph/plan/precision.ts';

/** The precision of a run whose model asks for another one than the usual. */
export interface ChosenPrecision {
  readonly precision: Precision;
  readonly asked: 'bf16' | 'auto';
  /** Reason for it, or a remark for the user. */
  readonly because?: string;
}

/** Multiplications and additions of a step below which `auto` leaves float32. See docs/benchmarks.md. */
export const minOperations = 1e8;

/** @param instructions of the processor for bfloat16 */
export function choosePrecision(
  plan: Plan,
  engine: Pick<Engine, 'name' | 'multipliesBfloat16'>,
  instructions: string | undefined,
): ChosenPrecision | undefined {
  const { precision: asked } = plan.train;
  if (asked === undefined) return undefined;
  if (asked === 'bf16') {
    return engine.multipliesBfloat16
      ? { precision: 'bf16', asked }
      : { precision: 'bf16', asked, because: `engine ${engine.name} only rounds to it, and gets no faster` };
  }
  if (!engine.multipliesBfloat16) {
    return { precision: 'float32', asked, because: `engine ${engine.name} has no products in bfloat16` };
  }
  if (instructions === undefined) {
    return { precision: 'float32', asked, because: 'the processor has no instructions for bfloat16' };
  }
  const operations = operationsFor(plan);
  const millionsText = `${Math.round(operations / 1e6).toLocaleString('en')} million operations`;
  return operations < minOperations
    ? { precision: 'float32', asked, because: `the large products of a step have only ${millionsText}` }
    : { precision: 'bf16', asked, because: `${instructions}, and ${millionsText} in a step` };
}

/** The precision of a run that goes on, or whose step is taken again, from what its folder says. */
export function precisionOfRun({ train }: Plan, kept: Precision | undefined): ChosenPrecision | undefined {
  const { precision: asked } = train;
  if (asked === undefined) return undefined;
  if (asked === 'bf16') return { precision: asked, asked };
  return { precision: kept ?? 'float32', asked, because: 'the run began with it' };
}
