/** What the command line says of an error that ends it, and the exit code. */
import { diagnose } from '../diagnostics/diagnose.ts';
import { Failure } from '../diagnostics/failure.ts';
import { toJson } from '../diagnostics/json.ts';
import { render } from '../diagnostics/render.ts';
import { answerJson, colour, say } from './report.ts';

/** Reports a thrown error. Returns the exit code. */
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

/** Reports on stderr that stdout cannot be written. */
export function reportUnanswered({ diagnostics }: Failure): 1 {
  say(render(diagnostics, { colour }));
  return 1;
}
