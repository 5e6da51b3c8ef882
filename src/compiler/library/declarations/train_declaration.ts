// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { KindRow } from '../contract.ts';
import { accuracyMetrics, metrics } from '../metrics/table.ts';
import { optimizers } from '../optimizers/table.ts';
import { choice, integer, name, number } from '../parameters.ts';
import { callEntry, callsEntry, declaration, entry } from './entry.ts';

/** Kinds of `validate` in `train`: how often a run is validated, and on how much of the validation part. */
const validations = {
  every: {
    doc: 'How many epochs or steps pass from one validation to the next. The last epoch and the last step are always validated.',
    example: 'every(5)',
    parameters: {
      epochs: integer({ min: 1, positional: true, doc: 'Epochs between two validations. Default 1.' }),
      steps: integer({
        min: 1,
        doc: 'Steps between two validations. A record in `metrics.jsonl` and a checkpoint then come after as many steps too, and `stop` counts these validations.',
      }),
    },
  },
  sample: {
    doc: 'Validates on some of the rankings of the validation part, the same ones each time. Which they are follows from `seed`.',
    example: 'sample(2000)',
    parameters: {
      rankings: integer({
        min: 1,
        required: true,
        positional: true,
        doc: 'How many rankings: of users where the data block says `evaluate = per_user`, else of events.',
      }),
    },
  },
} satisfies Readonly<Record<string, KindRow>>;

const settings = {
  rate: number({ above: 0, doc: 'Step size in place of the one of the optimizer; the schedule stays.' }),
  l2: number({ min: 0, doc: 'In place of the `l2` of the optimizer.' }),
  weight_decay: number({ min: 0, doc: 'In place of the `weight_decay` of the optimizer.' }),
};

/** Kinds of `overrides` in `train`: settings of an optimizer for one table or one tower. */
const overrides = {
  table: {
    doc: 'The embedding table of one feature. Every feature that shares the table learns with these settings.',
    example: 'table(movie_id, rate: 0.01)',
    parameters: {
      feature: name('feature', { doc: 'The feature that the table belongs to.', required: true, positional: true }),
      ...settings,
    },
  },
  weights: {
    doc: 'The weights of the blocks of one tower. Embedding tables and shared blocks keep the settings of their optimizer.',
    example: 'weights(user, rate: 1e-4)',
    parameters: { tower: name('tower', { doc: 'The tower.', required: true, positional: true }), ...settings },
  },
} satisfies Readonly<Record<string, KindRow>>;

/** Kinds of `targets` in `train`: what a row of a step is. */
const targets = {
  events: { doc: 'Each event is a row, with the whole list before it.', example: 'events', parameters: {} },
  positions: {
    doc: 'A list in sequence is a row, and each of its positions has the event after it as target. The loss and its gradient are those of `events`, for a fraction of the work. Blocks before `last` must not see later elements.',
    paper:
      'Kang & McAuley, "Self-attentive sequential recommendation", ICDM 2018; ahead: Pancha et al., "PinnerFormer: sequence modeling for user representation at Pinterest", KDD 2022 (section 3.4)',
    example: 'positions(ahead: 10)',
    parameters: {
      ahead: integer({
        min: 1,
        doc: 'An event is the target of one of the last `ahead` positions before it, drawn anew for each step, so that a position learns what follows soon, and not only what is next.',
        default: 1,
      }),
    },
  },
  users: {
    doc: 'A user is a row, its histories hold all of its training events, and each of its items is a target, for losses of `all` items.',
    example: 'users',
    parameters: {},
  },
} satisfies Readonly<Record<string, KindRow>>;

/** Kinds of `graph` in `train`: how rows of the id tables of both towers learn from their neighbours. */
const graphs = {
  lightgcn: {
    doc: 'The graph has a node for each user and each item, and an edge where a training event has both. What the towers read of the two id tables is the mean over layers: the row itself, the sum of its neighbours’ rows, each divided by √(neighbours of one · neighbours of the other), the same of their neighbours, and so on. Every step updates all rows of both tables.',
    paper:
      'He et al., "LightGCN: simplifying and powering graph convolution network for recommendation", SIGIR 2020 (equations 3, 4 and 8)',
    also: ['light_gcn', 'gcn', 'lgcn'],
    example: 'lightgcn(layers: 2)',
    parameters: {
      layers: integer({
        min: 1,
        max: 8,
        default: 2,
        doc: 'How many edges away a row reads. A step costs two products of the whole graph for each layer after the first.',
      }),
    },
  },
} satisfies Readonly<Record<string, KindRow>>;

/** A parameter that `stop` adds to the metric that it watches. */
const patience = {
  patience: integer({
    min: 1,
    default: 2,
    doc: 'Validations without a new best before training ends: epochs, unless `validate` says otherwise.',
  }),
};

/** Numbers here may also be set for one run: `--set batch=512`. */
export const train = declaration({
  brief: 'How it is trained.',
  doc: 'How the model is trained: batch, epochs, seed, optimizers, and when to stop. All have defaults.',
  example: 'train {\n  batch = 1024, epochs = 10\n  dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05)\n}',
  snippet: [
    'train {',
    '  batch = ${1:1024}, epochs = ${2:10}',
    '  dense = ${3:adam(rate: 1e-3)}, embeddings = ${4:adagrad(rate: 0.05)}',
    '  stop  = ${5:recall(50, patience: 2)}',
    '}',
  ],
  entries: {
    batch: entry('1024', integer({ min: 1, default: 1024, doc: 'Rows a step.' })),
    epochs: {
      ...entry(
        '10',
        integer({ min: 0, default: 10, doc: 'Passes over the training part. With 0 the initial weights remain.' }),
      ),
      insteadOf: 'steps',
    },
    steps: {
      ...entry(
        '20000',
        integer({ min: 1, doc: 'Steps in all, in place of `epochs`. The last epoch may end before its last batch.' }),
      ),
      insteadOf: 'epochs',
    },
    seed: entry('7', integer({ min: 0, default: 1, doc: 'Everything random follows from it.' })),
    dense: callEntry(
      'adam(rate: 1e-3)',
      { what: 'optimizer', of: optimizers },
      {
        default: { kind: 'adam', arguments: { rate: 1e-3 } },
        doc: 'Optimizer of the weights. Default `adam(rate: 1e-3)`.',
      },
    ),
    embeddings: callEntry(
      'adagrad(rate: 0.05)',
      { what: 'optimizer', of: optimizers },
      {
        default: { kind: 'adagrad', arguments: { rate: 0.05 } },
        doc: 'Optimizer of the embedding tables, which updates only the rows of a batch. Default `adagrad(rate: 0.05)`.',
      },
    ),
    overrides: callsEntry(
      'table(movie_id, rate: 0.01), weights(user, rate: 1e-4)',
      { what: 'override', of: overrides },
      {
        doc: 'Settings of an optimizer that differ for one table or one tower: `table(movie_id, rate: 0.01)`, `weights(user, l2: 1e-5)`.',
      },
    ),
    precision: entry(
      'bf16',
      choice(['float32', 'bf16', 'auto'], {
        default: 'float32',
        doc: 'How a step multiplies matrices. `bf16`: operands and results are rounded to 8 significant bits, large products take a fifth to two thirds of the time on processors with instructions for it, and sums, losses, weights and tables stay float32. `auto` measures both when a run begins, and takes `bf16` if it is faster; the run keeps the choice. The trained model is the same kind of model in each case.',
      }),
    ),
    targets: callEntry(
      'events',
      { what: 'kind of targets', of: targets },
      {
        default: { kind: 'events', arguments: {} },
        doc: 'Where the targets of a step come from. `events`: each event is a row, with the whole list before it. `positions`: a list in sequence is a row, and each of its positions has the event after it as target. `users`: a user is a row, and each of its items is a target.',
      },
    ),
    graph: callEntry(
      'lightgcn(layers: 2)',
      { what: 'graph', of: graphs },
      {
        doc: 'What the rows of the two id tables learn from their neighbours in the graph of the training events: `lightgcn(layers: 2)`. Without it, nothing.',
      },
    ),
    clip: entry(
      '1.0',
      number({
        above: 0,
        doc: 'Largest length of the gradient of a step, over all weights and embedding rows together; a longer one is scaled down to it. Without it, nothing is cut.',
      }),
    ),
    metrics: callsEntry(
      'recall(20), ndcg(20)',
      { what: 'metric', of: metrics },
      {
        doc: 'Which metrics are measured, on validation and by `tower evaluate` and `tower compare`. Without it: recall(10), recall(50), recall(100), ndcg(10), hit_rate(10), mrr, auc.',
      },
    ),
    validate: callsEntry(
      'every(5), sample(2000)',
      { what: 'validation', of: validations },
      {
        doc: 'How often a run is validated, and on how many rankings: `every(5)`, `every(steps: 1000)`, `sample(2000)`. Without it, after each epoch, on the whole validation part.',
      },
    ),
    stop: callEntry(
      'recall(50, patience: 2)',
      { what: 'metric of accuracy', of: accuracyMetrics, also: patience },
      { doc: 'Ends training when this metric of the validation part no longer rises: `recall(50, patience: 2)`.' },
    ),
  },
});
