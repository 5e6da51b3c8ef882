/** Configs of EasyRec and TorchEasyRec next to what becomes of them: the two files, and a line for each thing that does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigField, readConfig } from '../../../grammar/text_format.ts';
import { notesText } from '../../../src/app/cli/commands/import_command.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { formatSource } from '../../../src/compiler/format/format.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { convertConfig } from '../../../src/plugins/easyrec/convert.ts';
import { convertedDataText, convertedModelText } from '../../../src/plugins/easyrec/import_config.ts';
import { goldens } from '../../golden.ts';

const formatted = (text: string): string =>
  formatSource(makeSource('model.tower', text)).output ?? `not formatted: ${text}`;

describe('the configs', () => {
  goldens(
    'test/plugins/easyrec/configs',
    ({ name, text }) => {
      const { draft, notes, dialect } = convertConfig(name, text);
      const [model, data] = [
        convertedModelText(draft, name),
        convertedDataText(draft, { events: 'train.csv', test: 'test.csv' }, name),
      ];
      const load = (): ReturnType<typeof makeSource> => makeSource('data.tower', data);
      const { diagnostics } = checkSource(makeSource('model.tower', model), { load });
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      return `${formatted(model)}\n${formatted(data)}\n${dialect}\n\n${notesText(notes)}`;
    },
    { input: '.config' },
  );
});

/** Values of another spelling that mean nothing to a model, and names that only point at something else of the config. */
const meaningless: readonly RegExp[] = [
  /^data_config\.(input_type|dataset_type|input_fields\.input_type)$/,
  /^data_config\.\w*negative_sampler\w*\.user_id_field$/,
  /^model_config\.(model_name|train_metrics\b.*)$/,
  // An unknown word is the usual value.
  /\.(wide_deep|group_type|simi_func|sub_feature_type)$/,
  /\.sequence_groups\.group_name$|\.pooling_encoder\.input$/,
  // A table that one feature has is its own, whatever its name.
  /\.embedding_name$/,
  // The table of the item has its own width.
  /\.sequence_feature\.features\.id_feature\.embedding_dim$/,
];

describe('a setting that is changed', () => {
  const folder = 'test/plugins/easyrec/configs';
  it.each(readdirSync(folder).filter((name) => name.endsWith('.config')))(
    'changes something of %s, or has a line',
    (name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const answer = (of: string): string => {
        try {
          const { draft, notes, paths } = convertConfig(name, of);
          const files = { events: 'train.csv', test: 'test.csv' };
          const said = notes.map(({ kind, field, text: why }) => [kind, field, why]);
          return [
            convertedModelText(draft, name),
            convertedDataText(draft, files, name),
            JSON.stringify([paths, said]),
          ].join('\n');
        } catch (error) {
          return `refused: ${(error as Error).message}`;
        }
      };
      const [before, { notes }] = [answer(text), convertConfig(name, text)];
      // A feature that is left out is named by itself, on its line.
      const isSaid = (path: string, line: number): boolean =>
        notes.some(
          ({ field, line: at }) =>
            field === path ||
            path.startsWith(`${field}.`) ||
            field.startsWith(`${path}.`) ||
            (at === line && !field.includes('.')),
        );
      const seen = new Map<string, boolean>();
      for (const { path, start, end } of leavesOf(text)) {
        if (
          seen.get(path) ||
          isSaid(path, text.slice(0, start).split('\n').length) ||
          meaningless.some((form) => form.test(path))
        )
          continue;
        const same = othersOf(text.slice(start, end)).every(
          (other) => answer(text.slice(0, start) + other + text.slice(end)) === before,
        );
        // One of several with a name may be unused, such as a feature that no tower reads.
        seen.set(path, !same);
      }
      expect([...seen].filter(([, changes]) => !changes).map(([path]) => path)).toEqual([]);
    },
  );
});

interface Leaf {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

function leavesOf(text: string): Leaf[] {
  const read = readConfig(text);
  if ('mistake' in read) throw new Error('the config has a mistake');
  const visit = (fields: readonly ConfigField[], above: string): Leaf[] =>
    fields.flatMap(({ name, value }) => {
      const path = above === '' ? name : `${above}.${name}`;
      return value.kind === 'message' ? visit(value.fields, path) : [{ path, start: value.start, end: value.end }];
    });
  return visit(read.fields, '');
}

/** Other values of the same kind. */
function othersOf(value: string): string[] {
  if (/^["']/.test(value)) return ['"another"'];
  if (/^(true|false)$/i.test(value)) return [/true/i.test(value) ? 'false' : 'true'];
  return /^-?[\d.]/.test(value) ? [String(Number(value.replace(/f$/, '')) * 2 + 1), '3'] : ['ANOTHER'];
}

const codeOf = (text: string): string | undefined => {
  try {
    convertConfig('x.config', text);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics[0]!.code;
    throw error;
  }
};

describe('what cannot be converted', () => {
  const towers =
    'feature_groups { group_name: "user" feature_names: "u" } feature_groups { group_name: "item" feature_names: "i" }';
  const dssm = `${towers} dssm { user_tower { dnn { hidden_units: 8 } } item_tower { dnn { hidden_units: 8 } } }`;
  it.each([
    ['a text that is no config', 'model_config {', 'config-syntax'],
    ['a config without a model', 'model_dir: "x"', 'config-part'],
    ['a model that is none of two towers', 'model_config { model_class: "DLRM" }', 'config-model'],
    ['a model of TorchEasyRec that is none', 'model_config { wukong { } }', 'config-model'],
    ['a name of the language of the import', 'model_config { model_class: "constructor" }', 'config-model'],
    ['towers without features', `model_config { model_class: "DSSM" ${dssm} }`, 'config-model'],
    [
      'a word for a number',
      `data_config { batch_size: many } model_config { model_class: "DSSM" ${dssm} } feature_configs { input_names: "u" } feature_configs { input_names: "i" }`,
      'config-value',
    ],
    ['a message for a text', 'model_config { model_class { } }', 'config-value'],
  ])('%s', (_, text, code) => expect(codeOf(text)).toBe(code));

  it('a backbone whose block reads itself, or is code', () => {
    const blocks = (text: string): string =>
      `model_config { model_class: "MatchModel" ${towers} model_params {} backbone { ${text} blocks { name: "b" inputs { feature_group_name: "item" } } output_blocks: ["a", "b"] } } feature_configs { input_names: "u" } feature_configs { input_names: "i" }`;
    const group = 'inputs { feature_group_name: "user" }';
    expect(codeOf(blocks(`blocks { name: "a" ${group} inputs { block_name: "a" } }`))).toBe('config-model');
    expect(codeOf(blocks(`blocks { name: "a" ${group} lambda { expression: "lambda x: x" } }`))).toBe('config-model');
  });

  it('says a line for every field that it does not read', () => {
    const { notes } = convertConfig(
      'x.config',
      `surprise: 1\nmodel_config { model_class: "DSSM" ${dssm}\nwonder { deep: 2 } }\nfeature_configs { input_names: "u" embedding_dim: 8 hash_bucket_size: 9 }\nfeature_configs { input_names: "i" embedding_dim: 8 hash_bucket_size: 9 colour: RED }`,
    );
    const left = notes.filter(({ kind }) => kind === 'left out').map(({ line, field }) => `${line} ${field}`);
    expect(left).toEqual(['1 surprise', '3 model_config.wonder', '5 feature_configs.colour']);
  });
});
