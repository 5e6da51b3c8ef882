/** Prints a model for `tower inspect --model`: every name resolved, every default filled in. */
import type { BoundKind, SideArgument } from '../library/contract.ts';
import type { DeclarationEntry } from '../library/declarations/entry.ts';
import { train } from '../library/declarations/train_declaration.ts';
import { flatText } from './expressions.ts';
import type { Flow, FlowSource, FlowStep, Label, Model, Objective, Task, Tower, Training } from './model.ts';

export function printModel(model: Model): string {
  const names = [...model.features.keys(), ...model.labels.keys()];
  const nameWidth = Math.max(0, ...names.map((name) => name.length));
  const sections = [
    [`model ${model.name}`],
    block(
      'features',
      [...model.features.values()].map(({ name, call }) => `${name.padEnd(nameWidth)} : ${printCall(call)}`),
    ),
    block(
      'labels',
      [...model.labels.values()].map((label) => printLabel(label, nameWidth)),
    ),
    [...model.groups.values()].map(({ name, members }) => `group ${name} = ${members.join(', ')}`),
    ...model.towers.map(printTower),
    ...model.tasks.map((task) => printTask(task, model.towers)),
    [
      `objective = ${printObjective(model.objective)}`,
      `retrieve  = ${model.retrieve.map(({ task, factor }) => `${printNumber(factor)} * ${task}`).join(' + ')}`,
    ],
    printTraining(model.train),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Prints a call such as `id(dim: 32)` with its arguments in the order of the kind's table. Arguments without a value are omitted. */
export function printCall({ kind, arguments: args }: BoundKind): string {
  const givenArguments = Object.entries(args).filter(([, value]) => value !== undefined && !isEmpty(value));
  if (givenArguments.length === 0) return kind;
  return `${kind}(${givenArguments.map(([name, value]) => `${name}: ${printValue(value)}`).join(', ')})`;
}

/** Prints the default of a parameter or an entry as a file would have it. */
export function printDefault(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printDefault).join(', ')}]`;
  return typeof value === 'object' && value !== null && 'kind' in value ? printCall(value as BoundKind) : String(value);
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    if ('tower' in value) return printSide(value as SideArgument);
    if ('flow' in value) return (value.flow as FlowStep[]).map(printStep).join(' -> ');
    return 'feature' in value ? String(value.feature) : printCall(value as BoundKind);
  }
  return typeof value === 'number' ? printNumber(value) : String(value);
}

const printSide = ({ tower, channel }: SideArgument): string => (channel === undefined ? tower : `${tower}.${channel}`);

/** Prints texts in quotes, because they only appear in lists; words and names appear outside of lists. */
const printText = (item: unknown): string => (typeof item === 'string' ? JSON.stringify(item) : printValue(item));

/** Prints the shortest text with up to twelve significant digits. */
const printNumber = (value: number): string => String(Number(value.toPrecision(12)));

function block(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

const printLabel = ({ name, type }: Label, width: number): string => `${name.padEnd(width)} : ${type}`;

function printTower({ name, features, key, steps }: Tower): string[] {
  const head = `tower ${name}(${features.join(', ')})${key === undefined ? '' : ` keyed by ${key}`}`;
  return block(
    head,
    steps.map((step) => `${step.channel ? 'channel ' : ''}${step.name} = ${printFlow(step.flow)}`),
  );
}

function printFlow({ from, steps }: Flow): string {
  return [printSource(from), ...steps.map(printStep)].join(' -> ');
}

function printSource(from: FlowSource): string {
  switch (from.kind) {
    case 'features':
      return from.features.join() === from.name ? from.name : `${from.name}[${from.features.join(', ')}]`;
    case 'step':
      return from.output === undefined ? from.name : `${from.name}.${from.output}`;
    case 'join':
      return `${printCall(from.call)} of ${from.parts.map(printSource).join(', ')}`;
    case 'operation':
      return `(${from.operands.map(printSource).join(` ${from.operator} `)})`;
    case 'number':
      return printNumber(from.value);
    case 'flow':
      return `(${printFlow(from.flow)})`;
  }
}

/** Prints a step. A block that the file defines includes its steps: `deep{flatten -> mlp(units: [64])}`. */
function printStep(step: FlowStep): string {
  if (step.kind === 'block') return printCall(step.call);
  const parameterTexts = Object.entries(step.values ?? {}).map(([name, value]) => `${name}: ${printNumber(value)}`);
  const parameterList = parameterTexts.length === 0 ? '' : `(${parameterTexts.join(', ')})`;
  const head = `${step.shared ? 'shared ' : ''}${step.name}${parameterList}`;
  if (step.kind === 'formula') {
    const inputs = Object.entries(step.inputs).map(([name, { span }]) => `${name}: ${flatText(span)}`);
    return `${head}{formula${inputs.length === 0 ? '' : ` of ${inputs.join(', ')}`}}`;
  }
  return `${head}{${step.steps.map(printStep).join(' -> ')}}`;
}

function printTask({ name, score, loss, label, weight, only }: Task, [query, item]: Model['towers']): string[] {
  const terms = score.terms.map(({ call, channels, factor }) => {
    const pairs = channels.map((pair) => `${query.name}.${pair.query} ~ ${item.name}.${pair.item}`);
    return `${printFactor(factor)}${printCall(call)} of ${pairs.join(', ')}`;
  });
  const biases = (score.biases ?? []).map((bias) => {
    if (bias.kind === 'constant') return printNumber(bias.value);
    if (bias.kind === 'mean') return `${printFactor(bias.factor)}mean`;
    return `${printFactor(bias.factor)}${(bias.side === 'query' ? query : item).name}.${bias.channel}`;
  });
  return block(`task ${name}`, [
    `score  = ${score.product?.join(' * ') ?? [...terms, ...biases].join(' + ')}`,
    ...(loss === undefined ? [] : [`loss   = ${printCall(loss)}`]),
    ...(label === undefined ? [] : [`label  = ${label}`]),
    ...(weight === undefined ? [] : [`weight = ${weight}`]),
    ...(only === undefined ? [] : [`only   = ${only}`]),
  ]);
}

const printFactor = (factor: number): string => (factor === 1 ? '' : `${printNumber(factor)} * `);

function printObjective(objective: Objective): string {
  if (objective.kind === 'sum') {
    return objective.terms.map(({ task, weight }) => `${printNumber(weight)} * ${task}`).join(' + ');
  }
  return `${printCall(objective.call)} of ${objective.tasks.join(', ')}`;
}

function printTraining(training: Training): string[] {
  const trainEntries: Readonly<Record<string, DeclarationEntry>> = train.entries;
  const names = Object.keys(trainEntries) as (keyof typeof train.entries)[];
  // True if the entry only has its default and the entry that replaces it is given.
  const isReplaced = (name: string): boolean => {
    const { insteadOf, default: usual } = trainEntries[name]!;
    return usual !== undefined && insteadOf !== undefined && training[insteadOf as keyof Training] !== undefined;
  };
  const givenNames = names.filter((name) => training[name] !== undefined && !isReplaced(name));
  const nameWidth = Math.max(...givenNames.map((name) => name.length));
  return block(
    'train',
    givenNames.map((name) => `${name.padEnd(nameWidth)} = ${printEntry(training[name])}`),
  );
}

function printEntry(value: unknown): string {
  return Array.isArray(value) ? value.map(printValue).join(', ') : printValue(value);
}
