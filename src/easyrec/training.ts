/** The `train` block: steps, optimizers and metrics of a config. */
import type { Notes } from './notes.ts';
import { optimizerOf, optimizerText } from './optimizers.ts';
import type { Part } from './part.ts';
import type { Dialect } from './scoring.ts';

const metricRows: Readonly<Record<string, (part: Part) => string>> = {
  recall_at_topk: (part) => `recall(${part.whole('topk', 1) ?? 5})`,
  recall_at_k: (part) => `recall(${part.whole('top_k', 1) ?? 5})`,
  precision_at_topk: (part) => `precision(${part.whole('topk', 1) ?? 5})`,
};

/** Metrics of a label, which `tower evaluate` measures of each task with one. */
const ofLabels: ReadonlySet<string> = new Set([
  'auc',
  'mean_absolute_error',
  'root_mean_squared_error',
  'mean_squared_error',
]);

/** @param isLabelled whether the task has a label */
export function trainLines(root: Part, model: Part, dialect: Dialect, isLabelled: boolean, notes: Notes): string[] {
  const train = root.part('train_config');
  const data = root.part('data_config');
  const batch = data?.whole('batch_size', 1) ?? (dialect === 'EasyRec' ? 32 : 1024);
  const metrics = metricsOf(root, model, isLabelled, notes);
  const clip = train?.number('gradient_clipping_by_norm') ?? clippingOf(train, notes);
  return [
    `batch = ${batch}, ${lengthOf(train, data, notes)}, seed = 1`,
    ...optimizerLines(root, model, train, dialect, notes),
    ...(clip > 0 ? [`clip = ${clip}`] : []),
    ...(metrics.length > 0 ? [`metrics = ${metrics.join(', ')}`] : []),
  ];
}

function lengthOf(train: Part | undefined, data: Part | undefined, notes: Notes): string {
  const steps = train?.whole('num_steps') ?? 0;
  const epochs = train?.whole('num_epochs') ?? data?.whole('num_epochs') ?? 0;
  if (steps > 0) {
    const at = train?.has('num_epochs') ? train.at('num_epochs') : data?.at('num_epochs');
    if (epochs > 0 && at) notes.differs(at, `the run has ${steps} steps, whatever their epochs`);
    return `steps = ${steps}`;
  }
  return `epochs = ${epochs > 0 ? epochs : 1}`;
}

function clippingOf(train: Part | undefined, notes: Notes): number {
  const part = train?.part('grad_clipping');
  if (part?.text('clipping_type') !== 'norm') return 0;
  notes.differs(part, 'the gradient of tables counts in the length as well');
  part.skip('norm_type', 'enable_global_grad_clip');
  return part.number('max_gradient') ?? 1;
}

function optimizerLines(root: Part, model: Part, train: Part | undefined, dialect: Dialect, notes: Notes): string[] {
  const kind = model.oneOf(['dssm', 'dssm_senet', 'mind', 'multi_tower', 'multi_tower_recall', 'model_params']);
  const dense2 = kind?.part.number('l2_regularization') ?? (dialect === 'EasyRec' ? 1e-4 : 0);
  const tables2 = model.number('embedding_regularization') ?? 0;
  const parts = train?.parts('optimizer_config') ?? [];
  const [first, second, third] =
    dialect === 'EasyRec' ? parts : [train?.part('sparse_optimizer'), train?.part('dense_optimizer')];
  if (third) notes.leftOut(third, 'Tower has no wide part, so it has no optimizer of its own');
  for (const part of [first, second, third]) {
    if (part?.flag('use_moving_average', false))
      notes.leftOut(part.at('use_moving_average'), 'Tower keeps no moving average of the weights');
    if (part?.has('ema')) notes.leftOut(part.at('ema'), 'Tower keeps no moving average of the weights');
    part?.skip('ema', 'moving_average_decay');
  }
  const factor = first?.number('embedding_learning_rate_multiplier') ?? 1;
  const embeddings = optimizerOf(first, notes);
  const dense = second === undefined ? embeddings : optimizerOf(second, notes);
  const lines = [
    ...(dense ? [`dense = ${optimizerText(dense, dense2)}`] : []),
    ...(embeddings ? [`embeddings = ${optimizerText(embeddings, tables2, factor)}`] : []),
  ];
  if (lines.length === 0) notes.differs(train ?? root, 'the config names no optimizer: they are those of Tower');
  return lines;
}

function metricsOf(root: Part, model: Part, isLabelled: boolean, notes: Notes): string[] {
  const sets = [
    ...(root.part('eval_config')?.parts('metrics_set') ?? []),
    ...model.parts('metrics'),
    ...model.parts('train_metrics'),
  ];
  const found = sets.flatMap((set) => {
    set.skip('decay_rate', 'decay_step');
    const [name] = set.names.filter((field) => field !== 'decay_rate' && field !== 'decay_step');
    if (name === undefined) return [];
    const part = set.part(name)!;
    const read = Object.hasOwn(metricRows, name) ? metricRows[name] : undefined;
    if (read) return [read(part)];
    if (name === 'auc' && !isLabelled) return ['auc'];
    if (ofLabels.has(name) && isLabelled)
      notes.notNeeded(part, '`tower evaluate` measures it of each task with a label');
    else notes.leftOut(part, `Tower has no metric \`${name}\``);
    part.skip(...part.names);
    return [];
  });
  return [...new Set(found)];
}
