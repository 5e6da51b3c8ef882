/** Builds a small model around the example of each kind, to show that the example is valid, and finds out what each block takes and gives. */
import { smallModel, type Variation } from '../../base/diagnostics/small_model.ts';
import { makeSource, spanText } from '../../base/text/source.ts';
import { formatSource } from '../../compiler/format/format.ts';
import { type KindRow, kindsWithin, type ValueType } from '../../compiler/library/contract.ts';
import { accuracyMetrics } from '../../compiler/library/metrics/table.ts';
import { towardsVector } from '../../compiler/library/values.ts';
import { type Library, library } from '../../compiler/model/library.ts';
import type { FlowStep } from '../../compiler/model/model.ts';
import { type CheckResult, checkSource } from '../../compiler/pipeline.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { tryStep } from '../language/completion/fitting_blocks.ts';

type LibraryTable = keyof Library;

export interface Section {
  readonly table: LibraryTable;
  readonly title: string;
  /** The word for one of its kinds. */
  readonly what: string;
  /** Describes the use of such a kind. */
  readonly doc: string;
  /** The paragraph of docs/spec.md that defines what its kinds compute. */
  readonly paragraph: string;
  /** Explains letters that the formulas of several of its kinds have. */
  readonly symbols?: string;
}

/** The library's tables that have a section in the reference, in the order of its pages. */
export const sections: readonly Section[] = [
  {
    table: 'features',
    title: 'Features',
    what: 'kind of feature',
    doc: 'A feature is a column and how its values become numbers: `features { age : number(buckets: 8) }`.',
    paragraph: '5.3',
    symbols:
      'x is the value of the row. A table has a learned row for each code, and a code for all values that it does not know.',
  },
  {
    table: 'blocks',
    title: 'Blocks',
    what: 'block',
    doc: 'A block is a step of a flow, after an arrow: `profile -> flatten -> mlp(128, 64)`. Shapes leave out the batch: F fields of width D are `fields[F × D]`.',
    paragraph: '6.4',
    symbols:
      'x is what goes in: x_i, e_i or field i is one of several fields, and x_t is an element of a sequence. ⊙ multiplies number by number, and σ is the sigmoid. A letter that no line defines is learned, such as W and b.',
  },
  {
    table: 'scores',
    title: 'Scores',
    what: 'score',
    doc: 'A score compares the two towers: `score = cosine(user, item)`. Channels are paired by name, and their scores are summed.',
    paragraph: '8.3',
    symbols: 'q and v are the vectors of the query tower and the item tower, and p is a pair of channels.',
  },
  {
    table: 'losses',
    title: 'Losses',
    what: 'loss',
    doc: 'A loss is what a task minimises: `loss = softmax(in_batch)`. It is the weighted mean over the rows of a batch.',
    paragraph: '9',
    symbols:
      "s and y are the row's own score and label. s_ij is the score of row i and column j, and s_ii is that of the row's own item. Hits are left out.",
  },
  {
    table: 'weightings',
    title: 'Weightings',
    what: 'weighting',
    doc: 'A weighting joins the losses of several tasks, and changes while training: `objective = uncertainty(click, like)`. Fixed weights are written as a sum: `objective = 1.0 * click + 0.5 * like`.',
    paragraph: '10.2',
    symbols: 'L_k is the loss of task k, g_k its gradient by what tasks share, and w_k its weight.',
  },
  {
    table: 'optimizers',
    title: 'Optimizers',
    what: 'optimizer',
    doc: 'An optimizer turns gradients into changes: `train { dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }`. Of the embedding tables only the rows of the batch change.',
    paragraph: '11.4',
    symbols: 'w is a weight, g its gradient, and rate the rate after its schedule.',
  },
  {
    table: 'metrics',
    title: 'Metrics',
    what: 'metric',
    doc: 'A metric is measured against all items. `train { stop = recall(50, patience: 2) }` watches one of accuracy on the validation part, and ends training after `patience` epochs without a new best. `metrics = recall(20), ndcg(20)` names what validation, `tower evaluate` and `tower compare` measure.',
    paragraph: '14.3',
  },
];

export interface LibraryKind {
  readonly section: Section;
  readonly name: string;
  readonly row: KindRow;
  /** Further statements of its row, one sentence each. */
  readonly facts: readonly string[];
}

export function kindsOf(section: Section): readonly LibraryKind[] {
  return Object.entries(library[section.table] as Readonly<Record<string, KindRow>>).map(([name, row]) => ({
    section,
    name,
    row,
    facts: factsOf(section.table, name),
  }));
}

export const allKinds = (): readonly LibraryKind[] => sections.flatMap(kindsOf);

/** Returns the kinds of a name. There may be several, because `sum` is in several tables. */
export const kindsNamed = (name: string): readonly LibraryKind[] => allKinds().filter((kind) => kind.name === name);

/** A kind that may be written only as an argument of another kind, such as `sampled` in `softmax(negatives: sampled(4))`. */
export interface InnerKind {
  readonly name: string;
  readonly row: KindRow;
  /** The argument it is for. */
  readonly parameter: string;
}

export function innerKinds({ row }: LibraryKind): readonly InnerKind[] {
  return Object.entries(row.parameters).flatMap(([parameter, { type }]) =>
    Object.entries(kindsWithin(type)).map(([name, row]) => ({ name, row, parameter })),
  );
}

/** Returns the kinds with an argument whose value may be the kind `name`. */
export const kindsAround = (name: string): readonly LibraryKind[] =>
  allKinds().filter((kind) => innerKinds(kind).some((inner) => inner.name === name));

/** Includes kinds that may be written only as arguments. */
export const kindNames = (): readonly string[] =>
  allKinds().flatMap((kind) => [kind.name, ...innerKinds(kind).map((inner) => inner.name)]);

const columns: Readonly<Record<string, string>> = {
  any: 'Its column can have any type.',
  number: 'Its column has numbers.',
  text: 'Its column has text.',
  list: 'Its column has lists.',
  vector: 'Its column has lists of numbers of one length.',
  time: 'Its column has dates, times, or seconds since 1970.',
  none: 'It reads no column of its own.',
};

function factsOf(table: LibraryTable, name: string): readonly string[] {
  switch (table) {
    case 'features':
      return [columns[library.features[name]!.column]!];
    case 'losses': {
      const { label, soft, needsItemKey, argumentNeeds: needs } = library.losses[name]!;
      const labels = {
        none: 'It takes no label.',
        binary: soft ? 'It needs a binary label, or a probability.' : 'It needs a binary label.',
        number: 'It needs a number as label.',
      };
      const keys = needs ? ['With `negatives` it takes none, and the item tower needs a key.'] : [];
      return [labels[label], ...(needsItemKey ? ['The item tower needs a key.'] : keys)];
    }
    default:
      return [];
  }
}

export interface Example {
  /** A whole model that has the example at its place. */
  readonly model: string;
  /** The declaration, within the model, that contains the example. */
  readonly excerpt: string;
  readonly checked: CheckResult;
}

/** @param written the text that uses the kind; by default its row's example */
export function exampleOf({ section, name, row }: LibraryKind, written = row.example): Example {
  // Returns the first variant without errors; if there is none, the first variant, for its messages.
  const triedSources = variationsOf(section.table, name, written).map((variation) => {
    const text = smallModel(variation);
    const source = makeSource('example.tower', formatSource(makeSource('example.tower', text)).output ?? text);
    return { source, checked: checkSource(source) };
  });
  const { source, checked } = triedSources.find((each) => each.checked.diagnostics.length === 0) ?? triedSources[0]!;
  const shownDeclaration = checked.file.declarations.find(({ kind }) => kind === declarationOf[section.table]);
  return {
    model: source.text,
    excerpt: `${shownDeclaration ? spanText(shownDeclaration.span) : source.text.trimEnd()}\n`,
    checked,
  };
}

const declarationOf: Readonly<Record<LibraryTable, Ast.DeclarationNode['kind']>> = {
  features: 'Features',
  blocks: 'Tower',
  scores: 'Task',
  losses: 'Task',
  weightings: 'Objective',
  optimizers: 'Train',
  metrics: 'Train',
};

function variationsOf(table: LibraryTable, name: string, written: string): readonly Variation[] {
  switch (table) {
    case 'features':
      return [featureVariation(written), sequenceVariation(written)];
    case 'blocks':
      return [blockVariation(written)];
    case 'scores': {
      const score = written.includes('(') ? written : `${written}(user, item)`;
      if (!library.scores[name]!.lower) return [fittedVariation(score)];
      const sets = library.scores[name]!.ofSets ? sequenceOfUser : {};
      const of = (loss: string): Variation => ({ ...sets, tasks: `task watch { score = ${score}, loss = ${loss} }` });
      return [of('softmax(in_batch)'), of('softmax(in_batch, temperature: 0.05)')];
    }
    case 'losses':
      return lossVariations(name, written);
    case 'weightings':
      return [{ ...twoTasks, after: `objective = ${written}` }];
    case 'optimizers':
      return ['dense', 'embeddings'].map((entry) => ({ after: `train { ${entry} = ${written} }` }));
    case 'metrics':
      return [{ after: `train { ${Object.hasOwn(accuracyMetrics, name) ? 'stop' : 'metrics'} = ${written} }` }];
  }
}

/** Has several vectors of a user. */
const sequenceOfUser: Variation = {
  features: 'history: sequence(movie_id, 20)',
  userInputs: 'history',
  user: 'channel main = history -> dense(16)',
};

/** Has no loss, and towers without channels. */
const fittedVariation = (score: string): Variation => ({
  features: 'history: list(movie_id, max: 50)',
  userInputs: 'history',
  user: '',
  item: '',
  tasks: `task watch { score = ${score} }`,
});

/** Features that an example may name, with the group that reads them. */
const others: Readonly<Record<string, { readonly feature: string; readonly side: 'user' | 'item' }>> = {
  country: { feature: 'country: category(dim: 16)', side: 'user' },
  age: { feature: 'age: number(buckets: 8, dim: 16)', side: 'user' },
  city: { feature: 'city: category(dim: 16)', side: 'user' },
  language: { feature: 'language: category(dim: 8)', side: 'user' },
  device: { feature: 'device: category(dim: 4)', side: 'user' },
  history: { feature: 'history: sequence(movie_id, 20)', side: 'user' },
  video_id: { feature: 'video_id: id(dim: 16)', side: 'item' },
};

const named = (text: string, names: readonly string[]): string[] =>
  names.filter((name) => new RegExp(`\\b${name}\\b`).test(text));

function featureVariation(written: string): Variation {
  const neededNames = named(written, Object.keys(others));
  const userNames = neededNames.filter((name) => others[name]!.side === 'user');
  const itemNames = neededNames.filter((name) => others[name]!.side === 'item');
  // `history` is pooled here, because the example needs only its newest element.
  const features = neededNames.map((name) =>
    others[name]!.feature.replace('sequence(movie_id, 20)', 'list(movie_id, max: 20)'),
  );
  return {
    features: [`example: ${written}`, ...features].join('\n'),
    groups: [
      `group profile = user_id, example${userNames.map((name) => `, ${name}`).join('')}`,
      ...(itemNames.length > 0 ? [`group video = movie_id, ${itemNames.join(', ')}`] : []),
    ].join('\n'),
    userInputs: 'profile',
    user: 'channel main = profile -> flatten -> mlp(32, 16)',
    ...(itemNames.length > 0 ? { itemInputs: 'video', item: 'channel main = video -> flatten -> mlp(32, 16)' } : {}),
  };
}

/** Reads the example as a sequence, beside its list where it has one value for each element of that. */
function sequenceVariation(written: string): Variation {
  if (written.startsWith('sequence')) {
    const user = 'channel main = example -> mean -> mlp(32, 16)';
    return { features: `example: ${written}`, userInputs: 'example', user };
  }
  return {
    features: [`example: ${written}`, others.history!.feature].join('\n'),
    userInputs: 'history, example',
    user: 'channel main = sum(history, example) -> mean -> mlp(32, 16)',
  };
}

/** Groups that a block's example begins with. */
const groups: Readonly<Record<string, readonly string[]>> = {
  profile: ['user_id', 'country', 'city', 'age'],
  mixed: ['user_id', 'language', 'device'],
};

/** Puts the block after the first sample that it takes; a block that takes none begins the flow, such as `concat(deep, wide)`. */
function blockVariation(written: string): Variation {
  const [taken] = takesOf(written);
  if (!taken) {
    const steps = ['deep = profile -> flatten -> mlp(32, 16)', 'wide = profile -> fm'];
    return around('profile', [...steps, `channel main = ${written} -> dense(16)`]);
  }
  const { from, gives } = taken;
  const [source] = from.split(' ');
  const flow = `${from} -> ${written}`;
  if (gives.kind === 'outputs') {
    return {
      ...around(source!, [`several = ${flow}`, `channel main = several.${gives.outputs[0]!.name} -> dense(16)`]),
      labels: 'clicked: binary',
      tasks: 'task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }',
    };
  }
  const vectorStep = towardsVector(gives);
  const wholeFlow = vectorStep === undefined ? flow : `${flow} -> ${vectorStep}`;
  if (groups[source!]) return around(source!, [`channel main = ${wholeFlow} -> dense(16)`]);
  return around(source!, [`read = ${wholeFlow}`, 'channel main = concat(read, user_id) -> dense(16)']);
}

/** A tower of these lines, which read a group, or the sequence. */
function around(source: string, lines: readonly string[]): Variation {
  const members = groups[source] ?? [source];
  return {
    features: members.flatMap((name) => others[name]?.feature ?? []).join('\n'),
    ...(groups[source] ? { groups: `group ${source} = ${members.join(', ')}` } : {}),
    userInputs: groups[source] ? source : `user_id, ${source}`,
    user: lines.join('\n'),
  };
}

/** Some losses require a bounded score, others an unbounded one. */
function lossVariations(name: string, written: string): readonly Variation[] {
  const { label, oneSided } = library.losses[name]!;
  const scores = ['cosine(user, item)', 'cosine(user, item) / 0.1', 'dot(user, item)'];
  const features = named(written, ['taught']).map((name) => `${name}: list(movie_id, max: 20, weights: chances)`);
  if (oneSided) {
    const tower = around('history', [
      'read = history -> mean',
      'channel main = concat(read, user_id) -> dropout -> dense(16)',
    ]);
    const tasks = `task further { score = dot(user, item), loss = ${written} }\ntask watch { score = dot(user, item), loss = softmax(in_batch) }`;
    return [{ ...tower, tasks, after: 'objective = watch + 0.1 * further\nretrieve = watch' }];
  }
  return scores.map((score) => ({
    ...(features.length > 0 ? { features: features.join('\n') } : {}),
    ...(label === 'none' ? {} : { labels: `wanted: ${label}` }),
    tasks: `task watch { score = ${score}, loss = ${written}${label === 'none' ? '' : ', label = wanted'} }`,
  }));
}

interface BlockTypes {
  readonly takes: ValueType;
  readonly gives: ValueType;
  /** The beginning of a flow that has a value of type `takes`, in the models of examples. */
  readonly from: string;
}

/** The beginning of a flow and its type. */
interface Sample {
  readonly from: string;
  readonly type: ValueType;
}

const fields = (...widths: readonly number[]): ValueType => ({
  kind: 'fields',
  fields: widths.map((width, index) => ({ name: `field_${index}`, width })),
});

/** A sample of each type. A block's example is shown after the first sample that the block takes. */
const samples: readonly Sample[] = [
  { from: 'profile -> flatten', type: { kind: 'vector', width: 64 } },
  { from: 'mixed', type: fields(16, 8, 4) },
  { from: 'history', type: { kind: 'sequence', length: 20, width: 16 } },
  { from: 'profile', type: fields(16, 16, 16, 16) },
  { from: 'history -> multi_interest(3)', type: { kind: 'interests', count: 3, width: 16 } },
];

/** Returns the types that the step accepts and changes. Empty for calls that are not steps, such as `concat(deep, wide)`. */
export function takesOf(text: string): readonly BlockTypes[] {
  const step = stepOf(text);
  if (!step) return [];
  return samples.flatMap(({ from, type }) => {
    const trial = tryStep(step, type);
    return trial && !trial.idle ? [{ from, takes: type, gives: trial.gives }] : [];
  });
}

/** Returns the step as it resolves within a model, even if its output does not fit there. */
export function stepOf(text: string): FlowStep | undefined {
  const user = `channel main = user_id -> ${text} -> dense(16)`;
  const { resolution } = checkSource(makeSource('trial.tower', smallModel({ user, ...twoTasks })));
  return resolution.towers[0]?.steps[0]?.flow?.steps[0];
}

/** Tasks that an example may name. */
const twoTasks = {
  labels: 'clicked: binary, liked: binary',
  tasks: [
    'task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }',
    'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }',
  ].join('\n'),
};
