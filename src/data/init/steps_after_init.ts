/** Suggests steps after the first run: the first three that fit the proposal. */
import { fittedFile, itemNames, queryNames, settingsOf, sumsLists } from './model_text.ts';
import type { Proposal, StarterFeature } from './proposal.ts';

export interface FirstRunOutcome {
  readonly run: string;
  readonly model: string;
  /** The option ` --allow FOLDER` if the data is in another project; otherwise empty. */
  readonly allow: string;
  readonly user?: string;
  readonly better: readonly string[];
  /** A baseline among them that is a model too, whose file was written. */
  readonly fit?: string;
  readonly isCut: boolean;
}

interface NextStep {
  readonly fits: (proposal: Proposal, outcome: FirstRunOutcome) => boolean;
  readonly text: (proposal: Proposal, outcome: FirstRunOutcome) => string;
}

/** How a feature is added to a tower that sums vectors. A sequence is no field, so the tower reads it beside the lists. */
function placeInSum(proposal: Proposal, { name, side }: StarterFeature): string {
  const { item } = proposal;
  const inputs = (side === 'query' ? queryNames(proposal) : itemNames(proposal)).join(', ');
  const [end, sum] =
    side === 'query'
      ? ['channel main = had -> layer_norm', 'channel main = sum(had, more) -> layer_norm']
      : [`channel main = ${item.name} -> flatten`, 'channel main = sum(own, more)'];
  const own = side === 'query' ? [] : [`own = ${item.name} -> flatten`];
  const lines = [...own, `more = ${name} -> dense(${settingsOf(proposal).out})`, sum];
  return `write \`${side}(${inputs}, ${name})\` for \`${side}(${inputs})\`, and in that tower ${lines.map((each) => `\`${each}\``).join(', ')} for \`${end}\``;
}

/** How a feature is added to a tower of layers, which reads a group or one field. */
function placeInGroup(proposal: Proposal, { name, side }: StarterFeature): string {
  const names = side === 'item' ? itemNames(proposal) : queryNames(proposal);
  const group = side === 'item' ? 'offered' : 'asked';
  const [onlyName] = names;
  return names.length > 1
    ? `add it to the group \`${group}\``
    : `write \`group ${group} = ${onlyName}, ${name}\` above the towers, \`${side}(${group})\` for \`${side}(${onlyName})\`, and \`${group} -> flatten ->\` for \`${onlyName} ->\``;
}

/** The most useful steps first. */
const steps: readonly NextStep[] = [
  {
    fits: (_, { isCut }) => isCut,
    text: (_, { model, run, allow }) =>
      `Train to the end; the first run ended at its limit of time:\nnpx tower train ${model} --out ${run.replace(/first$/, 'second')}${allow}`,
  },
  {
    fits: (_, { fit }) => fit !== undefined,
    text: (_, { model, run, allow, fit }) =>
      `Train \`${fit}\`, which ranked better here and is a model too, in ${fittedFile}:\nnpx tower train ${model.replace(/model\.tower$/, fittedFile)} --out ${run.replace(/first$/, fit!)}${allow}`,
  },
  {
    fits: ({ where }) => where?.value.includes('hash(') ?? false,
    text: () => 'Train on all users: remove `hash(…)` from `where` in data.tower.',
  },
  {
    fits: ({ case: kind }, { better }) => sumsLists(kind) && better.length > 0,
    text: (_, outcome) =>
      `Find better values, in ten short runs:\nnpx tower tune ${outcome.model} --out ${outcome.run.replace(/first$/, 'tuned')}${outcome.allow}`,
  },
  {
    fits: ({ features }) => features.some(({ isIdea }) => isIdea),
    text: (proposal) => {
      const idea = proposal.features.find(({ isIdea }) => isIdea)!;
      const placement = sumsLists(proposal.case) ? placeInSum(proposal, idea) : placeInGroup(proposal, idea);
      return `Try the features that are comments in the model: \`${idea.name}\`, for example. Remove its first \`//\`, and ${placement}.`;
    },
  },
  {
    fits: ({ case: kind, user }, outcome) => user !== undefined && kind !== 'text' && outcome.user !== undefined,
    text: (_, { run, user, allow }) =>
      `Ask for a user:\nnpx tower recommend ${run} --user ${shellWord(user!)} -k 5${allow}`,
  },
  {
    fits: ({ case: kind }) => kind === 'text',
    text: (_, { model, run, allow }) =>
      `Compare with letters in place of words, which find words that are spelt alike: write \`trigrams\` for \`words\`, and\nnpx tower train ${model} --out ${run.replace(/first$/, 'trigrams')}${allow}`,
  },
  {
    fits: ({ items }) => items === undefined,
    text: () =>
      'Add a file of items with their titles and categories, if you have one, and run `npx tower init` again in another folder.',
  },
  {
    fits: ({ time, case: kind }) => time === undefined && kind !== 'text' && kind !== 'context',
    text: () =>
      'Add a column of times, if you have one: a split by time and the order of a history are closer to production.',
  },
  {
    fits: () => true,
    text: (_, { run, allow }) =>
      `Compare with all baselines, which takes longer:\nnpx tower evaluate ${run} --baselines all${allow}`,
  },
  {
    fits: () => true,
    text: (_, { run, allow }) => `Answer queries over HTTP:\nnpx tower serve ${run}${allow}`,
  },
];

export function nextSteps(proposal: Proposal, outcome: FirstRunOutcome): readonly string[] {
  return steps
    .filter(({ fits }) => fits(proposal, outcome))
    .slice(0, 3)
    .map(({ text }) => text(proposal, outcome));
}

const shellWord = (text: string): string =>
  /^[\w.@:-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
