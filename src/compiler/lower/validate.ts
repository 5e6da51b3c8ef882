/** `validate` of `train`: how often, and on how many rankings. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { defined } from '../../base/util/defined.ts';
import type { TrainPlan } from '../../graph/plan/plan.ts';
import type { Call, Training } from '../model/model.ts';

/** What is wrong with `validate`, if anything. */
export function checkValidate({ validate = [] }: Training): Diagnostic[] {
  const seen = new Set<string>();
  return validate.flatMap((call) => {
    const reason = reasonAgainst(call, seen);
    seen.add(call.kind);
    return reason === undefined ? [] : [diagnose('arguments-conflict', call.span, { kind: call.kind, reason })];
  });
}

function reasonAgainst({ kind, arguments: { epochs, steps } }: Call, seen: ReadonlySet<string>): string | undefined {
  if (seen.has(kind)) return 'is given a second time';
  if (kind !== 'every') return undefined;
  if (epochs !== undefined && steps !== undefined) return 'takes epochs or `steps`, not both';
  return epochs === undefined && steps === undefined
    ? 'does not say how often: write `every(5)` for epochs, or `every(steps: 1000)`'
    : undefined;
}

export function validatePlan({ validate }: Training): TrainPlan['validate'] {
  if (validate === undefined) return undefined;
  const { epochs, steps, rankings } = Object.assign({}, ...validate.map((call) => call.arguments)) as Record<
    string,
    number | undefined
  >;
  return defined({ epochs, steps, sample: rankings });
}
