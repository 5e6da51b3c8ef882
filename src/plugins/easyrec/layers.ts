/** Converts layers of a config to blocks of a flow. */
import type { ConfigGroup, FeatureDraft, Identifiers, SideName, TowerDraft, TowerSides } from './groups.ts';
import type { ConfigPart } from './part.ts';
import type { ConfigDialect } from './scoring.ts';

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

/** Converts an activation. `tf.nn.relu`, `nn.ReLU`, `relu` and `nn.LeakyReLU,negative_slope=0.2` are all known names. */
function activationOf(part: ConfigPart, name: string, otherwise: string): string {
  const activationText = part.text(name) ?? otherwise;
  const [word = '', ...settings] = activationText.split(/[,(]/);
  const plainWord = word.replace(/^.*\./, '').replaceAll('_', '').trim().toLowerCase();
  const knownActivation = Object.hasOwn(activations, plainWord) ? activations[plainWord] : undefined;
  if (knownActivation === undefined)
    part.at(name).differs(`Tower has no activation \`${activationText}\`: relu is in its place`);
  else if (settings.length > 0)
    part.at(name).differs(`the settings of \`${activationText}\` are those of Tower's \`${knownActivation}\``);
  return knownActivation ?? 'relu';
}

interface DenseLayers {
  readonly units: readonly number[];
  readonly activation: string;
  readonly norm: 'none' | 'batch' | 'layer';
  /** One rate for each layer, or one for all. */
  readonly dropout: readonly number[];
}

/** @param norms true if layers are normalized by default */
function layersOf(part: ConfigPart, norms: boolean): DenseLayers {
  const units = part.wholes('hidden_units', 0);
  const norm = part.flag('use_bn', norms) ? 'batch' : part.flag('use_ln', false) ? 'layer' : 'none';
  if (!part.flag('bias', true)) part.at('bias').differs('layers of Tower have a bias');
  const dropout = part.numbers('dropout_ratio').map((rate) => Math.min(Math.max(rate, 0), 0.99));
  return { units, activation: activationOf(part, 'activation', 'relu'), norm, dropout };
}

/** Returns layers of which the last is linear, as in `mlp`. */
export function linearEnd(part: ConfigPart, norms: boolean, more: readonly number[] = []): string[] {
  const layers = layersOf(part, norms);
  return blocksOf({ ...layers, units: [...layers.units, ...more] }, false);
}

/** Returns layers that all have an activation. */
export const activeEnd = (part: ConfigPart, norms: boolean): string[] => blocksOf(layersOf(part, norms), true);

/** Converts the `MLP` of a backbone, whose last layer has settings of its own. */
export function kerasMlp(part: ConfigPart): string[] {
  const layers = layersOf(part, true);
  const lastActivation = activationOf(part, 'final_activation', 'relu');
  const normsLast = part.flag('use_final_bn', true);
  part.skip('initializer');
  for (const name of ['use_bias', 'use_final_bias'] as const) part.flag(name, false);
  if (part.flag('use_bn_after_activation', false)) {
    part.at('use_bn_after_activation').differs('Tower normalises before the activation');
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
    return widths.flatMap((width, index) => [
      `dense(${width})`,
      ...(index < widths.length - 1 || isActive ? afterLayer(dropout[index]) : []),
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

/** The input of a row that converts a model. */
export interface ModelContext {
  readonly dialect: ConfigDialect;
  readonly model: ConfigPart;
  readonly settings: ConfigPart;
  readonly groups: readonly ConfigGroup[];
  readonly names: Identifiers;
  /** Returns a feature by its name in the config. */
  readonly feature: (original: string) => FeatureDraft | undefined;
  /** Called with the groups that the towers read, before any feature is converted. */
  readonly sides: (groups: Readonly<Record<SideName, readonly ConfigGroup[]>>) => TowerSides;
  /** Makes a Failure `config-model`, because the model cannot be converted to two towers. */
  readonly refuse: (reason: string) => Error;
}

export interface ConvertedTowers {
  readonly sides: TowerSides;
  readonly user: TowerDraft;
  readonly item: TowerDraft;
  readonly keys: { readonly user: string | undefined; readonly item: string | undefined };
}

export function senetBlock(senet: ConfigPart): string {
  if ((senet.whole('num_squeeze_group') ?? 2) !== 1) {
    senet.differs("Tower's `senet` weighs whole fields by their means, and has no groups of numbers within a field");
  }
  const block = `senet(reduction: ${senet.whole('reduction_ratio', 1) ?? 4})`;
  return senet.flag('use_skip_connection', true) ? `residual(${block})` : block;
}
