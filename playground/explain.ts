/** What a place of the text is about: the word there, else the block whose arguments it is among, else the block that ends before it in the line. */
import type { FileAnalysis } from '../src/editor/language/file_analysis.ts';
import { type Hover, hoverAt } from '../src/editor/language/hover.ts';

export function explanationAt(facts: FileAnalysis, text: string, offset: number): Hover | undefined {
  const found = hoverAt(facts, offset);
  if (found) return found;
  const line = text.lastIndexOf('\n', offset - 1) + 1;
  const comment = text.slice(line, offset).indexOf('//');
  // What closed parentheses hold are arguments of the block before them.
  let depth = 0;
  for (let at = (comment === -1 ? offset : line + comment) - 1; at >= line; at--) {
    if (text[at] === ')') depth++;
    else if (text[at] === '(') depth = Math.max(0, depth - 1);
    else if (depth === 0 && /\w/.test(text[at]!)) {
      const before = hoverAt(facts, at);
      if (before) return before;
    }
  }
  return undefined;
}
