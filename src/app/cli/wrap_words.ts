/** Lines that are broken between words: a terminal breaks them wherever its width ends. */
import { stripVTControlCharacters } from 'node:util';

/** Tables, lines of a file under a message, and commands: they mean something else when they are broken. */
const wholeLine = /^\s*(\d+ )?[│┆┌├└]|^\s*(npx|curl|cp) /;

/** What stands in code stays together, as `tower train … --resume`. */
const wordOrCode = /(?:`[^`]*`|[^\s`])+|`/g;

const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** A line that is broken goes on below its first word, behind the mark of a list. @param columns undefined: of no terminal, which breaks no line */
export function wrapWords(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns || wholeLine.test(stripVTControlCharacters(line)) ? line : broken(line)))
    .join('\n');

  function broken(line: string): string {
    const [head] = /^\s*((·|\d+\.) )?/.exec(line)!;
    const indent = ' '.repeat(head.length);
    const room = columns! - head.length;
    const words = line.slice(head.length).match(wordOrCode) ?? [];
    const lines: string[] = [];
    for (const word of words.flatMap((each) => (widthOf(each) <= room ? [each] : each.split(' ')))) {
      const last = lines.at(-1);
      if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= room) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return head + lines.join(`\n${indent}`);
  }
}
