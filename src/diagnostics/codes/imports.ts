/** Codes of `tower import`, which reads configs of other programs. */
import { row } from '../code_row.ts';

export const imports = {
  'config-syntax': row<{ found: string; expected: string }>({
    severity: 'error',
    message: ({ found, expected }) => `expected ${expected}, found ${found}`,
    hint: () => 'correct the config: it is in the text format of Protocol Buffers, such as `batch_size: 1024`',
    means:
      'A config of EasyRec or TorchEasyRec is a text of fields: a name, then `:` and a value, or a message in `{ }`. This place is something else, so the rest of the file is not read.',
    remedy: 'Correct the place that the message shows. EasyRec itself refuses such a config too.',
  }),

  'config-value': row<{ field: string; expected: string; found: string }>({
    severity: 'error',
    message: ({ field, expected, found }) => `\`${field}\` is ${found}, not ${expected}`,
    hint: ({ expected }) => `write ${expected}`,
    means: 'A field of the config has a value of another kind than EasyRec has there, so it cannot be converted.',
    remedy: 'Correct the value. The message names the field and the kind of value that it takes.',
  }),

  'config-part': row<{ part: string }>({
    severity: 'error',
    message: ({ part }) => `the config has no \`${part}\``,
    hint: ({ part }) => `add \`${part} { … }\`, or import the whole config`,
    means:
      'A part of the config that the model needs is missing: the model itself, or the settings of one of its towers.',
    remedy: 'Add the part. A config is imported as EasyRec reads it, in one file.',
  }),

  'config-model': row<{ model: string; reason: string }>({
    severity: 'error',
    message: ({ model, reason }) => `\`${model}\` is not converted: ${reason}`,
    hint: () => 'write the model by hand: see docs/guide/from-easyrec.md',
    means:
      'Tower has models of two towers that meet in a score. The import knows the match models DSSM, DSSM-SENet, MIND and MatchModel, and takes the MultiTower models apart. Any other model is refused, as is a part of one of these that has no counterpart.',
    remedy: 'Write the model by hand. The features and the data of a similar config can be imported and copied.',
  }),

  'config-key': row<Record<never, never>>({
    severity: 'error',
    message: () => 'the config does not say which feature identifies an item',
    hint: () => 'name it: `--item COLUMN`',
    means:
      'Tower ranks items, so it needs to know which column identifies one. The config has no `item_id`, no sampler with an `item_id_field`, and no id among the features of the item tower.',
    remedy: 'Name the column with `--item COLUMN`.',
  }),

  'config-items': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `${path} is no file of items: ${reason}`,
    hint: () => 'give a file of items with `--items FILE`, or none with `--no-items`',
    means:
      'The file of a negative sampler has a line for each item: its id, its weight and its attributes, which the config names in `attr_fields`. Most lines of this file have another number of attributes.',
    remedy: 'Check `attr_delimiter` and `attr_fields` of the sampler, or name another file with `--items FILE`.',
  }),

  'config-columns': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} has no header, and the config does not name its columns`,
    hint: () => 'add `input_fields` to the config, or a first line with the names to the file',
    means:
      'Tower finds columns by their names. A CSV file without a header takes them from `data_config { input_fields }`, in their order.',
    remedy: 'Add the names: to the config, or as the first line of the file.',
  }),

  'import-fails': row<{ model: string }>({
    severity: 'error',
    message: ({ model }) => `${model} was written, and does not check`,
    hint: ({ model }) => `correct the lines of the other messages, then run \`tower check ${model}\``,
    means:
      '`tower import` wrote a model that `tower check` refuses: most often a column of the config is not in the files.',
    remedy: 'Correct the lines that the messages name. Please report the case, with the config.',
  }),
} as const;
