/** All diagnostics of a run for people: the first of them, and a last line that counts all. */
import type { Diagnostic } from './diagnostic.ts';
import { firstOf, mostErrors } from './order.ts';
import { type RenderOptions, renderOne } from './render_one.ts';

/** The first of them in a stable order, an empty line between, and a last line that counts all. Empty for none. */
export function render(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  if (diagnostics.length === 0) return '';
  const { shown } = firstOf(diagnostics);
  const parts = shown.map((diagnostic) => renderOne(diagnostic, options));
  return `${parts.join('\n\n')}\n\n${count(diagnostics)}\n`;
}

/** `2 errors, 1 warning`, `61 errors, of which the first 50 are shown` */
function count(diagnostics: readonly Diagnostic[]): string {
  const { errors } = firstOf(diagnostics);
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  const more = diagnostics.some(({ code }) => code === 'too-many-mistakes') ? 'more than ' : '';
  const of = errors > mostErrors ? `, of which the first ${mostErrors} are shown` : '';
  const parts = [];
  if (errors > 0) parts.push(errors === 1 ? '1 error' : `${more}${errors} errors${of}`);
  if (warnings > 0) parts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`);
  return parts.join(', ');
}
