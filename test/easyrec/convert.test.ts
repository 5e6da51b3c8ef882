/** Configs of EasyRec and TorchEasyRec next to what becomes of them: the two files, and a line for each thing that does not. */
import { describe, expect, it } from 'vitest';
import { notesText } from '../../src/cli/views/import_notes.ts';
import { Failure } from '../../src/diagnostics/failure.ts';
import { convert } from '../../src/easyrec/convert.ts';
import { dataText } from '../../src/easyrec/data_text.ts';
import { modelText } from '../../src/easyrec/model_text.ts';
import { format } from '../../src/format/format.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';
import { goldens } from '../golden.ts';

const formatted = (text: string): string => format(makeSource('model.tower', text)).output ?? `not formatted: ${text}`;

describe('the configs', () => {
  goldens(
    'test/easyrec/configs',
    ({ name, text }) => {
      const { draft, notes, dialect } = convert(name, text);
      const [model, data] = [modelText(draft, name), dataText(draft, { events: 'train.csv', test: 'test.csv' }, name)];
      const load = (): ReturnType<typeof makeSource> => makeSource('data.tower', data);
      const { diagnostics } = check(makeSource('model.tower', model), { load });
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      return `${formatted(model)}\n${formatted(data)}\n${dialect}\n\n${notesText(notes)}`;
    },
    { input: '.config' },
  );
});

const codeOf = (text: string): string | undefined => {
  try {
    convert('x.config', text);
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
    const { notes } = convert(
      'x.config',
      `surprise: 1\nmodel_config { model_class: "DSSM" ${dssm}\nwonder { deep: 2 } }\nfeature_configs { input_names: "u" embedding_dim: 8 hash_bucket_size: 9 }\nfeature_configs { input_names: "i" embedding_dim: 8 hash_bucket_size: 9 colour: RED }`,
    );
    const left = notes.filter(({ kind }) => kind === 'left out').map(({ line, field }) => `${line} ${field}`);
    expect(left).toEqual(['1 surprise', '3 model_config.wonder', '5 feature_configs.colour']);
  });
});
