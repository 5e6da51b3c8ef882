/** Codes of indexes of items in a folder. */
import { row } from '../code_row.ts';
import { shellWord } from '../wording.ts';

export const graphs = {
  'no-usearch': row<{ version: string; reason?: string | undefined }>({
    severity: 'error',
    message: ({ reason }) =>
      reason === undefined ? 'an index needs usearch, which is not installed' : `usearch does not load: ${reason}`,
    hint: ({ version }) => `install it with \`npm install usearch@${version}\`, or leave the index out`,
    means:
      'usearch builds and reads graph indexes. It is an optional package, because the exact search of Tower needs no index. It has binaries for Linux and macOS.',
    remedy: 'Install usearch next to Tower, or serve without `--index`: answers are then exact.',
  }),

  'not-an-index': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} contains no index: it has no index.json`,
    hint: () => 'build one with `tower index RUN --to FOLDER`',
    means: '`tower index` did not write this folder, or it was stopped before its end.',
    remedy: 'Build the index with `tower index RUN --to FOLDER`, and give that folder.',
  }),

  'other-index': row<{ folder: string; what: string }>({
    severity: 'error',
    message: ({ folder, what }) => `the index in ${folder} does not fit the run: it is of ${what}`,
    hint: ({ folder }) =>
      `build it again with \`tower index RUN --to ${shellWord(folder)}\`, or serve without \`--index\``,
    means:
      'An index belongs to one version of a model and to its items. With another model its neighbours are not those of the queries, so its certificate says nothing.',
    remedy: 'Build the index again for this run, or give the index of this run.',
  }),

  'damaged-index': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    hint: () => 'build the index again with `tower index`, or serve without `--index`',
    means: 'A file of an index was cut off or changed, so it cannot be read safely.',
    remedy: 'Build the index again with `tower index`. The run itself is not affected.',
  }),
} as const;
