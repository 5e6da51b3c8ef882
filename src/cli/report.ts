/** What the command line says: diagnostics and progress on stderr, answers on stdout. */

import { type Diagnostic, diagnose, hasErrors } from '../diagnostics/diagnostic.ts';
import { Failure } from '../diagnostics/failure.ts';
import { toJson } from '../diagnostics/json.ts';
import { render } from '../diagnostics/render.ts';
import type { Choice } from '../engine/engines.ts';

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

/** Which engine it is, and why not those that come before it. */
export function sayEngine({ engine, skipped }: Choice): void {
  for (const { name, reason } of skipped) say(`not the ${name} engine: ${reason}`);
  say(`engine: ${engine.name}, ${engine.version}`);
}

/** Words what was thrown; answers the exit code. */
export function reportFailure(error: unknown): 1 | 2 {
  const json = process.argv.includes('--json');
  if (error instanceof Failure) {
    if (json) answerJson(toJson(error.diagnostics));
    else say(render(error.diagnostics, { colour }));
    return 1;
  }
  const [reason, trace] = error instanceof Error ? [error.message, error.stack] : [String(error), String(error)];
  const ours = diagnose('internal', undefined, { reason });
  if (json) answerJson(toJson([ours]));
  else say(render([ours], { colour }));
  say(`${trace}`);
  return 2;
}

/** What cannot be said on stdout, for which there is no room, is said on stderr. */
export function reportUnanswered({ diagnostics }: Failure): 1 {
  say(render(diagnostics, { colour }));
  return 1;
}
