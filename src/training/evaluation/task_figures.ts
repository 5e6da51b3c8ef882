/** Compares the predictions of tasks for held-out events with their labels, next to a constant prediction. Nothing is ranked. */
import type { Dataset, Events, Part } from '../../data/dataset.ts';
import type { Plan, TaskPlan } from '../../graph/plan/plan.ts';
import type { Predictions } from '../scoring/scorer.ts';

interface CalibrationPart {
  readonly events: number;
  readonly predicted: number;
  readonly observed: number;
}

export interface TaskFigures {
  readonly task: string;
  readonly label: string;
  readonly predicts: 'probability' | 'number';
  /** Number of events of the part that have the label, and for which `only` is 1. */
  readonly events: number;
  /** `auc` and `log_loss` of a probability, `rmse` and `mae` of a number. An undefined figure, such as the AUC of equal labels, is absent. */
  readonly figures: Readonly<Record<string, number>>;
  /** Events by how probable the label is, in parts of about equal size: the means of prediction and label. Absent for a number. */
  readonly calibration?: readonly CalibrationPart[];
  /** The mean of the label over such events of the training part, as the prediction for every event. Absent if there are no such events. */
  readonly constant?: { readonly value: number; readonly figures: Readonly<Record<string, number>> };
}

/** Returns the figures of every task that predicts and has such events in the part, in the order of the model. All events have equal weight. */
export function taskFigures(
  plan: Plan,
  { parts, shards }: Pick<Dataset, 'parts' | 'shards'>,
  part: Part,
  predictions: Predictions,
): readonly TaskFigures[] {
  return plan.tasks.flatMap((task): TaskFigures[] => {
    const { name, label, predicts } = task;
    const predicted = predictions.get(name);
    if (predicts === undefined || label === undefined || predicted === undefined) return [];
    const countedRows = rowsOf(task, label, parts[part]);
    if (countedRows.length === 0) return [];
    const labelValues = valuesAt(parts[part].labels.get(label)!, countedRows);
    const figuresBy = predicts === 'probability' ? figuresOfProbabilities : figuresOfNumbers;
    const predictedValues = valuesAt(predicted, countedRows);
    const figures = figuresBy(labelValues, predictedValues);
    const calibration = predicts === 'probability' ? calibrationOf(labelValues, predictedValues) : undefined;
    const constant = constantOf(task, meanInTraining(task, label, parts.train, shards), labelValues);
    return [{ task: name, label, predicts, events: countedRows.length, figures, calibration, constant }];
  });
}

export function taskSentences(tasks: readonly TaskFigures[], part: Part): string[] {
  if (tasks.length === 0) return [];
  return [
    `Tasks: each ${part} event that has the label of the task, and for which its \`only\` is 1, counts alike; nothing is ranked. The constant is the mean of the label over such training events.`,
  ];
}

function rowsOf({ only }: TaskPlan, label: string, { labels, rows }: Events): readonly number[] {
  const values = labels.get(label)!;
  const onlyValues = only === undefined ? undefined : labels.get(only)!;
  const countedRows: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (!Number.isNaN(values[row]!) && (onlyValues === undefined || onlyValues[row] === 1)) countedRows.push(row);
  }
  return countedRows;
}

const valuesAt = (values: Float32Array, rows: readonly number[]): Float64Array =>
  Float64Array.from(rows, (row) => values[row]!);

/** A constant probability is kept this far from 0 and 1, because one event of the other kind would have an unlimited loss there. */
const minProbability = 1e-6;

function meanInTraining(task: TaskPlan, label: string, train: Events, shards: Dataset['shards']): number | undefined {
  if (shards) {
    const { sum, total } = shards.labelSums.get(task.name)!.plain;
    return total === 0 ? undefined : sum / total;
  }
  const rows = rowsOf(task, label, train);
  return rows.length === 0 ? undefined : meanOf(valuesAt(train.labels.get(label)!, rows), (value) => value);
}

function constantOf(task: TaskPlan, value: number | undefined, labels: Float64Array): TaskFigures['constant'] {
  if (value === undefined) return undefined;
  const isNumber = task.predicts === 'number';
  const boundedMean = Math.min(1 - minProbability, Math.max(minProbability, value));
  const constantValues = labels.map(() => (isNumber ? value : Math.log(boundedMean / (1 - boundedMean))));
  return {
    value,
    figures: isNumber ? figuresOfNumbers(labels, constantValues) : figuresOfProbabilities(labels, constantValues),
  };
}

const meanOf = (values: Float64Array, termOf: (value: number, index: number) => number): number =>
  values.reduce((sum, value, index) => sum + termOf(value, index), 0) / values.length;

function figuresOfNumbers(labels: Float64Array, predicted: Float64Array): Readonly<Record<string, number>> {
  return {
    rmse: Math.sqrt(meanOf(labels, (label, index) => (predicted[index]! - label) ** 2)),
    mae: meanOf(labels, (label, index) => Math.abs(predicted[index]! - label)),
  };
}

/** @param logits x in σ(x) */
function figuresOfProbabilities(labels: Float64Array, logits: Float64Array): Readonly<Record<string, number>> {
  const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const area = areaUnderCurve(labels, logits);
  return {
    ...(area === undefined ? {} : { auc: area }),
    log_loss: meanOf(labels, (label, index) => softplus(logits[index]!) - label * logits[index]!),
  };
}

/** Number of parts of a calibration; fewer if there are few events. */
const calibrationParts = 10;
const minEvents = 20;

function calibrationOf(labels: Float64Array, logits: Float64Array): CalibrationPart[] {
  const order = Uint32Array.from(labels, (_, index) => index).sort((a, b) => logits[a]! - logits[b]!);
  const parts = Math.max(1, Math.min(calibrationParts, Math.floor(labels.length / minEvents)));
  return Array.from({ length: parts }, (_, part) => {
    const rows = order.subarray(
      Math.round((part * labels.length) / parts),
      Math.round(((part + 1) * labels.length) / parts),
    );
    const mean = (numberOf: (row: number) => number): number =>
      rows.reduce((sum, row) => sum + numberOf(row), 0) / rows.length;
    return {
      events: rows.length,
      predicted: mean((row) => 1 / (1 + Math.exp(-logits[row]!))),
      observed: mean((row) => labels[row]!),
    };
  });
}

/**
 * Returns the share of pairs of an event with label 1 and one with label 0 in which the first scores higher; a tie counts half. Computed by the sum of ranks
 * (Mann and Whitney 1947). Undefined if there is no pair, or if a label is a probability between 0 and 1.
 */
function areaUnderCurve(labels: Float64Array, scores: Float64Array): number | undefined {
  if (labels.some((label) => label > 0 && label < 1)) return undefined;
  const scoreOrder = Uint32Array.from(labels, (_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  let positiveCount = 0;
  let rankSum = 0;
  for (let from = 0; from < scoreOrder.length; ) {
    let to = from;
    let tiedPositives = 0;
    for (; to < scoreOrder.length && scores[scoreOrder[to]!] === scores[scoreOrder[from]!]; to++)
      tiedPositives += labels[scoreOrder[to]!]!;
    // Ranks begin at 1; ties share their mean.
    rankSum += tiedPositives * ((from + 1 + to) / 2);
    positiveCount += tiedPositives;
    from = to;
  }
  const negativeCount = labels.length - positiveCount;
  if (positiveCount === 0 || negativeCount === 0) return undefined;
  return (rankSum - (positiveCount * (positiveCount + 1)) / 2) / (positiveCount * negativeCount);
}

interface TaskTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Returns a row for each task, and one below it for its constant. A figure that a task does not have is a dash. */
export function taskTable(tasks: readonly TaskFigures[]): TaskTable {
  const figureNames = [...new Set(tasks.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = (figures: Readonly<Record<string, number>>): string[] =>
    figureNames.map((name) => figures[name]?.toFixed(4) ?? '–');
  return {
    head: ['label of each event', ...figureNames, 'events'],
    rows: tasks.flatMap(({ task, label, events, figures, constant }) => [
      [`${task}: ${label}`, ...cells(figures), events.toLocaleString('en')],
      ...(constant ? [[`  constant ${Number(constant.value.toPrecision(4))}`, ...cells(constant.figures), '']] : []),
    ]),
  };
}
