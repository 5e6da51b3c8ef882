/** Layers of a config as blocks of a flow. */
import type { ImportNotes } from './notes.ts';
import type { ConfigPart } from './part.ts';

const activations: Readonly<Record<string, string>> = {
  '': 'linear',
  linear: 'linear',
  identity: 'linear',
  relu: 'relu',
  leakyrelu: 'leaky_relu',
  gelu: 'gelu',
  gelunew: 'gelu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  softplus: 'softplus',
  prelu: 'prelu',
  dice: 'dice',
};

/** `tf.nn.relu`, `nn.ReLU`, `relu` and `nn.LeakyReLU,negative_slope=0.2` are names of one family. */
function activationOf(part: ConfigPart, name: string, otherwise: string, notes: ImportNotes): string {
  const written = part.text(name) ?? otherwise;
  const [word = '', ...settings] = written.split(/[,(]/);
  const plainWord = word.replace(/^.*\./, '').replaceAll('_', '').trim().toLowerCase();
  const knownActivation = Object.hasOwn(activations, plainWord) ? activations[plainWord] : undefined;
  if (knownActivation === undefined)
    notes.differs(part.at(name), `Tower has no activation \`${written}\`: relu is in its place`);
  else if (settings.length > 0)
    notes.differs(part.at(name), `the settings of \`${written}\` are those of Tower's \`${knownActivation}\``);
  return knownActivation ?? 'relu';
}

interface DenseLayers {
  readonly units: readonly number[];
  readonly activation: string;
  readonly norm: 'none' | 'batch' | 'layer';
  /** One for each layer, or one for all. */
  readonly dropout: readonly number[];
}

/** @param norms the default of the normalization */
function layersOf(part: ConfigPart, norms: boolean, notes: ImportNotes): DenseLayers {
  const units = part.wholes('hidden_units', 0);
  const norm = part.flag('use_bn', norms) ? 'batch' : part.flag('use_ln', false) ? 'layer' : 'none';
  if (!part.flag('bias', true)) notes.differs(part.at('bias'), 'layers of Tower have a bias');
  const dropout = part.numbers('dropout_ratio').map((rate) => Math.min(Math.max(rate, 0), 0.99));
  return { units, activation: activationOf(part, 'activation', 'relu', notes), norm, dropout };
}

/** Layers of which the last is linear, as those of `mlp` are. */
export function linearEnd(
  part: ConfigPart,
  norms: boolean,
  notes: ImportNotes,
  more: readonly number[] = [],
): string[] {
  const layers = layersOf(part, norms, notes);
  return blocksOf({ ...layers, units: [...layers.units, ...more] }, false);
}

/** Layers that all have an activation. */
export const activeEnd = (part: ConfigPart, norms: boolean, notes: ImportNotes): string[] =>
  blocksOf(layersOf(part, norms, notes), true);

/** The `MLP` of a backbone: its last layer has settings of its own. */
export function kerasMlp(part: ConfigPart, notes: ImportNotes): string[] {
  const layers = layersOf(part, true, notes);
  const lastActivation = activationOf(part, 'final_activation', 'relu', notes);
  const normsLast = part.flag('use_final_bn', true);
  part.skip('initializer');
  for (const name of ['use_bias', 'use_final_bias'] as const) part.flag(name, false);
  if (part.flag('use_bn_after_activation', false)) {
    notes.differs(part.at('use_bn_after_activation'), 'Tower normalises before the activation');
  }
  if (lastActivation === 'linear' && !normsLast) return blocksOf(layers, false);
  return [
    ...blocksOf(layers, false),
    ...(normsLast && layers.norm !== 'none' ? ['batch_norm'] : []),
    ...(lastActivation === 'linear' ? [] : [lastActivation]),
  ];
}

function blocksOf({ units, activation, norm, dropout }: DenseLayers, isActive: boolean): string[] {
  const widths = units.filter((width) => width > 0);
  if (widths.length === 0) return [];
  const afterLayer = (rate: number | undefined): string[] => [
    ...(norm === 'none' ? [] : [`${norm}_norm`]),
    ...(activation === 'linear' ? [] : [activation]),
    ...(rate ? [`dropout(${rate})`] : []),
  ];
  const isEven = dropout.every((rate) => rate === dropout[0]);
  if (!isEven) {
    return widths.flatMap((width, at) => [
      `dense(${width})`,
      ...(at < widths.length - 1 || isActive ? afterLayer(dropout[at]) : []),
    ]);
  }
  const rate = dropout[0] ?? 0;
  const settings = [
    ...(activation === 'relu' ? [] : [`activation: ${activation}`]),
    ...(norm === 'none' ? [] : [`norm: ${norm}`]),
    ...(rate > 0 ? [`dropout: ${rate}`] : []),
  ];
  const isOne = widths.length === 1;
  const body = isOne ? `dense(${widths[0]})` : `mlp(${[...widths, ...settings].join(', ')})`;
  return [body, ...(isActive ? afterLayer(rate) : [])];
}
