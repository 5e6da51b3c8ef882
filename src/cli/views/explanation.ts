/** A code's page for the terminal. */
import type { Explained } from '../../explain/examples.ts';
import { severityText } from '../../explain/page.ts';

const width = 100;

export function explanationText({ code, severity, means, wrong, printed, right, remedy }: Explained): string {
  const parts = [code, wrapped(severityText(code, severity)), wrapped(means)];
  if (wrong !== undefined && printed !== undefined && right !== undefined) {
    parts.push('Wrong:', indented(wrong), '`tower check` prints:', indented(printed), 'Right:', indented(right));
  }
  if (remedy !== undefined) parts.push('What to do:', wrapped(remedy));
  return parts.join('\n\n');
}

export const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, '    ');

export function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length < width) lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
