import type { Command } from 'commander';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { groupBy } from '../../../base/util/objects.ts';
import { plugins } from '../../../plugins.ts';
import type { ImportNote, ImportRequest, NoteKind } from '../../api/import.ts';
import { heading } from '../layout.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson, answerNext, say } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';

interface ImportCommandOptions extends Omit<ImportRequest, 'config' | 'items'> {
  /** A path, or false for `--no-items`. */
  readonly items?: string | boolean;
  readonly json?: boolean;
}

/** Programs whose configs can be imported. A config of TorchEasyRec is recognized by its content. */
const programs = ['easyrec'];

export function importCommand(command: Command): void {
  command
    .argument('<program>', 'whose config it is: `easyrec`, also for TorchEasyRec')
    .argument('<config>', 'the config of a match model, in the text format of Protocol Buffers')
    .option('--out <folder>', 'write data.tower and model.tower into this folder', 'imported')
    .option('--events <file>', 'read the rows of training from this file (default: `train_input_path` of the config)')
    .option('--test <file>', 'measure on the rows of this file (default: `eval_input_path` of the config)')
    .option('--items <file>', 'read one row for each item from this file (default: that of the negative sampler)')
    .option('--no-items', 'take the items from the events')
    .option('--user <column>', 'take this column for what identifies a user, where the config does not say')
    .option('--item <column>', 'take this column for what identifies an item, where the config does not say')
    .addOption(jsonOption())
    .action(async (name: string, config: string, { json, items, ...options }: ImportCommandOptions) => {
      if (!programs.includes(name.toLowerCase().replace(/^torch/, ''))) {
        throw failure('unknown-name', { what: 'program', name, nearest: findNearest(name, programs), known: programs });
      }
      const { importConfig } = await plugins.easyrec();
      const importedProject = await withInterruptSignal((signal) =>
        importConfig({ ...options, config, signal, items: items === true ? undefined : items }),
      );
      if (json) return answerJson(importedProject);
      const { model, data, notes, copies, missing, allow, warnings, dialect } = importedProject;
      for (const { from, to, rows } of copies) {
        say(`wrote ${to}${rows === undefined ? ' with a header' : `, ${rows} items`}, from ${from.join(', ')}`);
      }
      if (warnings !== '') say(warnings.trimEnd());
      if (notes.length > 0) answer(`${notesText(notes)}\n`);
      answer(`wrote ${data} and ${model}, from a config of ${dialect}`);
      if (missing.length > 0) {
        for (const { path, columns } of missing) {
          answer(`put the rows into ${path}, with a header: ${columns.join(', ')}`);
        }
        answerNext([[`tower check ${model}`, 'check the model with these rows']]);
        return;
      }
      const allowed = allow.map((folder) => ` --allow ${folder}`).join('');
      answerNext([[`tower train ${model}${allowed} --out runs/imported`, 'train it']]);
    });
  withExample(
    command,
    'tower import easyrec dssm.config --out imported',
    'tower import easyrec dssm.config --events clicks.parquet --test clicks-test.parquet',
  );
}

/** Titles of the notes of `tower import`, by kind. */
const titles: Readonly<Record<NoteKind, string>> = {
  'left out': 'Not converted',
  differs: 'Converted, and Tower does it in another way',
  'not needed': 'Not needed',
};

const maxLines = 6;

export function notesText(notes: readonly ImportNote[]): string {
  return (['left out', 'differs', 'not needed'] as const)
    .flatMap((kind) => {
      const kindNotes = notes.filter((note) => note.kind === kind);
      return kindNotes.length === 0 ? [] : [`${heading(titles[kind])}\n${grouped(kindNotes).join('\n')}`];
    })
    .join('\n\n');
}

/** Returns a line for each text. Notes with the same text share it. */
function grouped(notes: readonly ImportNote[]): string[] {
  return [...groupBy(notes, ({ text }) => text)].map(([text, sameNotes]) => {
    const fields = [...new Set(sameNotes.map(({ field }) => field.replace(/^.*\.(?=[^.]+\.[^.]+$)/, '')))];
    const fieldNames =
      fields.length > 3 ? `${fields.slice(0, 3).join(', ')} and ${fields.length - 3} more` : fields.join(', ');
    return `  ${placeOf(sameNotes)}${fieldNames}: ${text}`;
  });
}

function placeOf(notes: readonly ImportNote[]): string {
  const lines = [...new Set(notes.map(({ line }) => line))].filter((line) => line > 0);
  if (lines.length === 0) return '';
  const shownLines = lines.slice(0, maxLines).join(', ');
  return `line${lines.length > 1 ? 's' : ''} ${shownLines}${lines.length > maxLines ? ` and ${lines.length - maxLines} more` : ''}: `;
}
