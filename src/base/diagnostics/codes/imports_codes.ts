/** Codes of `tower import`, which reads configs of other programs. */
import { row } from '../wording.ts';

export const imports = {
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
} as const;
