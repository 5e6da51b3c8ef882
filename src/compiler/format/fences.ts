/** Tower within Markdown: each fence that begins with three backticks and the word `tower` alone. */
import type { Diagnostic, Outcome } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { format } from './format.ts';
import type { Layout } from './layout.ts';

const fence = /^(```tower[ \t]*\r?\n)([\s\S]*?)(?=^```[ \t]*\r?$)/gm;

/** The page with its fences formatted; nothing where one has mistakes of syntax. Places in diagnostics are the page's. */
export function formatFences(page: Source, layout: Partial<Layout> = {}): Outcome<string | undefined> {
  const diagnostics: Diagnostic[] = [];
  const text = page.text.replace(fence, (whole, open: string, inner: string, at: number) => {
    const above = page.text.slice(0, at + open.length).split('\n').length - 1;
    const mistakes = format(makeSource(page.name, '\n'.repeat(above) + inner), layout).diagnostics;
    diagnostics.push(...mistakes);
    const { output } = format(makeSource(page.name, inner), layout);
    return output === undefined ? whole : open + output;
  });
  return { output: diagnostics.length > 0 ? undefined : text, diagnostics };
}
