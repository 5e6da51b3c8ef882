import { channelsThrough, featuresThrough } from '../references.ts';
import type { Rule } from '../resolution.ts';

/** A score of sets of vectors, such as `max_sim`, is no inner product: nothing can be added to it, and nothing else may rank next to it. */
export const setScore: Rule = ({ tasks, towers, features, library, retrieve, objective, train }, report) => {
  for (const { name, score } of tasks) {
    const term = score?.terms.find(({ call }) => library.scores[call.kind]!.ofSets);
    if (!score || !term) continue;
    const { kind, span } = term.call;
    const refuse = (reason: string, at = span): void => report('arguments-conflict', at, { kind, reason });
    if (score.terms.length > 1 || score.biases) refuse('stands alone in its score', score.span);
    const learned = objective?.kind === 'dynamic' ? objective.tasks : (objective?.terms.map(({ task }) => task) ?? []);
    const ranked = retrieve?.map(({ task }) => task) ?? (objective ? learned : tasks.map((task) => task.name));
    if (ranked.length > 1 && ranked.includes(name)) refuse(`ranks alone: write \`retrieve = ${name}\``);
    if (train?.targets.kind === 'positions')
      refuse('scores all elements of a list, and `targets = positions` one at a time: drop it');
    const item = towers.find((tower) => tower.name === score.towers[1]);
    const encoded = item && channelsThrough(featuresThrough(features).keys(), features, item);
    const lent = term.channels.find((pair) => encoded?.has(pair.item));
    if (lent)
      refuse(
        `has several vectors of an item in \`${lent.item}\`, and a list \`through\` it needs one: name another channel`,
      );
  }
};
