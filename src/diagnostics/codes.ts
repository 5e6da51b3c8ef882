/**
 * THE table of every message. A code is a slug that names the mistake; its row words the facts that the call site reports.
 * One line of `message` says what is wrong, in the language's words; `hint` says how to mend it.
 */
import type { Severity } from './diagnostic.ts';

export interface CodeRow<F> {
  readonly severity: Severity;
  readonly message: (facts: F) => string;
  readonly hint?: (facts: F) => string | undefined;
}

function row<F>(
  severity: Severity,
  message: (facts: F) => string,
  hint?: (facts: F) => string | undefined,
): CodeRow<F> {
  return { severity, message, ...(hint ? { hint } : {}) };
}

/** "did you mean" for a nearest name found by `text/nearest.ts`. */
const didYouMean = (facts: { nearest?: string | undefined }): string | undefined =>
  facts.nearest === undefined ? undefined : `did you mean \`${facts.nearest}\`?`;

export const codes = {
  // Text
  'unexpected-text': row<{ found: string; expected: string }>(
    'error',
    ({ found, expected }) => `expected ${expected}, found ${found}`,
  ),
  'unexpected-character': row<{ found: string }>('error', ({ found }) => `this is not part of the language: ${found}`),
  unclosed: row<{ open: string; close: string }>(
    'error',
    ({ open }) => `this ${open} is never closed`,
    ({ close }) => `add the missing ${close}`,
  ),

  // Names
  'unknown-name': row<{ what: string; name: string; nearest?: string | undefined }>(
    'error',
    ({ what, name }) => `there is no ${what} called \`${name}\``,
    didYouMean,
  ),

  // Shapes
  'shape-mismatch': row<{ kind: string; reason: string }>('error', ({ kind, reason }) => `\`${kind}\` ${reason}`),
} as const;

export type Code = keyof typeof codes;
export type Facts<C extends Code> = (typeof codes)[C] extends CodeRow<infer F> ? F : never;
