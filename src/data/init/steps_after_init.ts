/** Suggests steps after the first run: the first three that fit the proposal. */
import { fittedFile, inputsOf, settingsOf, sumsLists } from './model_text.ts';
import type { Proposal, StarterFeature } from './proposal.ts';
import { present } from './tower_lines.ts';

export interface FirstRunOutcome {
  readonly run: string;
  readonly model: string;
  /** The option ` --allow FOLDER` if the data is in another project; otherwise empty. */
  readonly allow: string;
  readonly user?: string;
  readonly better: readonly string[];
  /** The one of `better` that can be trained as a model; its file was written beside the first. */
  readonly fit?: string;
  readonly isCut: boolean;
}

/** How a feature is added to a tower that sums vectors. Only fields can join the sum of the lists, so a sequence is a term of its own. */
function placeInSum(proposal: Proposal, { name, side }: StarterFeature): string {
  const inputs = inputsOf(proposal, side).join(', ');
  const more = `more = ${name} -> dense(${settingsOf(proposal).out})`;
  const itemFlow = `${proposal.item.name} -> flatten`;
  const ends = { query: 'channel main = had -> layer_norm', item: `channel main = ${itemFlow}` };
  const lines = {
    query: [more, 'channel main = sum(had, more) -> layer_norm'],
    item: [`own = ${itemFlow}`, more, 'channel main = sum(own, more)'],
  }[side].map((line) => `\`${line}\``);
  const tower = `write \`${side}(${inputs}, ${name})\` for \`${side}(${inputs})\`, and in that tower`;
  return `${tower} ${lines.join(', ')} for \`${ends[side]}\``;
}

/** How a feature is added to a tower of layers, which reads a group or one field. */
function placeInGroup(proposal: Proposal, { name, side }: StarterFeature): string {
  const [onlyName, ...otherNames] = inputsOf(proposal, side);
  const group = side === 'item' ? 'offered' : 'asked';
  return otherNames.length > 0
    ? `add it to the group \`${group}\``
    : `write \`group ${group} = ${onlyName}, ${name}\` above the towers, \`${side}(${group})\` for \`${side}(${onlyName})\`, and \`${group} -> flatten ->\` for \`${onlyName} ->\``;
}

export function nextSteps(proposal: Proposal, outcome: FirstRunOutcome): readonly string[] {
  const { case: kind, features, items, time, where } = proposal;
  const { run, model, allow, better, fit, isCut } = outcome;
  const idea = features.find(({ isIdea }) => isIdea);
  const place = sumsLists(kind) ? placeInSum : placeInGroup;
  const user = proposal.user && kind !== 'text' ? outcome.user : undefined;
  const fitted = model.replace(/model\.tower$/, fittedFile);
  const training = (file: string, name: string): string =>
    `npx tower train ${file} --out ${run.replace(/first$/, name)}${allow}`;
  // The most useful steps first.
  const steps = [
    isCut && `Train to the end; the first run ended at its limit of time:\n${training(model, 'second')}`,
    fit !== undefined &&
      `Train \`${fit}\`, which ranked better here and is a model too, in ${fittedFile}:\n${training(fitted, fit)}`,
    where?.value.includes('hash(') && 'Train on all users: remove `hash(…)` from `where` in data.tower.',
    sumsLists(kind) &&
      better.length > 0 &&
      `Find better values, in ten short runs:\nnpx tower tune ${model} --out ${run.replace(/first$/, 'tuned')}${allow}`,
    idea &&
      `Try the features that are comments in the model: \`${idea.name}\`, for example. Remove its first \`//\`, and ${place(proposal, idea)}.`,
    user !== undefined && `Ask for a user:\nnpx tower recommend ${run} --user ${shellWord(user)} -k 5${allow}`,
    kind === 'text' &&
      `Compare with letters in place of words, which find words that are spelt alike: write \`trigrams\` for \`words\`, and\n${training(model, 'trigrams')}`,
    !items &&
      'Add a file of items with their titles and categories, if you have one, and run `npx tower init` again in another folder.',
    !time &&
      kind !== 'text' &&
      kind !== 'context' &&
      'Add a column of times, if you have one: a split by time and the order of a history are closer to production.',
    `Compare with all baselines, which takes longer:\nnpx tower evaluate ${run} --baselines all${allow}`,
    `Answer queries over HTTP:\nnpx tower serve ${run}${allow}`,
  ];
  return present(steps).slice(0, 3);
}

const shellWord = (text: string): string =>
  /^[\w.@:-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
