import { notes } from '../../../base/diagnostics/wording.ts';
import { firstWordOf } from '../expressions.ts';
import { needsOf } from '../references.ts';
import { insertion, noteAt, removal } from '../report.ts';
import type { Rule } from '../resolution.ts';

/** A model must have two towers and at least one task. */
export const wholeModel: Rule = ({ towers, tasks, span, file }, report) => {
  if (towers.length !== 2) {
    const towerSpan = towers[2]?.span ?? towers[0]?.span ?? span;
    report('tower-count', towerSpan, { count: towers.length });
  }
  if (tasks.length === 0 && file.declarations.length > 0) report('no-task', span, {});
};

/** A task must have the label that its loss needs, of the right type, and no label without effect. */
export const taskLabel: Rule = ({ tasks, labels, library }, report) => {
  for (const { name, span, loss, label, saysLabel, node } of tasks) {
    if (!loss) continue;
    const needs = needsOf(library, loss).label;
    const { soft } = library.losses[loss.kind]!;
    // A binary label and a probability can serve as a number.
    const fits = (type: string): boolean =>
      needs === 'number' || type === needs || (soft === true && type === 'probability');
    if (needs === 'none') {
      const entry = label && node.entries.find(({ value }) => value.span.start === label.span.start);
      if (!label || !entry) continue;
      const alternatives = node.entries.some((other) => other.name.name === 'weight')
        ? [[removal(entry.span)]]
        : [[removal(entry.span)], [{ at: entry.name.span, text: 'weight' }]];
      report('label-not-read', label.span, { loss: loss.kind, label: label.name }, { fixes: alternatives });
    } else if (!saysLabel) {
      const fitting = [...labels.values()].filter(({ type }) => fits(type));
      const nearest =
        fitting.length === 1 ? fitting[0]!.name : fitting.find((candidate) => candidate.name === name)?.name;
      const lastSpan = node.entries.at(-1)!.span;
      const fix = nearest && insertion(lastSpan.source, lastSpan.end, `, label = ${nearest}`);
      const labelFacts = { task: name, loss: loss.kind, type: needs, nearest };
      report('label-needed', span, labelFacts, fix ? { fixes: [[fix]] } : {});
    } else {
      const declared = label && labels.get(label.name);
      if (!label || !declared || fits(declared.type)) continue;
      const labelFacts = { loss: loss.kind, label: label.name, needs, type: declared.type };
      report('label-type', label.span, labelFacts, noteAt(notes.declared('label', label.name), declared.span));
    }
  }
};

/** Matches from the last input to the end of the header, including comments, which may contain a parenthesis. */
const closing = /^(?:[\s,]|\/\/[^\r\n]*)*\)/;

/** A loss that compares items must be able to recognize equal items, so it needs an item key. */
export const itemKey: Rule = ({ tasks, towers, library, features }, report) => {
  for (const { loss, score } of tasks) {
    if (!loss || !score || !needsOf(library, loss).needsItemKey) continue;
    const tower = towers.find(({ name }) => name === score.towers[1]);
    if (!tower || tower.node.key) continue;
    const ids = tower.features.filter((name) => features.get(name)?.call.kind === 'id');
    const inputsEnd = tower.node.inputs.at(-1)?.span;
    const close = inputsEnd && closing.exec(inputsEnd.source.text.slice(inputsEnd.end));
    const closeEnd = close && inputsEnd.end + close[0].length;
    const key = ids.length === 1 ? ids[0] : undefined;
    const fix = key && closeEnd && insertion(inputsEnd.source, closeEnd, ` keyed by ${key}`);
    const note = noteAt(notes.declared('tower', tower.name), tower.span);
    const keyFacts = { loss: loss.kind, tower: tower.name, key };
    report('item-key-needed', loss.span, keyFacts, fix ? { ...note, fixes: [[fix]] } : note);
  }
};

/** `softmax(in_batch: false)` disables the negatives of the batch, so other negatives must be given. */
export const noNegatives: Rule = ({ tasks, library }, report) => {
  for (const { loss, node } of tasks) {
    if (!loss || !('in_batch' in library.losses[loss.kind]!.parameters) || loss.arguments.negatives !== undefined)
      continue;
    const writtenLoss = node.entries.find(({ name }) => name.name === 'loss')?.value;
    const lossArguments = writtenLoss?.kind === 'Call' ? writtenLoss.arguments : [];
    const refused = lossArguments.find(
      ({ name, value }) => name?.name === 'in_batch' && firstWordOf(value) === 'false',
    );
    if (!refused) continue;
    const conflictReason = 'has no negatives with `in_batch: false`: draw some with `negatives: sampled(4)`';
    report('arguments-conflict', refused.span, { kind: loss.kind, reason: conflictReason });
  }
};

/** In a smaller batch a random guess is right too often for the loss to teach much. */
const enough = 16;

/** If the batch provides the negatives, a small batch provides few. */
export const fewNegatives: Rule = ({ tasks, train, file, library }, report) => {
  const inBatch = tasks.find(
    ({ loss }) =>
      loss &&
      library.losses[loss.kind]!.needsItemKey &&
      loss.arguments.negatives === undefined &&
      loss.arguments.all !== true,
  );
  if (!train || !inBatch || train.batch >= enough) return;
  const node = file.declarations.find((declaration) => declaration.kind === 'Train');
  const batchSpan = node?.entries.find(({ name }) => name.name === 'batch')?.span;
  report('few-negatives', batchSpan, { batch: train.batch, loss: inBatch.loss!.kind });
};

/** With `targets = positions` a row has the events of one user, which serve as negatives of each other within the batch. */
export const ownNegatives: Rule = ({ tasks, train, library }, report) => {
  if (train?.targets.kind !== 'positions') return;
  for (const { loss } of tasks) {
    if (!loss || !library.losses[loss.kind]!.needsItemKey) continue;
    const { negatives, all, in_batch: inBatch } = loss.arguments;
    if (all !== true && (negatives === undefined || inBatch === true)) {
      report('own-negatives', loss.span, { loss: loss.kind });
    }
  }
};
