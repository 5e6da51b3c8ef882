/** What the command line says: diagnostics and progress on stderr, answers on stdout. */

import { type Diagnostic, hasErrors } from '../diagnostics/diagnostic.ts';
import { Failure } from '../diagnostics/failure.ts';
import { toJson } from '../diagnostics/json.ts';
import { render } from '../diagnostics/render.ts';

export const colour = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR;

/** A message for people: never on stdout, which holds answers alone. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** An answer. */
export function answer(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function answerJson(value: unknown): void {
  answer(JSON.stringify(value, null, 2));
}

/** Shows diagnostics and stops the command when one of them is an error. */
export function report(diagnostics: readonly Diagnostic[]): void {
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  if (diagnostics.length > 0) say(render(diagnostics, { colour }));
}

/** Words what was thrown; answers the exit code. */
export function reportFailure(error: unknown): 1 | 2 {
  if (error instanceof Failure) {
    if (process.argv.includes('--json')) answerJson(toJson(error.diagnostics));
    else say(render(error.diagnostics, { colour }));
    return 1;
  }
  say(
    `tower failed, and it is not your fault. Please report this:\n${error instanceof Error ? error.stack : String(error)}`,
  );
  return 2;
}
