/** Codes of `tower embed`, which makes vectors of texts. */
import { row } from '../wording.ts';

export const vectors = {
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
