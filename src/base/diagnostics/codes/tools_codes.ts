/** Codes of `tower tune`, of `tower init`, which writes a starter project, of `tower import`, which reads configs of others, and of `tower embed`. */

import { namesHint, row } from '../wording.ts';

export const tools = {
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

  'starter-exists': row<{ path: string; isUnfinished?: boolean }>({
    message: ({ path }) => `${path} exists, and is not overwritten`,
    hint: ({ isUnfinished = false }) =>
      isUnfinished
        ? 'remove what an import left that did not end, or write another project: `--out FOLDER`'
        : 'train the model that is there with `tower train`, or write another project: `--out FOLDER`',
  }),

  'starter-no-files': row<{ folder: string }>({
    message: ({ folder }) => `${folder} has no file of rows`,
    hint: 'name the files: `tower init ratings.csv movies.csv`',
  }),

  'starter-no-table': row<{ reasons: readonly string[] }>({
    message: ({ reasons }) => `no file is a table of rows: ${reasons.join('; ')}`,
    hint: 'use CSV, TSV, Parquet or JSON lines, each also with .gz, and one row for each event',
  }),

  'starter-no-events': row<{ reason: string }>({
    message: ({ reason }) => `nothing can be learned from these files: ${reason}`,
    hint: 'name the columns: `--user COLUMN --item COLUMN`, or add the file of events',
  }),

  'starter-asks': row<{ id: string; question: string; choices: readonly string[] }>({
    message: ({ question, choices }) =>
      `the files do not say it, and no answer is likely enough: ${question} ${choices.join('; ')}`,
    hint: ({ id }) => `answer with an option, such as \`--${id} COLUMN\``,
  }),

  'starter-fails': row<{ model: string }>({
    message: ({ model }) => `${model} was written, and cannot be trained`,
    hint: ({ model }) => `correct the lines of the other messages, then run \`tower check ${model}\``,
  }),

  'config-syntax': row<{ found: string; expected: string }>({
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    hint: 'correct the config: it is in the text format of Protocol Buffers, such as `batch_size: 1024`',
  }),

  'config-value': row<{ field: string; expected: string; found: string }>({
    message: ({ field, expected, found }) => `\`${field}\` is ${found}, not ${expected}`,
    hint: ({ expected }) => `write ${expected}`,
  }),

  'config-part': row<{ part: string }>({
    message: ({ part }) => `the config has no \`${part}\``,
    hint: ({ part }) => `add \`${part} { … }\`, or import the whole config`,
  }),

  'config-model': row<{ model: string; reason: string }>({
    message: ({ model, reason }) => `\`${model}\` is not converted: ${reason}`,
    hint: 'write the model by hand: see docs/guide/from-easyrec.md',
  }),

  'config-key': row<Record<never, never>>({
    message: () => 'the config does not say which feature identifies an item',
    hint: 'name it: `--item COLUMN`',
  }),

  'config-items': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} is no file of items: ${reason}`,
    hint: 'give a file of items with `--items FILE`, or none with `--no-items`',
  }),

  'config-columns': row<{ path: string }>({
    message: ({ path }) => `${path} has no header, and the config does not name its columns`,
    hint: 'add `input_fields` to the config, or a first line with the names to the file',
  }),

  'import-fails': row<{ model: string }>({
    message: ({ model }) => `${model} was written, and does not check`,
    hint: ({ model }) => `correct the lines of the other messages, then run \`tower check ${model}\``,
  }),

  'embed-failed': row<{ model: string; reason: string; advice: string }>({
    message: ({ model, reason }) => `\`${model}\` gave no vectors: ${reason}`,
    hint: ({ advice }) => advice,
  }),

  'embed-key': row<{ column: string; path: string; row: number; reason: string }>({
    message: ({ column, path, row: at, reason }) =>
      `row ${at} of ${path} has no key of its own: \`${column}\` ${reason}`,
    hint: 'name a column with `--key` that is different in each row',
  }),

  'no-transformers': row<{ version: string; reason?: string | undefined }>({
    message: ({ reason }) =>
      reason === undefined
        ? 'a model on this machine needs @huggingface/transformers, which is not installed'
        : `@huggingface/transformers does not load: ${reason}`,
    hint: ({ version }) =>
      `install it with \`npm install @huggingface/transformers@${version}\`, or name an endpoint with \`--url\``,
  }),
} as const;
