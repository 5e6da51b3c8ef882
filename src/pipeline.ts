/**
 * The compiler. Each stage is a function of what the one before it gave, and answers with its own diagnostics:
 *
 *   Source ──parse──▶ File ──resolveNames──▶ Resolution ──rules──▶ ──modelOf──▶ Model ──lower──▶ Lowered { plan, arrows }
 *                       │                        │             │                            │
 *                       └────────────────────────┴── diagnostics ──────────────────────────┘
 *
 * `check` is all of it: what the command line, the editor and the tests call.
 */
import { type Diagnostic, hasErrors } from './diagnostics/diagnostic.ts';
import { inOrder } from './diagnostics/order.ts';
import { type Lowered, lower } from './lower/lower.ts';
import type { Plan } from './lower/plan.ts';
import type { DataDescription, Model } from './model/model.ts';
import type { Resolution } from './model/resolution.ts';
import { modelOf, type ResolveOptions, resolveNames, rulesOf } from './model/resolve.ts';
import type { File } from './syntax/ast.ts';
import { parse } from './syntax/parse.ts';
import type { Source } from './text/source.ts';

export type CheckOptions = Omit<ResolveOptions, 'partial'>;

/** As far as the source could be followed: a later stage is absent where an earlier one found an error. */
export interface Checked {
  readonly file: File;
  readonly resolution: Resolution;
  /** Absent also for a file that declares only what others use. */
  readonly model?: Model;
  readonly lowered?: Lowered;
  readonly plan?: Plan;
  /** The sound data blocks of the file, then those of files it uses. */
  readonly dataDescriptions: readonly DataDescription[];
  /** By file and place. */
  readonly diagnostics: readonly Diagnostic[];
}

export function check(source: Source, options: CheckOptions = {}): Checked {
  const parsed = parse(source);
  const file = parsed.output;
  const resolved = resolveNames(file, { ...options, partial: hasErrors(parsed.diagnostics) });
  const resolution = resolved.output;
  const found = [...parsed.diagnostics, ...resolved.diagnostics, ...rulesOf(resolution, options)];
  const model = modelOf(resolution, found);
  const lowering = model && lower(model);
  const lowered = lowering?.output;
  return {
    file,
    resolution,
    ...(model ? { model } : {}),
    ...(lowered ? { lowered, plan: lowered.plan } : {}),
    dataDescriptions: resolution.data,
    diagnostics: inOrder([...found, ...(lowering?.diagnostics ?? [])]),
  };
}
