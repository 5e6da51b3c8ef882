/** Converts optimizers and schedules of a config. */
import type { ConfigPart } from './part.ts';

export interface OptimizerDraft {
  readonly kind: string;
  readonly rate: number;
  readonly settings: readonly string[];
}

interface OptimizerRow {
  readonly kind: string;
  /** Maps a field of the config to an argument of Tower. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly also?: readonly string[];
  readonly differs?: string;
}

const betas = { beta1: 'beta1', beta2: 'beta2', eps: 'epsilon' } as const;
const decayed = { ...betas, weight_decay: 'weight_decay' } as const;
const nearest = (name: string, kind: string): string =>
  `Tower has no ${name}: ${kind} with the same rate is in its place`;

const rows: Readonly<Record<string, OptimizerRow>> = {
  adam_optimizer: { kind: 'adam', fields: { ...betas, weight_decay: 'l2' } },
  adam_async_optimizer: { kind: 'adam', fields: betas },
  lazy_adam_optimizer: { kind: 'adam', fields: betas },
  adamw_optimizer: { kind: 'adamw', fields: decayed },
  adam_asyncw_optimizer: { kind: 'adamw', fields: decayed },
  adagrad_optimizer: {
    kind: 'adagrad',
    fields: { initial_accumulator_value: 'initial', eps: 'epsilon', weight_decay: 'l2' },
  },
  rowwise_adagrad_optimizer: { kind: 'adagrad', also: ['per: row'] },
  sgd_optimizer: { kind: 'sgd', fields: { momentum: 'momentum', weight_decay: 'l2' } },
  momentum_optimizer: { kind: 'sgd', fields: { momentum_optimizer_value: 'momentum' } },
  momentumw_optimizer: {
    kind: 'sgd',
    fields: { momentum_optimizer_value: 'momentum', weight_decay: 'l2' },
    differs: 'the weight decay is the l2 of `sgd`, within the gradient',
  },
  lamb_optimizer: { kind: 'lamb', fields: decayed },
  partial_rowwise_lamb_optimizer: { kind: 'lamb', fields: decayed, differs: nearest('row-wise LAMB', '`lamb`') },
  partial_rowwise_adam_optimizer: {
    kind: 'adam',
    fields: { ...betas, weight_decay: 'l2' },
    differs: nearest('row-wise Adam', '`adam`'),
  },
  lars_sgd_optimizer: {
    kind: 'sgd',
    fields: { momentum: 'momentum', weight_decay: 'l2' },
    differs: nearest('LARS', '`sgd`'),
  },
  rms_prop_optimizer: { kind: 'adam', differs: nearest('RMSProp', '`adam`') },
  rmsprop_optimizer: { kind: 'adam', differs: nearest('RMSProp', '`adam`') },
  adadelta_optimizer: { kind: 'adagrad', differs: nearest('Adadelta', '`adagrad`') },
  ftrl_optimizer: { kind: 'adagrad', differs: nearest('FTRL', '`adagrad`') },
};

/** Defaults of EasyRec and of TorchEasyRec that differ from Tower's. */
const defaults: Readonly<Record<string, readonly [easyrec: readonly string[], torch: readonly string[]]>> = {
  momentum_optimizer: [['momentum: 0.9'], []],
  momentumw_optimizer: [['momentum: 0.9', 'l2: 1e-6'], []],
  adamw_optimizer: [['weight_decay: 1e-6'], ['weight_decay: 0']],
  adam_asyncw_optimizer: [['weight_decay: 1e-6'], []],
  adagrad_optimizer: [[], ['initial: 0']],
  rowwise_adagrad_optimizer: [[], ['initial: 0']],
};

export function optimizerOf(config: ConfigPart | undefined): OptimizerDraft | undefined {
  const foundOptimizer = config?.oneOf(Object.keys(rows));
  if (config === undefined || foundOptimizer === undefined) return undefined;
  const { name, part } = foundOptimizer;
  const { kind, fields = {}, also = [], differs } = rows[name]!;
  if (differs) config.at(name).differs(differs);
  const settings = Object.entries(fields).flatMap(([field, argument]) => {
    const fieldValue = part.number(field);
    // A weight decay of 0 is written out, because Tower's default may differ.
    return fieldValue === undefined ? [] : [`${argument}: ${fieldValue}`];
  });
  const givenNames = new Set(settings.map((setting) => setting.split(':')[0]));
  // In EasyRec the schedule is within the optimizer, in TorchEasyRec next to it.
  const nestedSettings = part.part('learning_rate');
  const [easyrec, torch] = defaults[name] ?? [[], []];
  const filledDefaults = (part.has('lr') ? torch : easyrec).filter(
    (setting) => !givenNames.has(setting.split(':')[0]!),
  );
  const schedule = scheduleOf(nestedSettings ?? config, part.number('lr') ?? 0.002, nestedSettings !== undefined);
  return { kind, rate: schedule.rate, settings: [...settings, ...filledDefaults, ...also, ...schedule.settings] };
}

interface Schedule {
  readonly rate: number;
  readonly settings: readonly string[];
}

type ReadSchedule = (part: ConfigPart, rate: number) => Schedule;

const warmupOf = (part: ConfigPart, ...names: readonly string[]): string[] => {
  const warmupName = names.find((name) => (part.whole(name) ?? 0) > 0);
  return warmupName === undefined ? [] : [`warmup: ${part.whole(warmupName)}`];
};

const ends = 'it ends with the last step of the run';

const constant: ReadSchedule = (part, rate) => ({ rate: part.number('learning_rate') ?? rate, settings: [] });

const exponential: ReadSchedule = (part, rate) => {
  part.leftOut(
    'Tower has no decay by a factor: the rate stays as it is after its warm-up. `decay: cosine` and `decay: inverse_sqrt` are near',
  );
  part.skip('decay_steps', 'decay_size', 'decay_factor', 'staircase', 'min_learning_rate', 'by_epoch');
  part.skip('burnin_learning_rate', 'warmup_learning_rate');
  return {
    rate: part.number('initial_learning_rate') ?? rate,
    settings: warmupOf(part, 'burnin_steps', 'warmup_size'),
  };
};

const cosine: ReadSchedule = (part, rate) => {
  part.differs(`the cosine of Tower falls towards 0, and ${ends}`);
  part.skip(
    'total_steps',
    'T_max',
    'T_0',
    'T_mult',
    'min_learning_rate',
    'warmup_learning_rate',
    'by_epoch',
    'hold_base_rate_steps',
  );
  return {
    rate: part.number('learning_rate_base') ?? rate,
    settings: [...warmupOf(part, 'warmup_steps', 'warmup_size'), 'decay: cosine'],
  };
};

const polynomial: ReadSchedule = (part, rate) => {
  const power = part.number('power') ?? 1;
  part.differs(
    `Tower's rate falls in a line towards 0${power === 1 ? '' : `, without the power ${power}`}, and ${ends}`,
  );
  part.skip('total_steps', 'end_learning_rate');
  return { rate: part.number('learning_rate_base') ?? rate, settings: ['decay: linear'] };
};

/** base · hidden^-½ · min(step^-½, step · warmup^-1.5): at the end of the warm-up it is base · hidden^-½ · warmup^-½. */
const transformer: ReadSchedule = (part, rate) => {
  const [width, warmup] = [part.whole('hidden_size', 1) ?? 1, part.whole('warmup_steps', 1) ?? 1];
  const scale = part.number('step_scaling_rate') ?? 1;
  const topRate = ((part.number('learning_rate_base') ?? rate) * scale) / Math.sqrt(width * warmup);
  return { rate: Number(topRate.toPrecision(4)), settings: [`warmup: ${warmup}`, 'decay: inverse_sqrt'] };
};

const manual: ReadSchedule = (part, rate) => {
  part.leftOut('Tower has no table of rates: the first one stays');
  const firstRate = part.number('initial_learning_rate') ?? part.numbers('learning_rates')[0] ?? rate;
  part.skip('schedule', 'schedule_sizes', 'learning_rates', 'warmup', 'by_epoch');
  return { rate: firstRate, settings: [] };
};

const schedules: Readonly<Record<string, ReadSchedule>> = {
  constant_learning_rate: constant,
  exponential_decay_learning_rate: exponential,
  manual_step_learning_rate: manual,
  cosine_decay_learning_rate: cosine,
  cosine_annealing_learning_rate: cosine,
  cosine_annealing_warm_restarts_learning_rate: cosine,
  poly_decay_learning_rate: polynomial,
  transformer_learning_rate: transformer,
};

function scheduleOf(part: ConfigPart, rate: number, isInside: boolean): Schedule {
  const foundSchedule = part.oneOf(Object.keys(schedules));
  if (!foundSchedule) return { rate, settings: [] };
  // EasyRec's own default of a rate is 0.002.
  return schedules[foundSchedule.name]!(foundSchedule.part, isInside ? 0.002 : rate);
}

/** `adam(rate: 0.001, l2: 1e-6)` */
export function optimizerText({ kind, rate, settings }: OptimizerDraft, l2: number, factor = 1): string {
  const hasDecay = settings.some((setting) => /^(l2|weight_decay):/.test(setting));
  const accepts = kind !== 'adamw' && kind !== 'lamb';
  const extraSettings = l2 > 0 && !hasDecay && accepts ? [`l2: ${l2}`] : [];
  return `${kind}(${[`rate: ${Number((rate * factor).toPrecision(6))}`, ...settings, ...extraSettings].join(', ')})`;
}
