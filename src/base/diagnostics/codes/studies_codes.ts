/** Codes of `tower tune`. */
import { namesHint, row } from '../wording.ts';

export const studies = {
  'no-search': row<{ path: string }>({
    message: ({ path }) => `${path} has no \`search\`, so there is nothing to tune`,
    hint: 'add a block such as `search { dense.rate : log 1e-4 .. 1e-1 }`',
  }),

  'not-a-study': row<{ folder: string }>({
    message: ({ folder }) => `${folder} holds no study`,
    hint: 'give the folder of a study, or remove `--resume` to begin one',
  }),

  'study-exists': row<{ folder: string; holds: 'a study' | 'other files' }>({
    message: ({ folder, holds }) => `${folder} holds ${holds} already`,
    hint: ({ holds }) =>
      holds === 'a study' ? 'continue the study by `--resume`, or give another folder' : 'give another folder',
  }),

  'other-study': row<{ folder: string; what: string }>({
    message: ({ folder, what }) => `the study in ${folder} has another ${what}`,
    hint: 'resume it with what it began with, or begin a study in another folder',
  }),

  'unknown-measure': row<{ name: string; known: readonly string[] }>({
    message: ({ name }) => `the model does not measure \`${name}\` on validation`,
    hint: ({ known }) => namesHint(known),
  }),

  'file-exists': row<{ path: string; option?: string }>({
    message: ({ path }) => `${path} exists, and is not overwritten`,
    hint: ({ option = '--write' }) => `give another path to \`${option}\``,
  }),

  'tuned-file': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `the tuned model cannot be written to ${path}: ${reason}`,
    hint: 'use the printed `--set` options instead',
  }),
} as const;
