/** Formats a part of a file as the whole file would be formatted. */
import { lex } from '../../../grammar/lexer.ts';
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Source } from '../../base/text/source.ts';
import { format, readForFormat } from './format.ts';
import type { Layout } from './layout.ts';

/**
 * The change that formats the declarations that `start` to `end` touches, as the whole file would be; the rest stays as it is.
 * Nothing where the file has mistakes of syntax, or where nothing is touched.
 */
export function formatRange(
  source: Source,
  { start, end }: { readonly start: number; readonly end: number },
  layout: Partial<Layout> = {},
): Edit | undefined {
  const { output: file } = readForFormat(source);
  const { output } = format(source, layout);
  const touched = file?.declarations.filter(({ span }) => span.start <= end && start <= span.end) ?? [];
  const [first, last] = [touched[0], touched.at(-1)];
  if (output === undefined || !first || !last) return undefined;
  // Formatting leaves every token but commas where it is among the others.
  const before = tokensOf(source.text);
  const after = tokensOf(output);
  invariant(before.length === after.length, 'formatting keeps every token');
  const from = before.findIndex(({ startOffset }) => startOffset >= first.span.start);
  const to = before.findLastIndex(({ endOffset }) => endOffset! < last.span.end);
  return {
    at: { source, start: before[from]!.startOffset, end: before[to]!.endOffset! + 1 },
    text: output.slice(after[from]!.startOffset, after[to]!.endOffset! + 1),
  };
}

const tokensOf = (text: string) => lex(text).tokens.filter(({ image }) => image !== ',');
