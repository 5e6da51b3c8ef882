/** What `tower import` says of a config: a line for each thing, with the lines of the config where it is. */
import type { Note, NoteKind } from '../../easyrec/notes.ts';

const titles: Readonly<Record<NoteKind, string>> = {
  'left out': 'Not converted',
  differs: 'Converted, and Tower does it in another way',
  'not needed': 'Not needed',
};

const MOST = 6;

export function notesText(notes: readonly Note[]): string {
  return (['left out', 'differs', 'not needed'] as const)
    .flatMap((kind) => {
      const mine = notes.filter((note) => note.kind === kind);
      return mine.length === 0 ? [] : [`${titles[kind]}:\n${grouped(mine).join('\n')}`];
    })
    .join('\n\n');
}

/** Notes of one text are one line. */
function grouped(notes: readonly Note[]): string[] {
  const byText = new Map<string, Note[]>();
  for (const note of notes) byText.set(note.text, [...(byText.get(note.text) ?? []), note]);
  return [...byText].map(([text, mine]) => {
    const fields = [...new Set(mine.map(({ field }) => field.replace(/^.*\.(?=[^.]+\.[^.]+$)/, '')))];
    const named =
      fields.length > 3 ? `${fields.slice(0, 3).join(', ')} and ${fields.length - 3} more` : fields.join(', ');
    return `  ${placeOf(mine)}${named}: ${text}`;
  });
}

function placeOf(notes: readonly Note[]): string {
  const lines = [...new Set(notes.map(({ line }) => line))].filter((line) => line > 0);
  if (lines.length === 0) return '';
  const shown = lines.slice(0, MOST).join(', ');
  return `line${lines.length > 1 ? 's' : ''} ${shown}${lines.length > MOST ? ` and ${lines.length - MOST} more` : ''}: `;
}
