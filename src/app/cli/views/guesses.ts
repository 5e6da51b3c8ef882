/** What `tower init` takes each column for, and why. */
import type { Proposal } from '../../../data/init/proposal.ts';
import { tableOf } from '../table.ts';

/** Columns of this width in characters at most: a table that a terminal breaks is hard to read. */
const [NAMES, TAKEN, WHY] = [26, 44, 70];

export function guessesText({ reasons, notes }: Proposal): string {
  const several = new Set(reasons.map(({ file }) => file)).size > 1;
  let last = '';
  const rows = reasons.map(({ file, column, taken, because }) => {
    const shown = file === last ? '' : short(file.replace(/^.*\//, ''), NAMES);
    last = file;
    return [...(several ? [shown] : []), short(column, NAMES), short(taken, TAKEN), wrapped(because, WHY)];
  });
  const table = tableOf([...(several ? ['file'] : []), 'column', 'taken as', 'because'], rows, 'left');
  return [table, ...notes.map((note) => `· ${note}`)].join('\n');
}

/** A name may hold line ends. */
function short(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

/** In lines of whole words. */
function wrapped(text: string, most: number): string {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(short(word, most));
  }
  return lines.join('\n');
}
