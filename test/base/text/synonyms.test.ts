/** Words of Keras, PyTorch, TFRS, EasyRec, RecBole and DeepCTR, each in a place, and what the hint says of it. */
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { isTerm, meaningOf, type WordPlace } from '../../../src/base/text/synonyms.ts';
import type { KindRow } from '../../../src/compiler/library/contract.ts';
import { entryTables } from '../../../src/compiler/library/declarations/table.ts';
import { library } from '../../../src/compiler/model/library.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { model } from '../../compiler/model/check_text.ts';

const feature = (value: string) => `features { x : ${value} }`;
const inModel = (entry: string) =>
  model({ before: entry.includes('clicked') ? 'labels { clicked: binary }' : '', task: entry });
const loss = (value: string) => inModel(`score = cosine(user, item), loss = ${value}`);
const block = (value: string) => model({ user: `user_id -> flatten -> ${value} -> dense(4)` });
const train = (entry: string) => model({ after: `train { ${entry} }` });
const data = (entry: string) => `data d { events = "a.csv", split = random(test: 10%), ${entry} }`;
const label = (type: string) => `labels { x: ${type} }`;

/** A place, what is written there, and what must be in the hint of the one message at that word. */
const rows: readonly [(written: string) => string, written: string, hint: string][] = [
  [label, 'bool', '`binary`'],
  [label, 'boolean', '`binary`'],
  [label, 'Bool', '`binary`'],
  [label, 'click', '`binary`'],
  [label, 'float', '`number`'],
  [label, 'int', '`number`'],
  [label, 'float32', '`number`'],
  [label, 'regression', '`number`'],
  [label, 'multiclass', 'one binary label for each class'],
  [label, 'string', '`binary` or `number`'],
  [feature, 'string', '`category`'],
  [feature, 'str', '`category`'],
  [feature, 'categorical(dim: 8)', '`category`'],
  [feature, 'bool', '`category`'],
  [feature, 'float', '`number`'],
  [feature, 'int', '`number`'],
  [feature, 'numeric', '`number`'],
  [feature, 'RawFeature', '`number`'],
  [feature, 'embedding(dim: 8)', '`id`'],
  [feature, 'SparseFeat', '`id`'],
  [feature, 'DenseFeat', '`number`'],
  [feature, 'IdFeature', '`id`'],
  [feature, 'ComboFeature', '`cross`'],
  [feature, 'TagFeature', '`list(category)`'],
  [feature, 'tags', '`list(category)`'],
  [feature, 'multi_hot', '`list(category)`'],
  [feature, 'multihot', '`list(category)`'],
  [feature, 'SequenceFeature(dim: 8)', '`list`'],
  [feature, 'datetime', '`time`'],
  [feature, 'ngrams', '`text`'],
  [feature, 'id(embedding_dim: 8)', '`dim`'],
  [feature, 'id(output_dim: 8)', '`dim`'],
  [feature, 'id(num_buckets: 8)', '`hash`'],
  [feature, 'id(hash_bucket_size: 8)', '`hash`'],
  [feature, 'id(vocab_size: 8)', '`hash'],
  [feature, 'id(num_embeddings: 8)', '`hash'],
  [feature, 'id(min_freq: 8)', '`min_count`'],
  [feature, 'number(bins: [1, 2])', '`boundaries`'],
  [feature, 'number(num_bins: 8)', '`buckets`'],
  [feature, 'number(normalize)', '`standardize`'],
  [feature, 'number(log1p)', '`log`'],
  [feature, 'list(category, maxlen: 8)', '`max`'],
  [feature, 'list(category, seq_len: 8)', '`max`'],
  [feature, 'list(category, combiner: mean)', '`pool`'],
  [feature, 'list(category, pool: avg)', '`mean`'],
  [feature, 'list(category, pool: average)', '`mean`'],
  [feature, 'list(category, pool: max)', '`-> max`'],
  [feature, 'text(ngrams)', '`bigrams`'],
  [feature, 'text(tokens)', '`words`'],
  [feature, 'time(day_of_week)', '`weekday`'],
  [feature, 'category(vocab: 8)', '`vocabulary`'],
  [block, 'linear(8)', '`dense`'],
  [block, 'fc(8)', '`dense`'],
  [block, 'Linear(8)', '`dense`'],
  [block, 'dnn(8)', '`mlp`'],
  [block, 'DNN(8)', '`mlp`'],
  [block, 'Sequential(8)', '`mlp`'],
  [block, 'bn', '`batch_norm`'],
  [block, 'BatchNormalization', '`batch_norm`'],
  [block, 'LayerNormalization', '`layer_norm`'],
  [block, 'l2_normalize', '`normalize`'],
  [block, 'SENETLayer', '`senet`'],
  [block, 'CrossNet(2)', '`cross`'],
  [block, 'DCNv2', '`cross_v2`'],
  [block, 'Activation', '`dense(64, relu)`'],
  [block, 'swish', '`silu`'],
  [block, 'LeakyReLU', '`leaky_relu`'],
  [block, 'max_pooling', '`max`'],
  [block, 'MaskBlock(8)', '`mask`'],
  [block, 'conv1d(8)', '`conv`'],
  [block, 'mlp(8, act: relu)', '`activation`'],
  [block, 'bilinear(bilinear_type: all)', '`weights`'],
  [feature, 'list(category, per_sample_weights: x)', '`weights`'],
  [block, 'mlp(hidden_units: [8])', '`units`'],
  [block, 'mlp(8, activation: mish)', '`silu`'],
  [block, 'mlp(8, activation: elu)', '`leaky_relu`'],
  [block, 'mlp(8, activation: identity)', '`linear`'],
  [block, 'dense(8, dropout: 0.2)', '`-> dropout(0.2)`'],
  [block, 'mlp(8, dropout_rate: 0.2)', '`dropout`'],
  [block, 'dense(8, use_bn: true)', '`-> batch_norm`'],
  [block, 'mlp(8, use_bn: true)', '`norm`'],
  [block, 'mlp(8, norm: true)', '`batch`'],
  [block, 'dense(8, bias: false)', 'leave it out'],
  [block, 'dropout(p: 0.5)', '`rate`'],
  [block, 'dropout(keep_prob: 0.5)', 'the share that is dropped'],
  [loss, 'infonce', '`softmax(in_batch)`'],
  [loss, 'info_nce', '`softmax(in_batch)`'],
  [loss, 'cross_entropy', '`softmax(in_batch)`'],
  [loss, 'contrastive', '`softmax(in_batch)`'],
  [loss, 'sampled_softmax', '`softmax(in_batch)`'],
  [loss, 'CrossEntropyLoss', '`softmax(in_batch)`'],
  [loss, 'binary_crossentropy', '`bce`'],
  [loss, 'bce_loss', '`bce`'],
  [loss, 'log_loss', '`bce`'],
  [loss, 'BCEWithLogitsLoss', '`bce`'],
  [loss, 'MSELoss', '`mse`'],
  [loss, 'mae', '`huber(delta: …)`'],
  [loss, 'cosine_contrastive', '`ccl`'],
  [loss, 'triplet', '`hinge`'],
  [loss, 'listnet', '`listwise`'],
  [loss, 'smooth_l1', '`huber`'],
  [loss, 'softmax(tau: 0.1)', '`temperature`'],
  [loss, 'softmax(temp: 0.1)', '`temperature`'],
  [loss, 'softmax(label_smoothing: 0.1)', '`smoothing`'],
  [loss, 'softmax(in_batch, hard_negatives: 4)', '`hardest`'],
  [loss, 'softmax(num_negatives: 4)', '`negatives: sampled(4)`'],
  [loss, 'softmax(negatives: uniform)', '`sampled`'],
  [loss, 'softmax(correction: logq)', '`frequency`'],
  [(written) => inModel(`score = ${written}(user, item), loss = softmax`), 'cosine_similarity', '`cosine`'],
  [(written) => inModel(`score = ${written}(user, item), loss = softmax`), 'inner_product', '`dot`'],
  [(written) => inModel(`score = ${written}(user, item), loss = softmax`), 'euclidean', '`distance`'],
  [inModel, 'similarity = cosine(user, item), loss = softmax', '`score`'],
  [inModel, 'score = cosine(user, item), criterion = softmax', '`loss`'],
  [inModel, 'score = cosine(user, item) / 0.1, loss = bce, target = clicked', '`label`'],
  [inModel, 'score = cosine(user, item), loss = softmax, temperature = 0.1', 'belongs to the loss'],
  [inModel, 'score = cosine(user, item), loss = softmax, epochs = 3', '`train { … }`'],
  [inModel, 'score = cosine(user, item), loss = softmax, batch = 3', '`train { … }`'],
  [train, 'batch_size = 64', '`batch`'],
  [train, 'bs = 64', '`batch`'],
  [train, 'num_epochs = 2', '`epochs`'],
  [train, 'random_seed = 2', '`seed`'],
  [train, 'optimizer = adam', '`dense = adam(rate: 1e-3)` for the weights, `embeddings = adagrad(rate: 0.05)`'],
  [train, 'optimizer = adam(0.001)', '`embeddings = adagrad(rate: 0.05)` for the tables'],
  [train, 'sparse_optimizer = adagrad', '`embeddings`'],
  [train, 'early_stopping = recall(50)', '`stop`'],
  [train, 'lr = 0.1', '`dense = adam(rate: 1e-3)`'],
  [train, 'learning_rate = 0.1', '`dense = adam(rate: 1e-3)`'],
  [train, 'lr_schedule = cosine', 'decay: cosine'],
  [train, 'warmup_steps = 100', 'warmup: 200'],
  [train, 'weight_decay = 0.1', 'it belongs to an optimizer'],
  [train, 'l2 = 0.1', 'it belongs to an optimizer'],
  [train, 'max_grad_norm = 1', '`clip`'],
  [train, 'gradient_clipping = 1', '`clip`'],
  [train, 'dense = adam(clipnorm: 1)', '`clip = 1.0`'],
  [train, 'patience = 2', '`stop = recall(50, patience: 2)`'],
  [train, 'dropout_rate = 0.1', '`-> dropout(0.2)`'],
  [train, 'loss = bce', '`task NAME { … }`'],
  [train, 'split = random', '`data NAME { … }`'],
  [train, 'dense = adam(lr: 0.1)', '`rate`'],
  [train, 'dense = adam(learning_rate: 0.1)', '`rate`'],
  [train, 'dense = adam(eps: 0.1)', '`epsilon`'],
  [train, 'dense = adam(0.001)', 'use one of `rate`'],
  [train, 'dense = adam(weight_decay: 0.1)', '`adam` take `l2`'],
  [train, 'dense = adam(betas: 0.1)', '`beta1: 0.9, beta2: 0.999`'],
  [train, 'dense = rmsprop', '`adam`'],
  [train, 'dense = sgd(nesterov: true)', 'leave it out'],
  [train, 'dense = momentum(rate: 0.1)', 'it belongs to `sgd`'],
  [train, 'stop = hits(50)', '`hit_rate`'],
  [train, 'stop = hr(50)', '`hit_rate`'],
  [train, 'stop = val_loss', '`recall(50)`'],
  [train, 'stop = recall(top_k: 50)', '`k`'],
  [data, 'interactions = "b.csv"', 'use one of'],
  [data, 'filter = "a > 1"', '`where`'],
  [data, 'timestamp = "t"', '`time`'],
  [data, 'catalog = "b.csv" by item_id', '`items`'],
  [data, 'sep = ","', 'leave it out'],
  [data, 'test = "b.csv"', '`split` says what is held out'],
  [data, 'batch_size = 3', '`train { … }`'],
  [(written) => `data d { events = "a.csv", split = ${written} }`, 'loo', '`leave_one_out`'],
  [(written) => `data d { events = "a.csv", split = ${written} }`, 'random(val: 10%)', '`validation`'],
  [(written) => `${written} movies { events = "a.csv", split = random }`, 'dataset', '`data`'],
  [(written) => `${written} width = 3`, 'const', '`let`'],
];

describe('a word of the field', () => {
  it.each(rows.map(([around, written, hint]) => [written, hint, around] as const))(
    '%s: %s',
    (written, hint, around) => {
      const { diagnostics } = checkSource(makeSource('a.tower', around(written)));
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      expect(errors.length, JSON.stringify(errors.map(({ message }) => message))).toBe(1);
      expect(errors[0]!.hint).toContain(hint);
    },
  );
  it('is said of more than a hundred', () => {
    expect(rows.length).toBeGreaterThan(100);
  });
  it('that is a name of the library is never a word for another of the same place', () => {
    const tables: Partial<Record<WordPlace, Readonly<Record<string, unknown>>>> = {
      feature: library.features,
      block: library.blocks,
      score: library.scores,
      loss: library.losses,
      weighting: library.weightings,
      optimizer: library.optimizers,
      metric: library.metrics,
      ...entryTables,
    };
    for (const [place, table] of Object.entries(tables)) {
      const names = Object.keys(table!);
      const wrong = names.filter((name) => meaningOf(name, place as WordPlace, names));
      expect(wrong, place).toEqual([]);
    }
  });
  it('is known whatever its case and underscores', () => {
    expect(meaningOf('Learning_Rate', 'argument', ['rate'])).toEqual({ write: 'rate', same: true });
    expect(meaningOf('learningrate', 'argument', ['units'])).toBeUndefined();
    expect(meaningOf('constructor', 'argument', ['rate'])).toBeUndefined();
    expect([isTerm('Mish'), isTerm('ngrams'), isTerm('softmx')]).toEqual([true, true, false]);
  });
  it('that is an argument of a kind is no word for another of its arguments', () => {
    for (const table of Object.values(library)) {
      for (const [kind, { parameters }] of Object.entries(table as Readonly<Record<string, KindRow>>)) {
        const takes = Object.keys(parameters);
        for (const name of takes) {
          const meaning = meaningOf(
            name,
            'argument',
            takes.filter((other) => other !== name),
          );
          expect(meaning?.same ?? false, `${kind}.${name}`).toBe(false);
        }
      }
    }
  });
});
