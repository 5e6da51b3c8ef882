/** Writes `model.tower`, a model that is short enough to read. Comments explain each line. */
import { braces, line } from './lines.ts';
import type { ModelCase, Proposal, StarterFeature, StarterLabel } from './proposal.ts';

export function modelText(proposal: Proposal): string {
  return [
    `use "data.tower" // where the rows are`,
    `/// ${caseSentences[proposal.case]}`,
    `model ${proposal.name}`,
    '',
    featuresText(proposal),
    '',
    ...labelsText(proposal),
    ...groupsText(proposal),
    towersText(proposal),
    '',
    tasksText(proposal),
    '',
    trainText(proposal),
    '',
    searchText(proposal),
    '',
  ].join('\n');
}

/** The file of a model with the weights of a baseline that ranked better. */
export const fittedFile = 'item_to_item.tower';

export function fittedText({ name, user, item, case: kind }: Proposal, fit: string): string {
  return [
    `use "data.tower" // where the rows are`,
    `/// Weights from item to item, fitted at once: \`${fit}\` ranked better than \`model.tower\` in its first run.`,
    `model ${name}`,
    '',
    braces('features', [
      ...(user ? [line(`${user.name} : id(dim: 0)`, 'names the user')] : []),
      line(`history : list(${item.name}, max: ${kind === 'past' ? 50 : 200})`, 'each item has weights to others'),
      `${item.name} : id`,
    ]),
    '',
    `tower query(history)${user ? ` keyed by ${user.name}` : ''} {}`,
    `tower item(${item.name}) keyed by ${item.name} {}`,
    '',
    braces('task choose', [
      line(`score = item_to_item(query, item, fit: ${fit})`, 'there are no steps, so there is no loss'),
    ]),
    '',
    braces('train', ['metrics = recall(10), recall(50), ndcg(10)']),
    '',
  ].join('\n');
}

const caseSentences = {
  past: 'What comes next for a user, from what the user had before. Each line says why it is there, and what to try.',
  others: 'What else suits a user, from the other items of the user. Each line says why it is there, and what to try.',
  listed:
    'What else suits a user, from the list of items in each row. Each line says why it is there, and what to try.',
  features: 'Which item suits a user, from what is known of the two. Each line says why it is there, and what to try.',
  text: 'Which text answers a question, from the words of the two. Each line says why it is there, and what to try.',
  context: 'Which item suits a situation. Each line says why it is there, and what to try.',
} as const;

const hasHistory = ({ case: kind }: Proposal): boolean => sumsLists(kind) || kind === 'listed';

/**
 * True for a model whose query tower is a sum of means of items, in the table that ranks them. On the data sets of docs/results it ranks better than two towers
 * of layers. Features of items and tasks for labels made it worse there, so they are ideas.
 */
export const sumsLists = (kind: ModelCase): boolean => kind === 'past' || kind === 'others';

/** True if a row of a step is a user: on Last.fm that is as good in a fortieth of the rows. A weight of events needs a row for each of them. */
const takesUsers = ({ case: kind, size, weight }: Pick<Proposal, 'case' | 'size' | 'weight'>): boolean =>
  kind === 'others' && size.items <= 20_000 && weight === undefined;

export function queryNames(proposal: Proposal): string[] {
  const { case: kind, user, features } = proposal;
  return [
    ...(kind === 'features' && user ? [user.name] : []),
    ...(hasHistory(proposal) ? ['history'] : []),
    ...(kind === 'past' ? ['recent', 'latest'] : []),
    ...features.filter(({ side, isIdea }) => side === 'query' && !isIdea).map(({ name }) => name),
  ];
}

const readsItemKey = ({ case: kind }: Proposal): boolean => kind !== 'text';

export function itemNames(proposal: Proposal): string[] {
  const { item, features } = proposal;
  return [
    ...(readsItemKey(proposal) ? [item.name] : []),
    ...features.filter(({ side, isIdea }) => side === 'item' && !isIdea).map(({ name }) => name),
  ];
}

function featuresText(proposal: Proposal): string {
  const { case: kind, user, item, features, size } = proposal;
  const small = size.items < 200;
  const dim = sumsLists(kind) ? settingsOf(proposal).out : small ? 16 : 32;
  const userLine =
    user &&
    (kind === 'features'
      ? line(`${user.name} : id(dim: 16)`, 'a vector for each user, and one for all that training did not see')
      : line(
          `${user.name} : id(dim: 0)`,
          kind === 'text'
            ? 'names the question'
            : 'names the user and has no vector of its own, so that new users are served as well',
        ));
  const listLine = (name: string, max: number, why: string): string =>
    line(`${name} : list(${item.name}, max: ${max}, pool: ${sumsLists(kind) ? 'none' : 'mean'})`, why);
  const lists = {
    past: [
      listLine('history', 50, 'its items share the table of the item'),
      listLine('recent', 5, 'the last few say more about the next'),
      listLine('latest', 1, 'and the last one most'),
    ],
    others: [listLine('history', 200, 'its items share the table of the item')],
    listed: [listLine('history', 50, 'the mean of the vectors of its items; they share the table of the item')],
    features: [],
    text: [],
    context: [],
  };
  return braces('features', [
    '// What asks: the query tower reads these.',
    ...(userLine === undefined ? [] : [userLine]),
    ...lists[kind],
    ...side(features, 'query'),
    '',
    '// What is ranked: the item tower reads these.',
    readsItemKey(proposal)
      ? line(
          `${item.name} : id(dim: ${dim})`,
          sumsLists(kind)
            ? 'a vector for each item; nothing else is learned'
            : 'a vector for each item; try 64 if there are many events',
        )
      : line(`${item.name} : id(dim: 0)`, 'a key only: its words describe an item, also a new one'),
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

function labelsText(proposal: Proposal): string[] {
  const { labels, weight } = proposal;
  const allLabels = [...tasksOf(proposal), ...(weight ? [weight] : [])];
  const ideas = labels.filter((label) => !allLabels.includes(label)).map(({ name }) => name);
  if (ideas.length > 0) {
    const note = `// The data has ${ideas.length === 1 ? 'a label' : 'labels'}: ${ideas.join(', ')}. A task for it can be added, and costs the ranking of what is chosen.`;
    return [note, '', ...labelsBlock(allLabels)];
  }
  return labelsBlock(allLabels);
}

function labelsBlock(allLabels: readonly StarterLabel[]): string[] {
  return allLabels.length === 0
    ? []
    : [
        braces(
          'labels',
          allLabels.map(({ name, kind, why }) => line(`${name} : ${kind}`, why)),
        ),
        '',
      ];
}

function groupsText(proposal: Proposal): string[] {
  const [queryStart, item] = [sumsLists(proposal.case) ? [] : queryNames(proposal), itemNames(proposal)];
  const groups = [
    ...(queryStart.length > 1 ? [`group asked = ${queryStart.join(', ')}`] : []),
    ...(item.length > 1 ? [`group offered = ${item.join(', ')}`] : []),
  ];
  return groups.length > 0 ? [...groups, ''] : [];
}

/** Returns the start of a flow: a flattened group, or the only field. */
function startOf(names: readonly string[], group: string): { readonly input: string; readonly flow: string } {
  return names.length > 1 ? { input: group, flow: `${group} -> flatten` } : { input: names[0]!, flow: names[0]! };
}

/** Why a sum ends with a norm: that of no items is 0, and all items would have the same score. */
const normReason = 'its offset, which is learned, is the vector of somebody who had nothing';

/** Both towers read the one table: what a user had is summed to a vector of its kind. */
function sumsText(proposal: Proposal): string {
  const { case: kind, user, item } = proposal;
  const sum =
    kind === 'past'
      ? [
          'all = history -> dropout(0.3) -> mean',
          'few = recent -> mean',
          'last = latest -> mean',
          line('had = sum(all, few, last)', 'an item counts for more, the later it was'),
        ]
      : [
          line(
            `had = history -> dropout(0.5${takesUsers(proposal) ? ', elements' : ''}) -> mean`,
            'half of what was had is left out at each step',
          ),
        ];
  const head = `tower query(${queryNames(proposal).join(', ')})${user ? ` keyed by ${user.name}` : ''}`;
  const query = braces(head, [...sum, line('channel main = had -> layer_norm', normReason)]);
  const items = braces(`tower item(${item.name}) keyed by ${item.name}`, [`channel main = ${item.name} -> flatten`]);
  return `// Two towers meet in the score alone, so vectors of items are computed once and searched.\n${query}\n\n${items}`;
}

function towersText(proposal: Proposal): string {
  if (sumsLists(proposal.case)) return sumsText(proposal);
  const { user, item } = proposal;
  const labels = proposal.labels;
  const { hidden, out } = settingsOf(proposal);
  const tower = (name: string, input: string, key: string | undefined, flow: string, why: string): string => {
    const head = `tower ${name}(${input})${key === undefined ? '' : ` keyed by ${key}`}`;
    if (labels.length === 0) return `// ${why}\n${braces(head, [`channel main = ${flow} -> mlp(${hidden}, ${out})`])}`;
    return `// ${why}\n${braces(head, [
      line(`shared = ${flow} -> mlp(${hidden})`, 'what all channels read'),
      line(`channel main = shared -> dense(${out})`, 'for what is chosen'),
      ...labels.map((label) => `channel ${channelOf(label)} = shared -> dense(${out})`),
    ])}`;
  };
  const queryStart = startOf(queryNames(proposal), 'asked');
  const itemStart = startOf(itemNames(proposal), 'offered');
  return [
    tower(
      'query',
      queryStart.input,
      user?.name,
      queryStart.flow,
      'Two towers meet in the score alone, so vectors of items are computed once and searched.',
    ),
    tower(
      'item',
      itemStart.input,
      item.name,
      itemStart.flow,
      'Try `mlp(256, 64)`, or `senet -> flatten` where a tower has many features.',
    ),
  ].join('\n\n');
}

const channelOf = ({ name }: StarterLabel): string => name;

function tasksText(proposal: Proposal): string {
  const { weight, case: kind } = proposal;
  const labels = tasksOf(proposal);
  const { temperature } = settingsOf(proposal);
  const drawn = proposal.size.items <= (kind === 'others' ? 20_000 : 2000) ? 'all' : 'negatives: sampled(1024, shared)';
  const loss = sumsLists(kind)
    ? line(
        `loss = softmax(${drawn}, temperature: ${temperature})`,
        takesUsers(proposal)
          ? 'the items of a user are the right ones, all others the wrong ones'
          : drawn === 'all'
            ? 'all other items are the wrong ones'
            : '1,024 items that are drawn are the wrong ones',
      )
    : kind === 'text'
      ? line(
          `loss = softmax(in_batch, temperature: ${temperature})`,
          'the texts of the other rows of the batch are the wrong answers',
        )
      : line(
          `loss = softmax(in_batch, temperature: ${temperature}, correction: frequency)`,
          'the items of the other rows are the wrong ones; the correction is fair to frequent items',
        );
  const hasLabels = labels.length > 0;
  const mainTask = braces(`task choose`, [
    line(
      `score = cosine(query${hasLabels ? '.main' : ''}, item${hasLabels ? '.main' : ''})`,
      'try `dot`, with a temperature of 1',
    ),
    loss,
    ...(weight ? [line(`weight = ${weight.name}`, 'an event counts as much as this says')] : []),
  ]);
  if (!hasLabels) return mainTask;
  const tasks = labels.map((label) =>
    braces(`task ${label.name}`, [
      line(
        `score = cosine(query.${channelOf(label)}, item.${channelOf(label)}) / 0.2`,
        'a logit: a cosine alone is too small for a probability',
      ),
      line('loss = bce', 'yes or no'),
      `label = ${label.name}`,
    ]),
  );
  const share = Number((0.3 / labels.length).toFixed(2));
  const rankShare = Number((0.1 / labels.length).toFixed(2));
  return [
    mainTask,
    ...tasks,
    line(
      `objective = choose + ${labels.map(({ name }) => `${share} * ${name}`).join(' + ')}`,
      'what training minimises',
    ),
    line(
      `retrieve = 0.9 * choose + ${labels.map(({ name }) => `${rankShare} * ${name}`).join(' + ')}`,
      'what ranks; try other shares with `tower recommend --weight`',
    ),
  ].join('\n\n');
}

function trainText(proposal: Proposal): string {
  const { batch, epochs } = settingsOf(proposal);
  const embeddings = sumsLists(proposal.case) ? 'adam(rate: 3e-3)' : 'adagrad(rate: 0.05)';
  return braces('train', [
    ...(batch < 16 && !takesUsers(proposal) ? ['// tower-ignore few-negatives: there are few rows'] : []),
    takesUsers(proposal)
      ? line(`batch = ${batch}, epochs = ${epochs}, seed = 1, targets = users`, 'a row is a user with all its items')
      : line(`batch = ${batch}, epochs = ${epochs}, seed = 1`, 'a larger batch has more wrong items for each row'),
    `dense = adam(rate: 1e-3), embeddings = ${embeddings}`,
    'metrics = recall(10), recall(50), ndcg(10)',
    ...(proposal.size.events > 50_000
      ? [line('validate = sample(2000)', 'ranks for 2,000 events only, so that an epoch ends soon')]
      : []),
    line(`stop = recall(10, patience: ${takesUsers(proposal) ? 5 : 3})`, 'keeps the best epoch on the validation part'),
  ]);
}

function searchText({ case: kind }: Proposal): string {
  return braces('search', [
    line('dense.rate : log 1e-4 .. 1e-2', '`npx tower tune model.tower --out runs/tuned` tries values in these ranges'),
    `embeddings.rate : log ${sumsLists(kind) ? '3e-4 .. 3e-2' : '0.01 .. 0.5'}`,
    'task.choose.loss.temperature : log 0.02 .. 0.5',
  ]);
}

interface StarterSettings {
  readonly batch: number;
  readonly epochs: number;
  readonly hidden: number;
  readonly out: number;
  readonly temperature: number;
}

/** Maximum number of training rows of a starter model over all epochs, which take about a minute on a slow machine. */
const maxRows = 1_500_000;

export function settingsOf(proposal: Pick<Proposal, 'size' | 'case' | 'weight'>): StarterSettings {
  const { size, case: kind } = proposal;
  const trainingRows = Math.max(1, Math.round(Math.min(size.events, 3_000_000) * 0.8));
  const sums = sumsLists(kind);
  const small = size.items < 200;
  // Ensures about ten steps in each epoch, and enough rows in a batch for negatives.
  const batch = Math.max(
    4,
    Math.min(trainingRows > (sums ? 20_000 : 400_000) ? 1024 : 256, 2 ** Math.floor(Math.log2(trainingRows / 12))),
  );
  const epochs = Math.max(1, Math.min(30, Math.round(maxRows / trainingRows)));
  if (takesUsers(proposal)) {
    const users = size.events / size.perUser;
    const usersOfStep = 2 ** Math.floor(Math.log2(Math.max(1, users / 12)));
    return {
      batch: Math.max(4, Math.min(128, usersOfStep)),
      epochs: 40,
      hidden: 128,
      out: small ? 32 : 128,
      temperature: 0.1,
    };
  }
  return {
    batch,
    epochs,
    hidden: 128,
    out: sums && !small ? 128 : small ? 32 : 64,
    temperature: sums || kind === 'text' || small ? 0.1 : 0.05,
  };
}
