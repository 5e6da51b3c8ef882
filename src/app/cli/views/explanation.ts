/** A code's page for the terminal. */
import { type ErrorPage, severityText } from '../../../compiler/explain/page.ts';
import { wrapWords } from '../wrap_words.ts';

export function explanationText({ code, severity, means, wrong, printed, right, remedy }: ErrorPage): string {
  const parts = [code, wrapped(severityText(code, severity)), wrapped(means)];
  if (wrong !== undefined && printed !== undefined && right !== undefined) {
    parts.push('Wrong:', indented(wrong), '`tower check` prints:', indented(printed), 'Right:', indented(right));
  }
  if (remedy !== undefined) parts.push('What to do:', wrapped(remedy));
  return parts.join('\n\n');
}

export const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, '    ');

/** No wider than is good to read. */
export const wrapped = (text: string): string => wrapWords(text, Math.min(100, process.stdout.columns ?? 100));
