/** Codes of folders with an index of items. */
import { row, shellWord } from '../wording.ts';

export const graphs = {
  'no-usearch': row<{ version: string; reason?: string | undefined }>({
    message: ({ reason }) =>
      reason === undefined ? 'a graph needs usearch, which is not installed' : `usearch does not load: ${reason}`,
    hint: ({ version }) => `install it with \`npm install usearch@${version}\`, or build \`--kind lists\``,
  }),

  'not-an-index': row<{ folder: string }>({
    message: ({ folder }) => `${folder} contains no index: it has no index.json`,
    hint: 'build one with `tower index RUN --to FOLDER`',
  }),

  'other-index': row<{ folder: string; what: string }>({
    message: ({ folder, what }) => `the index in ${folder} does not fit the run: it is of ${what}`,
    hint: ({ folder }) =>
      `build it again with \`tower index RUN --to ${shellWord(folder)}\`, or serve without \`--index\``,
  }),

  'damaged-index': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    hint: 'build the index again with `tower index`, or serve without `--index`',
  }),
} as const;
