/** Diagnostics as commands that GitHub Actions shows next to the lines of a pull request. */
import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { inOrder } from '../../../base/diagnostics/order.ts';
import { positionAt } from '../../../base/text/source.ts';

/** A line for each; empty for none. */
export function annotations(diagnostics: readonly Diagnostic[]): string {
  return inOrder(diagnostics).map(annotation).join('\n');
}

function annotation({ severity, code, message, hint, at }: Diagnostic): string {
  const properties: string[] = [];
  if (at) {
    const [from, to] = [positionAt(at.source, at.start), positionAt(at.source, at.end)];
    properties.push(`file=${property(at.source.name.replaceAll('\\', '/'))}`, `line=${from.line}`);
    // Columns are taken only of places within one line.
    if (to.line === from.line)
      properties.push(`col=${from.column}`, `endColumn=${Math.max(from.column, to.column - 1)}`);
    else properties.push(`endLine=${to.line}`);
  }
  properties.push(`title=${property(code)}`);
  return `::${severity} ${properties.join(',')}::${data(hint === undefined ? message : `${message}\n${hint}`)}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
