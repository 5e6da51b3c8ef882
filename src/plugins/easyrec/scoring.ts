/** Converts the score and the loss of a config. */
import type { Identifiers, LabelDraft, TaskDraft } from './groups.ts';
import type { ConfigPart } from './part.ts';

export type ConfigDialect = 'EasyRec' | 'TorchEasyRec';

export interface ScoreContext {
  readonly root: ConfigPart;
  readonly model: ConfigPart;
  /** The message with the settings of the model, such as `dssm`. */
  readonly settings: ConfigPart;
  readonly dialect: ConfigDialect;
  readonly names: Identifiers;
  /** True for a model that ranks: its score is a logit. */
  readonly isRanking?: boolean;
}

type ConvertedLoss = 'softmax' | 'bce' | 'mse' | 'focal' | 'bpr' | 'hinge';

const losses: Readonly<Record<string, ConvertedLoss>> = {
  CLASSIFICATION: 'bce',
  BINARY_CROSS_ENTROPY_LOSS: 'bce',
  CROSS_ENTROPY_LOSS: 'bce',
  SOFTMAX_CROSS_ENTROPY: 'softmax',
  L2_LOSS: 'mse',
  BINARY_FOCAL_LOSS: 'focal',
  PAIR_WISE_LOSS: 'bpr',
  PAIRWISE_LOGISTIC_LOSS: 'bpr',
  PAIRWISE_HINGE_LOSS: 'hinge',
  softmax_cross_entropy: 'softmax',
  binary_cross_entropy: 'bce',
  l2_loss: 'mse',
  binary_focal_loss: 'focal',
};

export const samplers: readonly string[] = [
  'negative_sampler',
  'negative_sampler_in_memory',
  'negative_sampler_v2',
  'hard_negative_sampler',
  'hard_negative_sampler_v2',
];

/** Replaces a learned scale, which Tower's `bce` does not have. A cosine times 10 is a usual logit. */
const replacedScale = 10;

export function scoringOf(context: ScoreContext): { readonly task: TaskDraft; readonly labels: readonly LabelDraft[] } {
  const { root, settings, names } = context;
  const { loss, options } = lossOf(context);
  const isCosine = similarityOf(context) === 'cosine';
  const temperature = temperatureOf(context, isCosine);
  const data = root.part('data_config');
  const sampler = data?.oneOf(samplers);
  // If negatives are sampled, they are the rows with label 0.
  const isLabelled = (loss === 'bce' && !sampler) || loss === 'mse' || loss === 'focal';
  const labels = data?.texts('label_fields') ?? [];
  const labelName = context.model.text('label_name');
  const [first] = labelName ? [labelName] : labels;
  const weights = [data?.text('sample_weight'), ...(data?.texts('sample_weight_fields') ?? [])].filter(
    (name) => !!name,
  );
  for (const more of labels.filter((label) => label !== first)) {
    data!.at('label_fields').leftOut(`the label \`${more}\` has no loss in the model`);
  }
  if (first !== undefined && !isLabelled) {
    data!
      .at('label_fields')
      .differs(
        `a ${loss} has no label: each event is a positive. If \`${first}\` may be 0, write \`where = "${first} = 1"\` in \`data.tower\``,
      );
  }
  settings.skip('l2_regularization');
  const label = isLabelled ? names.of(first ?? 'label') : undefined;
  const weight = weights[0] === undefined ? undefined : names.of(weights[0]);
  return {
    task: {
      score: isCosine ? 'cosine(user, item)' : 'dot(user, item)',
      loss: lossText(context, loss, options, isCosine, temperature),
      label,
      weight,
    },
    labels: [
      ...(label === undefined ? [] : [labelOf(label, loss === 'mse' ? 'number' : 'binary', first ?? label)]),
      ...(weight === undefined ? [] : [labelOf(weight, 'number', weights[0]!)]),
    ],
  };
}

const labelOf = (name: string, kind: LabelDraft['kind'], column: string): LabelDraft =>
  name === column ? { name, kind } : { name, kind, column };

function similarityOf({ settings, dialect, isRanking }: ScoreContext): 'cosine' | 'dot' {
  const settingName = dialect === 'EasyRec' ? 'simi_func' : 'similarity';
  const usualSimilarity = dialect === 'EasyRec' || /mind$/i.test(settings.path) ? 'COSINE' : 'INNER_PRODUCT';
  const writtenSimilarity = isRanking ? 'INNER_PRODUCT' : (settings.text(settingName) ?? usualSimilarity);
  if (writtenSimilarity === 'EUCLID' || writtenSimilarity === '2')
    settings.at(settingName).differs('it is an inner product: write `distance` for minus the squared distance');
  return writtenSimilarity === 'COSINE' || writtenSimilarity === '0' ? 'cosine' : 'dot';
}

function temperatureOf(
  { settings, dialect, isRanking }: ScoreContext,
  isCosine: boolean,
): { value: number; isLearned: boolean } {
  const value = settings.number('temperature') ?? 1;
  const isLearned = settings.flag(
    'scale_simi',
    dialect === 'EasyRec' && !isRanking && !/model_params$/.test(settings.path),
  );
  if (value <= 0) {
    settings.at('temperature').leftOut('a temperature is above 0');
    return { value: 1, isLearned };
  }
  if (dialect === 'EasyRec' && !isCosine && value !== 1) {
    settings.at('temperature').notNeeded('EasyRec divides only a cosine by it');
    return { value: 1, isLearned };
  }
  return { value, isLearned };
}

function lossOf({ model, dialect, isRanking }: ScoreContext): {
  readonly loss: ConvertedLoss;
  readonly options?: ConfigPart;
} {
  const lossParts = model.parts('losses');
  const namedLosses = lossParts.map((part) => {
    if (dialect === 'TorchEasyRec') {
      const [name = ''] = part.names;
      return { name, at: part, options: part.part(name) };
    }
    const lossName = part.text('loss_type') ?? '';
    part.skip('weight', 'loss_name', 'learn_loss_weight');
    const options = part.oneOf(
      part.names.filter((field) => field !== 'loss_type' && part.at(field).path.endsWith('loss')),
    )?.part;
    return { name: lossName, at: part, options };
  });
  const singleLoss = model.text('loss_type');
  if (namedLosses.length === 0 && singleLoss !== undefined)
    namedLosses.push({ name: singleLoss, at: model, options: undefined });
  if (namedLosses.length === 0) return { loss: dialect === 'TorchEasyRec' && !isRanking ? 'softmax' : 'bce' };
  const [first, ...rest] = namedLosses;
  for (const { name, at, options } of rest) {
    at.leftOut(`the model has one loss for a task: \`${name}\` is not among it`);
    options?.skip(...options.names);
  }
  const knownLoss = Object.hasOwn(losses, first!.name) ? losses[first!.name] : undefined;
  if (knownLoss === undefined) {
    first!.options?.skip(...first!.options.names);
    first!.at.differs(`Tower has no \`${first!.name}\`: bce is in its place`);
  }
  if (knownLoss === 'bpr' || knownLoss === 'hinge')
    first!.at.differs('the pairs are of the items of the batch, and not of a session');
  return { loss: knownLoss ?? 'bce', options: first!.options };
}

function lossText(
  context: ScoreContext,
  loss: ConvertedLoss,
  options: ConfigPart | undefined,
  isCosine: boolean,
  { value, isLearned }: { readonly value: number; readonly isLearned: boolean },
): string {
  const { settings } = context;
  const smoothing = options?.number('label_smoothing') ?? 0;
  const smoothingText = smoothing > 0 && smoothing < 1 ? [`smoothing: ${smoothing}`] : [];
  switch (loss) {
    case 'softmax': {
      const temperature = isLearned
        ? [`temperature: learned(from: ${value}, least: ${Math.min(0.01, value)})`]
        : value === 1
          ? []
          : [`temperature: ${value}`];
      return `softmax(${[...negativesOf(context), ...temperature, ...smoothingText].join(', ')})`;
    }
    case 'bce':
    case 'focal': {
      if (isLearned) {
        const scaleText = isCosine ? `it is ${replacedScale}, try others` : 'the inner product has its own';
        settings.at('scale_simi').differs(`the scale of the score is not learned: ${scaleText}`);
      }
      const scale = isCosine && isLearned ? replacedScale : Number((1 / value).toPrecision(6));
      const scaleText = scale === 1 ? [] : [`scale: ${scale}`];
      if (loss === 'bce') return called('bce', [...drawnOf(context), ...scaleText, ...smoothingText]);
      const [gamma, alpha] = [options?.number('gamma'), options?.number('alpha')];
      return called('focal', [
        ...(gamma === undefined ? [] : [`gamma: ${gamma}`]),
        ...(alpha === undefined ? [] : [`alpha: ${alpha}`]),
        ...scaleText,
      ]);
    }
    case 'mse':
      return 'mse';
    default: {
      const margin = options?.number('margin') ?? options?.number('hinge_margin');
      return called(loss, ['in_batch', ...(margin === undefined ? [] : [`margin: ${margin}`])]);
    }
  }
}

const called = (name: string, settings: readonly string[]): string =>
  settings.length === 0 ? name : `${name}(${settings.join(', ')})`;

function negativesOf({ root, settings, dialect }: ScoreContext): string[] {
  const isInBatch =
    dialect === 'EasyRec'
      ? !settings.flag('ignore_in_batch_neg_sam', false)
      : settings.flag('in_batch_negative', false);
  if (dialect === 'EasyRec' && settings.text('item_id') === undefined && isInBatch)
    settings.differs("the row's own item is no negative of the row, wherever it comes up in the batch");
  const drawnItems = drawnOf({ root });
  const settingName = dialect === 'EasyRec' ? 'ignore_in_batch_neg_sam' : 'in_batch_negative';
  if (drawnItems.length === 0 && !isInBatch && settings.has(settingName))
    settings.at(settingName).differs('without drawn items, a row is compared with the items of the batch');
  if (drawnItems.length === 0) return ['in_batch'];
  return isInBatch ? ['in_batch', ...drawnItems] : drawnItems;
}

function drawnOf({ root }: Pick<ScoreContext, 'root'>): string[] {
  const samplerPart = root.part('data_config')?.oneOf(samplers);
  if (!samplerPart) return [];
  const { name, part } = samplerPart;
  const drawnCount = part.whole('num_sample', 1) ?? 1024;
  if (/hard/.test(name)) {
    part
      .at('hard_neg_edge_input_path')
      .leftOut('write the hard negatives of a row as a list in its column, and `negatives: listed(COLUMN)`');
    if (part.has('num_hard_sample')) part.at('num_hard_sample').leftOut('no hard negatives are drawn');
    part.skip('hard_neg_edge_input_path', 'num_hard_sample');
  }
  if (/v2$/.test(name)) {
    part
      .at('pos_edge_input_path')
      .leftOut('items that the user had may be drawn: `mask: HISTORY` leaves those of a list out');
    part.skip('pos_edge_input_path');
  }
  if (part.has('user_input_path')) part.at('user_input_path').notNeeded('users are those of the events');
  part.skip('user_input_path');
  return [`negatives: sampled(${drawnCount}, shared)`];
}
