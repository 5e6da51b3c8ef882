/** The examples of a code, formatted, and with the messages that they get. */
import { defined } from '../defined.ts';
import type { Explanation } from '../diagnostics/code_row.ts';
import { type Code, codes } from '../diagnostics/codes.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { applyEdits } from '../diagnostics/fixes.ts';
import { render } from '../diagnostics/render.ts';
import { format } from '../format/format.ts';
import { check } from '../pipeline.ts';
import { makeSource, type Source } from '../text/source.ts';

export interface Explained extends Explanation {
  readonly code: Code;
  readonly severity: 'error' | 'warning';
  /** What `tower check` prints for the wrong example. */
  readonly printed?: string;
}

export function explain(code: Code): Explained {
  const { severity, means, remedy, ...found }: Explanation & { readonly severity: Explained['severity'] } = codes[code];
  const plain = { code, severity, means, ...defined({ remedy }) };
  if (found.wrong === undefined) return plain;
  const wrong = formatted(found.wrong);
  const source = makeSource('example.tower', wrong);
  const { diagnostics } = check(source);
  const right = formatted(found.right ?? fixed(source, diagnostics, code));
  return { ...plain, wrong, right, printed: render(diagnostics) };
}

/** A text with mistakes of syntax remains as it was written. */
const formatted = (text: string): string => format(makeSource('example.tower', text)).output ?? text;

function fixed(source: Source, diagnostics: readonly Diagnostic[], code: Code): string {
  const fix = diagnostics.find((diagnostic) => diagnostic.code === code)?.fixes[0];
  return fix ? applyEdits(source, fix) : source.text;
}
