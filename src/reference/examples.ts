/** A small model around the example of each kind: what shows that it checks. */
import { smallModel, type Variation } from '../diagnostics/small_model.ts';
import { format } from '../format/format.ts';
import { library } from '../model/library.ts';
import { type Checked, check } from '../pipeline.ts';
import type * as Ast from '../syntax/ast.ts';
import { makeSource, textOf } from '../text/source.ts';
import type { Kind, Table } from './kinds.ts';

export interface Example {
  /** A whole model that has the row's example at its place. */
  readonly model: string;
  /** The declaration of the model that has it. */
  readonly excerpt: string;
  readonly checked: Checked;
}

export function exampleOf({ section, name, row }: Kind): Example {
  const text = smallModel(variationOf(section.table, name, row.example));
  const source = makeSource('example.tower', format(makeSource('example.tower', text)).output ?? text);
  const checked = check(source);
  const shown = checked.file.declarations.find((declaration) => holds(section.table, declaration));
  return { model: source.text, excerpt: `${shown ? textOf(shown.span) : source.text.trimEnd()}\n`, checked };
}

const declarationOf: Readonly<Record<Table, Ast.Declaration['kind']>> = {
  features: 'Features',
  blocks: 'Tower',
  scores: 'Task',
  losses: 'Task',
  weightings: 'Objective',
  optimizers: 'Train',
  metrics: 'Train',
};

const holds = (table: Table, { kind }: Ast.Declaration): boolean => kind === declarationOf[table];

function variationOf(table: Table, name: string, example: string): Variation {
  switch (table) {
    case 'features':
      return featureVariation(example);
    case 'blocks':
      return blockVariation(name, example);
    case 'scores':
      return {
        tasks: `task watch { score = ${example}, loss = softmax(in_batch${name === 'cosine' ? ', temperature: 0.05' : ''}) }`,
      };
    case 'losses':
      return lossVariation(name, example);
    case 'weightings':
      return {
        labels: 'clicked: binary, liked: binary',
        tasks: ['click', 'like']
          .map((task) => {
            const label = task === 'like' ? 'liked' : 'clicked';
            return `task ${task} { score = cosine(user, item) / 0.1, loss = bce, label = ${label} }`;
          })
          .join('\n'),
        after: `objective = ${example}`,
      };
    case 'optimizers':
      return { after: `train { ${example.includes('row') ? 'embeddings' : 'dense'} = ${example} }` };
    case 'metrics':
      return { after: `train { stop = ${example} }` };
  }
}

/** Features of either side that an example may name. */
const country = 'country: category(dim: 16)';
const video = 'video_id: id(dim: 16)';
const history = 'history: list(movie_id, max: 50)';

function featureVariation(example: string): Variation {
  const namesVideo = example.includes('video_id');
  const namesCountry = example.includes('country');
  const namesHistory = example.includes('history');
  return {
    features: [
      `example: ${example}`,
      ...(namesCountry ? [country] : []),
      ...(namesVideo ? [video] : []),
      ...(namesHistory ? [history] : []),
    ].join('\n'),
    groups: `group profile = user_id, example${namesCountry ? ', country' : ''}${namesHistory ? ', history' : ''}${namesVideo ? '\ngroup video = movie_id, video_id' : ''}`,
    userInputs: 'profile',
    user: 'channel main = profile -> flatten -> mlp(32, 16)',
    ...(namesVideo ? { itemInputs: 'video', item: 'channel main = video -> flatten -> mlp(32, 16)' } : {}),
  };
}

/** Blocks that take fields as they are; what they get is made a vector for the others. */
const takeFields = new Set(['flatten', 'senet', 'mean', 'sum', 'product', 'fm', 'ffm', 'cin', 'bilinear']);
const takeSequences = new Set(['attention', 'self_attention', 'gru', 'multi_interest']);

const profile: Variation = {
  features: `${country}\nage: number(buckets: 8, dim: 16)`,
  groups: 'group profile = user_id, country, age',
  userInputs: 'profile',
};

/** What stands around a block whose example does not fit between `flatten` and `dense(16)`. */
const around: Readonly<Record<string, (example: string) => string>> = {
  normalize: (example) => `profile -> flatten -> mlp(32, 16) -> ${example}`,
  residual: (example) => `profile -> flatten -> dense(6) -> ${example} -> dense(16)`,
  flatten: (example) => `profile -> ${example} -> mlp(32, 16)`,
  mlp: (example) => `profile -> flatten -> ${example} -> dense(16)`,
};

function blockVariation(name: string, example: string): Variation {
  if (takeSequences.has(name)) {
    return {
      features: 'history: list(category(dim: 48), max: 50, pool: none)',
      userInputs: 'user_id, history',
      user: `read = history -> ${example}${name === 'self_attention' ? ' -> mean' : ''}\nchannel main = concat(read, user_id) -> dense(16)`,
    };
  }
  if (library.blocks[name]!.outputs) {
    return {
      ...profile,
      labels: 'clicked: binary',
      user: `several = profile -> flatten -> ${example}\nchannel main = several.click -> dense(16)`,
      tasks: 'task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }',
    };
  }
  if (name === 'concat') {
    return {
      ...profile,
      user: `deep = profile -> flatten -> mlp(32, 16)\nwide = profile -> fm\nchannel main = ${example}(deep, wide) -> dense(16)`,
    };
  }
  const before = takeFields.has(name) ? 'profile' : 'profile -> flatten';
  const write =
    around[name] ?? ((text) => `${before} -> ${text} -> ${giveFields.has(name) ? 'flatten -> ' : ''}dense(16)`);
  return { ...profile, user: `channel main = ${write(example)}` };
}

const giveFields = new Set(['senet', 'bilinear']);

function lossVariation(name: string, example: string): Variation {
  const { label } = library.losses[name]!;
  const score = label === 'binary' && !example.includes('scale') ? 'cosine(user, item) / 0.1' : 'cosine(user, item)';
  if (label === 'none') return { tasks: `task watch { score = ${score}, loss = ${example} }` };
  return {
    labels: `wanted: ${label}`,
    tasks: `task watch { score = ${score}, loss = ${example}, label = wanted }`,
  };
}
