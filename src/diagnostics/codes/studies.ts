/** Codes of `tower tune`. */
import { row } from '../code_row.ts';
import { among } from '../wording.ts';

export const studies = {
  'no-search': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} has no \`search\`, so there is nothing to tune`,
    hint: () => 'add a block such as `search { dense.rate : log 1e-4 .. 1e-1 }`',
    means:
      '`tower tune` tries the values that the `search` of the model names. This model has no `search`, or an empty one.',
    remedy: 'Add a `search` with an entry for each value that may change.',
  }),

  'not-a-study': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} holds no study`,
    means:
      'A study writes `study.json` into its folder. The folder has no such file, so there is nothing to go on with.',
    remedy: 'Give the folder of a study, or remove `--resume` to begin one.',
  }),

  'study-exists': row<{ folder: string; holds: 'a study' | 'other files' }>({
    severity: 'error',
    message: ({ folder, holds }) => `${folder} holds ${holds} already`,
    hint: ({ holds }) =>
      holds === 'a study' ? 'continue the study by `--resume`, or give another folder' : 'give another folder',
    means: 'A new study begins in a folder that is empty or does not exist. This folder holds a study, or other files.',
    remedy: 'Continue the study by `--resume`, or give another folder.',
  }),

  'other-study': row<{ folder: string; what: string }>({
    severity: 'error',
    message: ({ folder, what }) => `the study in ${folder} has another ${what}`,
    hint: () => 'resume it with what it began with, or begin a study in another folder',
    means:
      'Trials of one study must be comparable, so a study goes on only with the model, the data and the options that it began with. `--trials` and `--for` may change.',
    remedy: 'Resume the study with what it began with, or begin another one.',
  }),

  'unknown-measure': row<{ name: string; known: readonly string[] }>({
    severity: 'error',
    message: ({ name }) => `the model does not measure \`${name}\` on validation`,
    hint: ({ known }) => among(known),
    means:
      '`--metric` names one of the metrics that the model measures on its validation part: that of `stop`, and those of `metrics`.',
    remedy: 'Name one of the metrics that the message lists, or add it to `metrics` of `train`.',
  }),

  'file-exists': row<{ path: string; option?: string }>({
    severity: 'error',
    message: ({ path }) => `${path} exists, and is not overwritten`,
    hint: ({ option = '--write' }) => `give another path to \`${option}\``,
    means:
      '`--write` of `tower tune` writes the tuned model into a new file, and never replaces a file. `--out` of `tower report` replaces only a report.',
    remedy: 'Give another path.',
  }),

  'tuned-file': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `the tuned model cannot be written to ${path}: ${reason}`,
    hint: () => 'use the printed `--set` options instead',
    means:
      'The values that won cannot be put into a copy of the file: one of them belongs to a file that it uses, or the copy would not check in its folder.',
    remedy: 'Use the `--set` options that the study prints.',
  }),
} as const;
