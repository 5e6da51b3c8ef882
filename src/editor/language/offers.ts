/**
 * Changes that an editor offers for an error, in addition to the error's own fixes. Each is tried first, and offered only if a check of the changed file no
 * longer finds the error and finds no new one.
 */

import type { Code } from '../../base/diagnostics/codes.ts';
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../base/diagnostics/fixes.ts';
import { isIdentifier } from '../../base/text/names.ts';
import { type Span, spanText } from '../../base/text/source.ts';
import { data } from '../../compiler/library/declarations/data_declaration.ts';
import type { Entries } from '../../compiler/library/declarations/entry.ts';
import { task } from '../../compiler/library/declarations/task_declaration.ts';
import { silenceOf } from '../../compiler/lint/ignores.ts';
import { operandsOf, stepsOf } from '../../compiler/model/expressions.ts';
import { insertion } from '../../compiler/model/report.ts';
import type { ResolvedTower } from '../../compiler/model/resolution.ts';
import { outputsOf } from '../../compiler/model/resolve/resolve_towers.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { bringsNone, declarationAfter, declarationAround, entryAfter, isWithinSpan, lastOf } from './edits.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface Action extends Offer {
  readonly diagnostic: Diagnostic;
  /** True if it is the diagnostic's only fix and is no guess. */
  readonly preferred: boolean;
}

/** Returns the fixes that the diagnostics in a range of text carry, in words; for a warning also the comment that silences it. */
export function actionsFor(
  diagnostics: readonly Diagnostic[],
  file: string,
  start: number,
  end: number,
): readonly Action[] {
  return diagnostics
    .filter(({ at }) => at !== undefined && at.source.name === file && at.start <= end && at.end >= start)
    .flatMap((diagnostic) => [...fixesOf(diagnostic), ...silences(diagnostic)]);
}

const fixesOf = (diagnostic: Diagnostic): readonly Action[] =>
  diagnostic.fixes.map((edits, index) => {
    const isPreferred = index === 0 && diagnostic.fixes.length === 1 && diagnostic.doubtful !== true;
    return { title: titleOf(edits), diagnostic, edits, preferred: isPreferred };
  });

function silences(diagnostic: Diagnostic): readonly Action[] {
  const edit = silenceOf(diagnostic);
  if (!edit) return [];
  return [{ title: `Ignore \`${diagnostic.code}\` here, with a reason`, diagnostic, edits: [edit], preferred: false }];
}

function titleOf(edits: readonly Edit[]): string {
  const [first] = edits;
  if (!first) return 'Fix';
  const before = quote(spanText(first.at));
  const after = quote(first.text);
  const moreText =
    edits.length === 1 ? '' : edits.every(({ text }) => text === first.text) ? ` in ${edits.length} places` : ' …';
  if (first.text === '') return `Remove ${before}${moreText}`;
  return first.at.start === first.at.end ? `Add ${after}${moreText}` : `Change ${before} to ${after}${moreText}`;
}

function quote(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return `\`${line.length > 40 ? `${line.slice(0, 40)}…` : line}\``;
}

interface Offer {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** An error with its span, in the file that is analysed. */
interface LocatedError extends Diagnostic {
  readonly at: Span;
}

/** Lists changes that may solve an error, best first. Only those that a check confirms are offered. */
type FindOffers = (facts: FileAnalysis, error: LocatedError) => readonly Offer[];

export const offers: Partial<Readonly<Record<Code, FindOffers>>> = {
  'unknown-name': declareName,
  'channel-widths': equalWidths,
  'shape-mismatch': stepBefore,
  'channel-not-vector': stepAfter,
  'wrong-type': declareConstant,
  'item-interests': stepAfter,
  'towers-swapped': swapTowers,
  'unread-output': readOutput,
  'label-needed': giveLabel,
  'missing-entry': giveEntry,
  'time-needed': giveEntry,
};

/** Maximum number of offers. */
const mostOffers = 4;
/** Characters of the longest file that is checked again for each offer while the user waits. */
const longestFile = 200_000;

/** @param recheck returns what a check of the file finds with these edits made */
export function offersFor(
  facts: FileAnalysis,
  diagnostic: Diagnostic,
  recheck: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Offer[] {
  const { source, checked } = facts;
  const { code, at } = diagnostic;
  const findOffers = offers[code as Code];
  if (!findOffers || at?.source !== source || source.text.length > longestFile) return [];
  const triedTexts = new Set(diagnostic.fixes.map((fix) => applyEdits(source, fix)));
  const otherErrors = checked.diagnostics.filter((other) => other !== diagnostic);
  const solving: Offer[] = [];
  for (const offer of findOffers(facts, { ...diagnostic, at })) {
    if (solving.length === mostOffers) break;
    const offeredText = applyEdits(source, offer.edits);
    if (triedTexts.has(offeredText)) continue;
    triedTexts.add(offeredText);
    // The error is gone, and no other has come.
    if (bringsNone(otherErrors, recheck(offer.edits))) solving.push(offer);
  }
  return solving;
}

const labelTypes = ['binary', 'number'];
const featureKinds = ['id(dim: 32)', 'category(dim: 16)', 'number(standardize)', 'list(category(dim: 16), max: 50)'];
/** Example values for a new constant: a width, a share. */
const constantValues = ['64', '0.1'];

/** Offers to declare an undeclared name as a label, a feature or a constant, depending on its use. */
function declareName({ checked: { file } }: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const unknownName = spanText(at);
  if (!isIdentifier(unknownName)) return [];
  const tower = declarationAround(file, at, 'Tower');
  const lastInput = tower?.inputs.at(-1);
  // A flow reads only inputs of its tower, so the feature must become an input too.
  const isInFlow = tower && lastInput && !tower.inputs.some(({ span }) => span.start === at.start);
  const declareFeature = (kind: string): Offer => {
    const declaredFeature = typedEntry(file, 'Features', `${unknownName} : ${kind}`);
    const title = `Declare the feature \`${unknownName} : ${kind}\``;
    if (!isInFlow) return { title, edits: [declaredFeature] };
    const addedInput = insertion(at.source, lastInput.span.end, `, ${unknownName}`);
    return { title: `${title}, and let it into \`${tower.name.name}\``, edits: [declaredFeature, addedInput] };
  };
  return [
    ...labelTypes.map((type) => ({
      title: `Declare the label \`${unknownName} : ${type}\``,
      edits: [typedEntry(file, 'Labels', `${unknownName} : ${type}`)],
    })),
    ...featureKinds.map(declareFeature),
    ...constants(file, unknownName),
  ];
}

/** Offers to declare a constant for a name that is written where a number is needed. */
function declareConstant({ checked: { file } }: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const unknownName = spanText(at);
  return isIdentifier(unknownName) ? constants(file, unknownName) : [];
}

function constants(file: Ast.FileNode, name: string): readonly Offer[] {
  const lastLet = lastOf(file, 'Let');
  const nodeAbove = lastLet ?? lastOf(file, 'Use', 'ModelName');
  return constantValues.map((value) => ({
    title: `Declare \`let ${name} = ${value}\``,
    edits: [declarationAfter(file, nodeAbove, `let ${name} = ${value}`, lastLet ? '\n' : '\n\n')],
  }));
}

/** Adds a feature or a label to the file's declaration of that kind, or to a new one. */
function typedEntry(file: Ast.FileNode, kind: 'Features' | 'Labels', entry: string): Edit {
  const node = lastOf(file, kind);
  const lastEntry = node?.entries.at(-1);
  if (node && lastEntry) return entryAfter(node, lastEntry, entry);
  const nodeAbove = lastOf(file, 'Use', 'Let', 'ModelName', ...(kind === 'Labels' ? (['Features'] as const) : []));
  return declarationAfter(file, nodeAbove, `${kind.toLowerCase()} {\n  ${entry}\n}`, '\n\n');
}

/** Offers to add a label to a task: one that is declared, or a new one. */
function giveLabel({ checked: { file, resolution } }: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const node = declarationAround(file, at, 'Task', 'Data');
  const lastEntry = node?.entries.at(-1);
  if (!node || !lastEntry) return [];
  const declaredLabels = [...resolution.labels.keys()].map((label) => ({
    title: `Add \`label = ${label}\``,
    edits: [entryAfter(node, lastEntry, `label = ${label}`)],
  }));
  const labelName = /^(.*?)(?:_label)?$/.exec(node.name.name)![1]!;
  const newLabels = labelTypes.map((type) => ({
    title: `Declare the label \`${labelName} : ${type}\`, and add \`label = ${labelName}\``,
    edits: [typedEntry(file, 'Labels', `${labelName} : ${type}`), entryAfter(node, lastEntry, `label = ${labelName}`)],
  }));
  return [...declaredLabels, ...newLabels];
}

/** Offers to add an entry that a declaration needs, with the value of its example: the loss of a task, the split of data. */
function giveEntry({ checked: { file } }: FileAnalysis, { at, code }: LocatedError): readonly Offer[] {
  const node = declarationAround(file, at, 'Task', 'Data');
  const lastEntry = node?.entries.at(-1);
  if (!node || !lastEntry) return [];
  const entries: Entries = node.kind === 'Task' ? task.entries : data.entries;
  const writtenNames = node.entries.flatMap((entry) => (entry.kind === 'Entry' ? [entry.name.name] : []));
  // A task needs a loss unless a product names it.
  const mayBeMissing = (name: string): boolean =>
    code === 'time-needed' ? name === 'time' : entries[name]!.required === true || name === 'loss';
  const missingEntries = Object.entries(entries).filter(([name]) => mayBeMissing(name) && !writtenNames.includes(name));
  return missingEntries.map(([name, { example }]) => {
    const entryText = example.startsWith(`${name} =`) ? example : `${name} = ${example}`;
    return { title: `Add \`${entryText}\``, edits: [entryAfter(node, lastEntry, entryText)] };
  });
}

/** Offers to read an output that nothing reads: adds a channel for it, as the other outputs have one, and the task of its name. */
function readOutput(
  { checked: { file, resolution }, occurrences }: FileAnalysis,
  { at }: LocatedError,
): readonly Offer[] {
  const tower = declarationAround(file, at, 'Tower');
  const steps = resolution.towers.find(({ node }) => node === tower)?.steps ?? [];
  const step = steps.find(({ span }) => span.start === at.start);
  const sibling = tower?.entries.find(({ channel, flow }) => channel && sourceOf(flow)?.parts[0]?.name === step?.name);
  if (!step || !tower || !sibling) return [];
  const flowAfterSource = spanText({ ...sibling.flow.span, start: sourceOf(sibling.flow)!.span.end });
  const taken = new Set(steps.map(({ name }) => name));
  const unread = outputsOf(resolution.library, step, steps)?.filter((output) => !taken.has(output));
  return (unread ?? []).map((output) => {
    const channelText = `channel ${output} = ${step.name}.${output}${flowAfterSource}`;
    const reader = file.declarations.find((node) => node.kind === 'Task' && node.name.name === output);
    const channelNames = occurrences.filter(
      (word) =>
        word.is === 'symbol' &&
        word.symbol.tower === tower.name.name &&
        word.symbol.name === sibling.name.name &&
        isWithinSpan(word.span, reader?.span ?? at),
    );
    const title = `Give \`${step.name}.${output}\` a channel of its own`;
    const channel = entryAfter(tower, tower.entries.at(-1)!, channelText);
    const edits: readonly Edit[] = [channel, ...channelNames.map(({ span }) => ({ at: span, text: output }))];
    return { title: channelNames.length > 0 ? `${title}, which task \`${output}\` reads` : title, edits };
  });
}

function sourceOf(flow: Ast.ExpressionNode): Ast.NameNode | undefined {
  const [first] = stepsOf(flow);
  return first?.kind === 'Name' ? first : undefined;
}

function swapTowers({ checked: { file } }: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const node = declarationAround(file, at, 'Task');
  const score = node?.entries.find(({ name }) => name.name === 'score')?.value;
  const edits = (score ? operandsOf(score) : []).flatMap((part) => {
    const sides = part.kind === 'Call' ? part.arguments.filter(({ name }) => !name) : [];
    const [first, second] = sides.map(({ value }) => value.span);
    if (!first || !second) return [];
    return [
      { at: first, text: spanText(second) },
      { at: second, text: spanText(first) },
    ];
  });
  return edits.length > 0 ? [{ title: 'Swap the towers of the score', edits }] : [];
}

/** Blocks without arguments that give a vector. */
const towardsVector = ['flatten', 'mean', 'last', 'max', 'attention', 'sum'];

/** Offers to insert a step before the one that refuses its value. */
function stepBefore(_: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  return towardsVector.map((block) => ({
    title: `Insert \`${block} ->\``,
    edits: [insertion(at.source, at.start, `${block} -> `)],
  }));
}

/** Offers to end a channel whose value is not a vector with a step that makes it a vector. */
function stepAfter(facts: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const entries = facts.checked.file.declarations.flatMap((node) => (node.kind === 'Tower' ? node.entries : []));
  const flowEnd = entries.find(({ span }) => isWithinSpan(at, span))?.flow.span.end ?? at.end;
  const channels = facts.checked.resolution.towers.flatMap(({ steps }) => steps.filter(({ channel }) => channel));
  const widths = channels.flatMap(({ node }) => {
    const type = facts.typeEnding(node.flow.span.end);
    return /^vector\[(\d+)\]$/.exec(type ?? '')?.[1] ?? [];
  });
  // A score needs the width of the other channel, too.
  const layers = [...new Set(widths)].map((width) => `flatten -> dense(${width})`);
  return [...towardsVector, ...layers].map((steps) => ({
    title: `End with \`-> ${steps}\``,
    edits: [insertion(at.source, flowEnd, ` -> ${steps}`)],
  }));
}

/** Offers to make two channels of a score equally wide: by the last width of one of them, or by one more layer. */
function equalWidths(facts: FileAnalysis, { at }: LocatedError): readonly Offer[] {
  const { tasks, towers } = facts.checked.resolution;
  const score = tasks.find(({ node }) => isWithinSpan(at, node.span))?.score;
  if (!score) return [];
  const [queryTower, itemTower] = score.towers.map((name) => towers.find((tower) => tower.name === name));
  return score.terms
    .flatMap(({ channels }) => channels)
    .flatMap((pair) => {
      const query = channelEnd(facts, queryTower, pair.query);
      const item = channelEnd(facts, itemTower, pair.item);
      if (!query || !item || query.width === item.width) return [];
      return [
        ...rewidened(query, item.width),
        ...rewidened(item, query.width),
        layered(query, item.width),
        layered(item, query.width),
      ];
    });
}

interface ChannelEnd {
  /** `user.main` */
  readonly name: string;
  readonly flow: Ast.ExpressionNode;
  readonly width: number;
}

function channelEnd(facts: FileAnalysis, tower: ResolvedTower | undefined, name: string): ChannelEnd | undefined {
  const flow = tower?.steps.find((step) => step.name === name)?.node.flow;
  const [, width] = /^(?:vector\[|fields\[1 × )(\d+)\]$/.exec((flow && facts.typeEnding(flow.span.end)) ?? '') ?? [];
  return flow && width ? { name: `${tower!.name}.${name}`, flow, width: Number(width) } : undefined;
}

function rewidened({ name, flow, width }: ChannelEnd, other: number): readonly Offer[] {
  const lastStep = stepsOf(flow).at(-1);
  const lastArguments = lastStep?.kind === 'Call' ? lastStep.arguments : [];
  const at = lastArguments.findLast(({ value }) => value.kind === 'Number' && value.value === width)?.value.span;
  return at ? [{ title: `Make \`${name}\` ${other} wide, not ${width}`, edits: [{ at, text: String(other) }] }] : [];
}

const layered = ({ name, flow }: ChannelEnd, other: number): Offer => ({
  title: `End \`${name}\` with \`-> dense(${other})\``,
  edits: [insertion(flow.span.source, flow.span.end, ` -> dense(${other})`)],
});
