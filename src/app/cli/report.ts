/** Prints the output of commands: diagnostics and progress on stderr, answers on stdout. */
import { type Diagnostic, Failure, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { renderDiagnostic, renderDiagnostics } from '../../base/diagnostics/render.ts';
import { countText } from '../../base/diagnostics/wording.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EngineChoice } from '../../engines/engines.ts';
import { duration } from '../../training/evaluation/sentences.ts';
import { nextOf, pageOf, widthOf, wrapWords } from './layout.ts';

/** The line of progress, which is the last one on the terminal. Other output is printed above it. */
let progress = '';

/** Terminals that cannot go back on a line, and readers of screens, which set `TERM=dumb`, get no line of progress. */
const showsProgress = (): boolean => process.stderr.isTTY === true && process.env.TERM !== 'dumb';

/** Shows parts on the line of progress: as many as fit, so the most important comes first. No part: erases the line. */
export function showProgress(parts: readonly string[]): void {
  if (!showsProgress() || (progress === '' && parts.length === 0)) return;
  const { columns = 80 } = pageOf(process.stderr);
  if (progress === '') process.once('exit', eraseProgress);
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line} · ${part}`;
    // A full line would move the cursor to the next one.
    if (widthOf(longer) >= columns) break;
    line = longer;
  }
  process.stderr.write(`\r${line}\x1b[K`);
  progress = line;
  if (progress === '') process.off('exit', eraseProgress);
}

const eraseProgress = (): void => showProgress([]);

function print(stream: NodeJS.WriteStream, text: string): void {
  const shownProgress = progress;
  if (shownProgress !== '') process.stderr.write('\r\x1b[K');
  stream.write(`${text}\n`);
  if (shownProgress !== '') process.stderr.write(`\r${shownProgress}\x1b[K`);
}

/** Prints a message for the user on stderr. Stdout has only answers. */
export function say(text: string): void {
  print(process.stderr, wrapWords(text, pageOf(process.stderr).columns));
}

/** Prints diagnostics on stderr. */
export function sayDiagnostics(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0) say(renderDiagnostics(diagnostics, pageOf(process.stderr)).trimEnd());
}

/** Prints a diagnostic among other messages, so without a count. */
export function printDiagnostic(diagnostic: Diagnostic): void {
  say(renderDiagnostic(diagnostic, pageOf(process.stderr)));
}

/** Prints an answer in words on stdout. */
export function answer(text: string): void {
  answerAsIs(wrapWords(text, pageOf(process.stdout).columns));
}

/** Prints an answer whose line breaks matter, such as a graph. */
export function answerAsIs(text: string): void {
  print(process.stdout, text);
}

/** Prints commands to go on with. */
export function answerNext(steps: Parameters<typeof nextOf>[0]): void {
  answerAsIs(`\n${nextOf(steps)}`);
}

export function answerJson(value: unknown): void {
  answerAsIs(JSON.stringify(value, null, 2));
}

/** Shows diagnostics, and stops the command if one of them is an error. */
export function report(diagnostics: readonly Diagnostic[]): void {
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  sayDiagnostics(diagnostics);
}

/** What a reader of figures has to know: a line for each. */
export const notesText = (notes: readonly string[]): string => notes.map((note) => `\u00b7 ${note}`).join('\n');

export function sayNotes(notes: readonly string[]): void {
  if (notes.length > 0) say(notesText(notes));
}

/** Names the engine, and for each engine before it the reason why it does not load. */
export function sayEngine({ engine, skipped }: EngineChoice): void {
  for (const { name, reason } of skipped) say(`engine ${name} does not load: ${reason}`);
  say(`engine: ${engine.name}, ${engine.version}`);
}

/** Warns if baselines take long. */
export function sayBaselines(names: readonly string[], seconds: number): void {
  if (seconds < 3) return;
  say(`${names.join(', ')}: about ${duration(seconds)}; \`--baselines none\` leaves them out`);
}

/** Counts the events of each part and the items; says how many rows are invalid, and where their reasons are. */
export function sayData({ parts: { train, validation, test }, corpus, rejected: { count, file } }: Dataset): void {
  const [trainingCount, validationCount, testCount] = [train, validation, test].map(({ rows }) =>
    rows.toLocaleString('en'),
  );
  say(
    `data: ${trainingCount} training, ${validationCount} validation and ${testCount} test events; ${countText(corpus.rows, 'item')}`,
  );
  if (count > 0)
    say(`excluded: ${countText(count, 'invalid row')}${file === undefined ? '' : `; ${file} has the reason of each`}`);
}
