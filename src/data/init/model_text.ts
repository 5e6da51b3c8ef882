/** Writes `model.tower`, a model that is short enough to read. Comments explain each line. */

import type { FedName, ModelCase, Proposal, StarterFeature, StarterLabel } from './proposal.ts';
import { braces, line, type MaybeLine, present } from './tower_lines.ts';

export const modelText = (proposal: Proposal): string =>
  blocksText([
    headText(proposal, `${caseSentences[proposal.case]} Each line says why it is there, and what to try.`),
    featuresText(proposal),
    ...labelsBlocks(proposal),
    groupsText(proposal),
    towersText(proposal),
    tasksText(proposal),
    trainText(proposal),
    searchText(proposal),
  ]);

const blocksText = (blocks: readonly MaybeLine[]): string => `${present(blocks).join('\n\n')}\n`;

const headText = ({ name }: Proposal, sentence: string): string =>
  `use "data.tower" // where the rows are\n/// ${sentence}\nmodel ${name}`;

/** The file of a model with the weights of a baseline that ranked better. */
export const fittedFile = 'item_to_item.tower';

export function fittedText(proposal: Proposal, fit: string): string {
  const { user, item, case: kind } = proposal;
  const max = historyLists[kind][0]?.max;
  return blocksText([
    headText(
      proposal,
      `Weights from item to item, fitted at once: \`${fit}\` ranked better than \`model.tower\` in its first run.`,
    ),
    braces('features', [
      user && line(`${user.name} : id(dim: 0)`, 'names the user'),
      line(`history : list(${item.name}, max: ${max})`, 'each item has weights to others'),
      `${item.name} : id`,
    ]),
    `${towerHead('query', 'history', user)} {}\n${towerHead('item', item.name, item)} {}`,
    braces('task choose', [
      line(`score = item_to_item(query, item, fit: ${fit})`, 'there are no steps, so there is no loss'),
    ]),
    braces('train', ['metrics = recall(10), recall(50), ndcg(10)']),
  ]);
}

const caseSentences: Readonly<Record<ModelCase, string>> = {
  past: 'What comes next for a user, from what the user had before.',
  others: 'What else suits a user, from the other items of the user.',
  listed: 'What else suits a user, from the list of items in each row.',
  features: 'Which item suits a user, from what is known of the two.',
  text: 'Which text answers a question, from the words of the two.',
  context: 'Which item suits a situation.',
};

interface HistoryList {
  readonly name: string;
  readonly max: number;
  readonly why: string;
  /** Why the data block has an entry for it; absent if a column holds it. */
  readonly dataWhy?: string;
}

const tableReason = 'its items share the table of the item';

/** What a user had, which the query tower reads. The entries of the data block call a function with the name of the case. */
export const historyLists: Readonly<Record<ModelCase, readonly HistoryList[]>> = {
  past: [
    {
      name: 'history',
      max: 50,
      why: tableReason,
      dataWhy: 'the last 50 items before each event: never the event itself, never a later one',
    },
    { name: 'recent', max: 5, why: 'the last few say more about the next', dataWhy: 'the last five of them' },
    { name: 'latest', max: 1, why: 'and the last one most', dataWhy: 'the last one' },
  ],
  others: [
    {
      name: 'history',
      max: 200,
      why: tableReason,
      dataWhy: 'without a time: the other items of the user, none of them held out',
    },
  ],
  listed: [{ name: 'history', max: 50, why: 'the mean of the vectors of its items; they share the table of the item' }],
  features: [],
  text: [],
  context: [],
};

/**
 * True for a model whose query tower is a sum of means of items, in the table that ranks them. On the data sets of docs/results it ranks better than two towers
 * of layers. Features of items and tasks for labels made it worse there, so they are ideas.
 */
export const sumsLists = (kind: ModelCase): boolean => kind === 'past' || kind === 'others';

/** True if a row of a step is a user: on Last.fm that is as good in a fortieth of the rows. A weight of events needs a row for each of them. */
const takesUsers = ({ case: kind, size, weight }: Proposal): boolean =>
  kind === 'others' && size.items <= 20_000 && weight === undefined;

/** Returns the names of what a tower reads. */
export function inputsOf({ case: kind, user, item, features }: Proposal, side: StarterFeature['side']): string[] {
  const query = [kind === 'features' && user ? user : [], historyLists[kind]].flat();
  const key = { query, item: kind === 'text' ? [] : [item] }[side];
  const ownFeatures = features.filter((feature) => feature.side === side && !feature.isIdea);
  return [...key, ...ownFeatures].map(({ name }) => name);
}

function featuresText(proposal: Proposal): string {
  const { case: kind, user, item, features, size } = proposal;
  const sums = sumsLists(kind);
  const layersDim = size.items < 200 ? 16 : 32;
  const dim = sums ? settingsOf(proposal).out : layersDim;
  const users: { readonly [kind in ModelCase]?: readonly [number, string] } = {
    features: [16, 'a vector for each user, and one for all that training did not see'],
    text: [0, 'names the question'],
  };
  const [userDim, userWhy] = users[kind] ?? [
    0,
    'names the user and has no vector of its own, so that new users are served as well',
  ];
  const itemWhy = sums ? 'nothing else is learned' : 'try 64 if there are many events';
  return braces('features', [
    '// What asks: the query tower reads these.',
    user && line(`${user.name} : id(dim: ${userDim})`, userWhy),
    ...historyLists[kind].map(({ name, max, why }) =>
      line(`${name} : list(${item.name}, max: ${max}, pool: ${sums ? 'none' : 'mean'})`, why),
    ),
    ...side(features, 'query'),
    '',
    '// What is ranked: the item tower reads these.',
    kind === 'text'
      ? line(`${item.name} : id(dim: 0)`, 'a key only: its words describe an item, also a new one')
      : line(`${item.name} : id(dim: ${dim})`, `a vector for each item; ${itemWhy}`),
    ...side(features, 'item'),
  ]);
}

function side(features: readonly StarterFeature[], side: StarterFeature['side']): string[] {
  return features
    .filter((feature) => feature.side === side)
    .map(({ name, kind, why, isIdea }) => (isIdea ? `// ${name} : ${kind} // ${why}` : line(`${name} : ${kind}`, why)));
}

/** The labels that tasks are made for. */
const tasksOf = ({ case: kind, labels }: Proposal): readonly StarterLabel[] => (sumsLists(kind) ? [] : labels);

function labelsBlocks(proposal: Proposal): readonly MaybeLine[] {
  const { labels, weight } = proposal;
  const tasks = tasksOf(proposal);
  const ideas = tasks.length > 0 ? [] : labels.map(({ name }) => name);
  const usedFields = [...tasks, ...(weight ? [weight] : [])].map(({ name, kind, why }) =>
    line(`${name} : ${kind}`, why),
  );
  return [
    ideas.length > 0 &&
      `// The data has ${ideas.length === 1 ? 'a label' : 'labels'}: ${ideas.join(', ')}. A task for it can be added, and costs the ranking of what is chosen.`,
    usedFields.length > 0 && braces('labels', usedFields),
  ];
}

function groupsText(proposal: Proposal): string | undefined {
  if (sumsLists(proposal.case)) return undefined;
  const [query, item] = [inputsOf(proposal, 'query'), inputsOf(proposal, 'item')];
  const groups = [
    query.length > 1 && `group asked = ${query.join(', ')}`,
    item.length > 1 && `group offered = ${item.join(', ')}`,
  ];
  return present(groups).join('\n') || undefined;
}

const towerHead = (name: string, input: string, key: FedName | undefined): string =>
  `tower ${name}(${input})${key ? ` keyed by ${key.name}` : ''}`;

/** Why a sum ends with a norm: that of no items is 0, and all items would have the same score. */
const normReason = 'its offset, which is learned, is the vector of somebody who had nothing';

const towersReason = 'Two towers meet in the score alone, so vectors of items are computed once and searched.';

/** Both towers read the one table: what a user had is summed to a vector of its kind. */
function sumsText(proposal: Proposal): string {
  const { case: kind, user, item } = proposal;
  const elements = takesUsers(proposal) ? ', elements' : '';
  const ofAll = `had = history -> dropout(0.5${elements}) -> mean`;
  const weighted = [
    'all = history -> dropout(0.3) -> mean',
    'few = recent -> mean',
    'last = latest -> mean',
    line('had = sum(all, few, last)', 'an item counts for more, the later it was'),
  ];
  const sum = kind === 'past' ? weighted : [line(ofAll, 'half of what was had is left out at each step')];
  const query = braces(towerHead('query', inputsOf(proposal, 'query').join(', '), user), [
    ...sum,
    line('channel main = had -> layer_norm', normReason),
  ]);
  const items = braces(towerHead('item', item.name, item), [`channel main = ${item.name} -> flatten`]);
  return `// ${towersReason}\n${query}\n\n${items}`;
}

function towersText(proposal: Proposal): string {
  if (sumsLists(proposal.case)) return sumsText(proposal);
  const { user, item, labels } = proposal;
  const { out } = settingsOf(proposal);
  const tower = (side: StarterFeature['side'], group: string, key: FedName | undefined): string => {
    const names = inputsOf(proposal, side);
    const [input, flow] = names.length > 1 ? [group, `${group} -> flatten`] : [names[0]!, names[0]!];
    const head = towerHead(side, input, key);
    if (labels.length === 0) return braces(head, [`channel main = ${flow} -> mlp(128, ${out})`]);
    return braces(head, [
      line(`shared = ${flow} -> mlp(128)`, 'what all channels read'),
      line(`channel main = shared -> dense(${out})`, 'for what is chosen'),
      ...labels.map(({ name }) => `channel ${name} = shared -> dense(${out})`),
    ]);
  };
  return [
    `// ${towersReason}`,
    tower('query', 'asked', user),
    '',
    '// Try `mlp(256, 64)`, or `senet -> flatten` where a tower has many features.',
    tower('item', 'offered', item),
  ].join('\n');
}

function lossLine(proposal: Proposal): string {
  const { case: kind, size } = proposal;
  const { temperature } = settingsOf(proposal);
  const softmax = (wrongItems: string, why: string, more = ''): string =>
    line(`loss = softmax(${wrongItems}, temperature: ${temperature}${more})`, why);
  if (kind === 'text') return softmax('in_batch', 'the texts of the other rows of the batch are the wrong answers');
  if (!sumsLists(kind)) {
    const why = 'the items of the other rows are the wrong ones; the correction is fair to frequent items';
    return softmax('in_batch', why, ', correction: frequency');
  }
  if (takesUsers(proposal)) return softmax('all', 'the items of a user are the right ones, all others the wrong ones');
  return size.items <= (kind === 'others' ? 20_000 : 2000)
    ? softmax('all', 'all other items are the wrong ones')
    : softmax('negatives: sampled(1024, shared)', '1,024 items that are drawn are the wrong ones');
}

function tasksText(proposal: Proposal): string {
  const { weight } = proposal;
  const labels = tasksOf(proposal);
  const channel = labels.length > 0 ? '.main' : '';
  const mainTask = braces(`task choose`, [
    line(`score = cosine(query${channel}, item${channel})`, 'try `dot`, with a temperature of 1'),
    lossLine(proposal),
    weight && line(`weight = ${weight.name}`, 'an event counts as much as this says'),
  ]);
  if (labels.length === 0) return mainTask;
  const scoreWhy = 'a logit: a cosine alone is too small for a probability';
  const tasks = labels.map(({ name }) =>
    braces(`task ${name}`, [
      line(`score = cosine(query.${name}, item.${name}) / 0.2`, scoreWhy),
      line('loss = bce', 'yes or no'),
      `label = ${name}`,
    ]),
  );
  const parts = (share: number): string =>
    labels.map(({ name }) => `${Number((share / labels.length).toFixed(2))} * ${name}`).join(' + ');
  return [
    mainTask,
    ...tasks,
    line(`objective = choose + ${parts(0.3)}`, 'what training minimises'),
    line(`retrieve = 0.9 * choose + ${parts(0.1)}`, 'what ranks; try other shares with `tower recommend --weight`'),
  ].join('\n\n');
}

function trainText(proposal: Proposal): string {
  const { batch, epochs } = settingsOf(proposal);
  const rowIsUser = takesUsers(proposal);
  const embeddings = sumsLists(proposal.case) ? 'adam(rate: 3e-3)' : 'adagrad(rate: 0.05)';
  const steps = `batch = ${batch}, epochs = ${epochs}, seed = 1`;
  return braces('train', [
    batch < 16 && !rowIsUser && '// tower-ignore few-negatives: there are few rows',
    rowIsUser
      ? line(`${steps}, targets = users`, 'a row is a user with all its items')
      : line(steps, 'a larger batch has more wrong items for each row'),
    `dense = adam(rate: 1e-3), embeddings = ${embeddings}`,
    'metrics = recall(10), recall(50), ndcg(10)',
    proposal.size.events > 50_000 &&
      line('validate = sample(2000)', 'ranks for 2,000 events only, so that an epoch ends soon'),
    line(`stop = recall(10, patience: ${rowIsUser ? 5 : 3})`, 'keeps the best epoch on the validation part'),
  ]);
}

const searchText = ({ case: kind }: Proposal): string =>
  braces('search', [
    line('dense.rate : log 1e-4 .. 1e-2', '`npx tower tune model.tower --out runs/tuned` tries values in these ranges'),
    `embeddings.rate : log ${sumsLists(kind) ? '3e-4 .. 3e-2' : '0.01 .. 0.5'}`,
    'task.choose.loss.temperature : log 0.02 .. 0.5',
  ]);

/** Maximum number of training rows of a starter model over all epochs, which take about a minute on a slow machine. */
const maxRows = 1_500_000;

/** Returns the numbers of a model and its training. `out` is the width of the vectors that the score compares. */
export function settingsOf(proposal: Proposal) {
  const { size, case: kind } = proposal;
  const sums = sumsLists(kind);
  const isSmall = size.items < 200;
  const rowIsUser = takesUsers(proposal);
  const trainingRows = Math.max(1, Math.round(Math.min(size.events, 3_000_000) * 0.8));
  const largestBatch = trainingRows > (sums ? 20_000 : 400_000) ? 1024 : 256;
  // Ensures about ten steps in each epoch, and enough rows in a batch for negatives.
  const tenth = (rowIsUser ? size.events / size.perUser : trainingRows) / 12;
  const fullWidth = sums ? 128 : 64;
  return {
    batch: Math.max(4, Math.min(rowIsUser ? 128 : largestBatch, 2 ** Math.floor(Math.log2(tenth)))),
    epochs: rowIsUser ? 40 : Math.max(1, Math.min(30, Math.round(maxRows / trainingRows))),
    out: isSmall ? 32 : fullWidth,
    temperature: sums || kind === 'text' || isSmall ? 0.1 : 0.05,
  };
}
