/** Prints the output of commands: diagnostics and progress on stderr, answers on stdout. */
import { stripVTControlCharacters } from 'node:util';
import { type Diagnostic, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../base/diagnostics/failure.ts';
import { render } from '../../base/diagnostics/render.ts';
import type { Choice } from '../../engines/engines.ts';
import { duration } from '../../training/evaluation/sentences.ts';

// Wraps lines between words, because a terminal breaks them anywhere.

/** Lines that must not be wrapped: tables, lines of a file under a message, and commands. */
const wholeLine = /^\s*(\d+ )?[│┆┌├└]|^\s*(npx|curl|cp) /;

/** Code, such as `tower train … --resume`, is not broken across lines. */
const wordOrCode = /(?:`[^`]*`|[^\s`])+|`/g;

const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** Wraps a line. Continuation lines are indented to its first word, after a list marker. @param columns undefined without a terminal: no line is broken */
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
    const lineWords = line.slice(head.length).match(wordOrCode) ?? [];
    const lines: string[] = [];
    for (const word of lineWords.flatMap((each) => (widthOf(each) <= room ? [each] : each.split(' ')))) {
      const lastLine = lines.at(-1);
      if (lastLine !== undefined && widthOf(lastLine) + 1 + widthOf(word) <= room)
        lines[lines.length - 1] = `${lastLine} ${word}`;
      else lines.push(word);
    }
    return head + lines.join(`\n${indent}`);
  }
}

export const colour = Boolean(process.stderr.isTTY) && !process.env.NO_COLOR;

/** True while a progress bar occupies the last line of the terminal. */
let hasBar = false;

export function setBar(isDrawn: boolean): void {
  hasBar = isDrawn;
}

/** Prints a message for the user on stderr. Stdout has only answers. */
export function say(text: string): void {
  if (hasBar) process.stderr.write('\r\x1b[K');
  process.stderr.write(`${wrapWords(text, process.stderr.columns)}\n`);
}

/** Prints an answer in words on stdout. */
export function answer(text: string): void {
  answerAsIs(wrapWords(text, process.stdout.columns));
}

/** Prints an answer whose line breaks matter, such as a graph. */
export function answerAsIs(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function answerJson(value: unknown): void {
  answerAsIs(JSON.stringify(value, null, 2));
}

/** Shows diagnostics, and stops the command if one of them is an error. */
export function report(diagnostics: readonly Diagnostic[]): void {
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  if (diagnostics.length > 0) say(render(diagnostics, { colour }));
}

/** Names the engine, and for each engine before it the reason why it does not load. */
export function sayEngine({ engine, skipped, reason }: Choice): void {
  for (const { name, reason } of skipped) say(`engine ${name} does not load: ${reason}`);
  say(`engine: ${engine.name}, ${engine.version}`);
  if (reason !== undefined) say(`engine chosen: ${reason}`);
}

/** Warns if baselines take long. */
export function sayBaselines(names: readonly string[], seconds: number): void {
  if (seconds < 3) return;
  say(`${names.join(', ')}: about ${duration(seconds)}; \`--baselines none\` leaves them out`);
}
