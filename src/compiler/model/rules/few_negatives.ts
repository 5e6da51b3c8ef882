import type { Rule } from './rule.ts';

/** In smaller batches a guess is right too often for the loss to teach much. */
const enough = 16;

/** Where the batch is where the negatives come from, a small batch leaves few. */
export const fewNegatives: Rule = {
  name: 'batch too small for its negatives',
  check({ tasks, train, file, library }, report) {
    const inBatch = tasks.find(
      ({ loss }) => loss && library.losses[loss.kind]!.needsItemKey && loss.arguments.negatives === undefined,
    );
    if (!train || !inBatch || train.batch >= enough) return;
    const node = file.declarations.find((declaration) => declaration.kind === 'Train');
    const at = node?.entries.find(({ name }) => name.name === 'batch')?.span;
    report('few-negatives', at, { batch: train.batch, loss: inBatch.loss!.kind });
  },
};
