/** Extracts steps of a flow into a block, and inlines a block into the flow that uses it. The model computes the same afterwards. */
import type { Code } from '../../base/diagnostics/codes.ts';
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { lineAt, positionAt, type Source, type Span, spanText } from '../../base/text/source.ts';
import { expressionsIn, partsOfExpression, stepsOf } from '../../compiler/model/expressions.ts';
import { parameterSymbol } from '../../compiler/model/occurrences.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { bringsNone, declarationAround, isWithinSpan, withEdits } from './edits.ts';
import { type FileAnalysis, referencesTo } from './file_analysis.ts';

interface Refactoring {
  readonly title: string;
  readonly kind: 'extract' | 'inline';
  readonly edits: readonly Edit[];
}

/** Limits of one refactoring. A longer selection is unlikely to be steps of a flow, and a selection is checked again whenever it changes. */
const limits = { characters: 4000, steps: 50 };

/** @param recheck returns what a check of the file finds with these edits made: a refactoring that brings an error is not offered */
export function refactoringsAt(
  facts: FileAnalysis,
  [start, end]: readonly [start: number, end: number],
  recheck: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Refactoring[] {
  const candidates = [extracted(facts, start, end), inlined(facts, start)].filter((one) => one !== undefined);
  if (candidates.length === 0) return [];
  return candidates.filter(({ edits }) =>
    bringsNone(
      facts.checked.diagnostics,
      recheck(edits).filter(({ code }) => !mayCome.has(code)),
    ),
  );
}

/**
 * Warnings that a refactoring may cause. A block without a use is left in place with a warning, because other files may use it. A parameter that hides a
 * constant also hides it in the new block.
 */
const mayCome: ReadonlySet<string> = new Set<Code>(['unused-block', 'shadowed-name']);

/** A flow that contains a selection, with all steps that could go into a block. */
interface SelectedFlow {
  readonly node: Ast.TowerNode | Ast.BlockNode;
  readonly steps: readonly Ast.ExpressionNode[];
}

/** Extracts the selected steps of a flow; undefined if the selection is not within one flow. */
function extracted(facts: FileAnalysis, start: number, end: number): Refactoring | undefined {
  const { source, checked } = facts;
  const [from, to] = withoutBlanks(source.text, start, end);
  const flow = from < to ? flowAround(checked.file, from, to) : undefined;
  if (!flow) return undefined;
  const { node, steps } = flow;
  const chosenSteps = steps.filter(({ span }) => span.start < to && from < span.end);
  const [first, last] = [chosenSteps[0], chosenSteps.at(-1)];
  // All steps of a block already form a block.
  if (
    !first ||
    !last ||
    chosenSteps.length > limits.steps ||
    (node.kind === 'Block' && chosenSteps.length === steps.length)
  ) {
    return undefined;
  }
  const at = { source, start: first.span.start, end: last.span.end };
  if (at.end - at.start > limits.characters || hasError(facts, at)) return undefined;
  const name = freeName(facts);
  const readParameters = parametersIn(facts, node, at);
  const givenText = readParameters.length > 0 ? `(${readParameters.join(', ')})` : '';
  const insertOffset = beforeDeclaration(source, node.span.start);
  return {
    title: `Extract \`${short(spanText(at))}\` into a block`,
    kind: 'extract',
    edits: [
      {
        at: { source, start: insertOffset, end: insertOffset },
        text: `block ${name}${givenText} = ${spanText(at)}\n\n`,
      },
      { at, text: `${name}${givenText}` },
    ],
  };
}

function withoutBlanks(text: string, start: number, end: number): readonly [number, number] {
  const selected = text.slice(start, end);
  return [start + selected.length - selected.trimStart().length, end - selected.length + selected.trimEnd().length];
}

/** Finds the flow around a selection. The source of a tower's flow does not count as a step. */
function flowAround(file: Ast.FileNode, start: number, end: number): SelectedFlow | undefined {
  const node = declarationAround(file, { start, end }, 'Block', 'Tower');
  if (node?.kind === 'Block') return node.flow && { node, steps: stepsOf(node.flow) };
  const entry = node?.entries.find(({ span }) => isWithinSpan({ start, end }, span));
  return node && entry && { node, steps: stepsOf(entry.flow).slice(1) };
}

const hasError = ({ checked, source }: FileAnalysis, { start, end }: Span): boolean =>
  checked.diagnostics.some(
    ({ severity, at }) => severity === 'error' && at?.source === source && at.start < end && start < at.end,
  );

/** Returns the parameters of the surrounding block that are read within a span, in their order. */
function parametersIn(facts: FileAnalysis, node: SelectedFlow['node'], at: Span): readonly string[] {
  if (node.kind === 'Tower') return [];
  const isRead = (parameter: Ast.BlockParameterNode): boolean =>
    referencesTo(parameterSymbol(node.name.name, parameter), [facts]).some(({ span }) => isWithinSpan(span, at));
  return node.parameters.filter(isRead).map(({ name }) => name.name);
}

/** Returns a word that does not occur in the file, and that no imported file declares. */
function freeName({ lexed, checked }: FileAnalysis): string {
  const { scope, library } = checked.resolution;
  const { lets, ...tables } = scope;
  const takenNames = new Set([
    ...lexed.tokens.map(({ image }) => image),
    ...Object.keys(library.blocks),
    ...lets.map(({ name }) => name.name),
    ...Object.values(tables).flatMap((table) => [...table.keys()]),
  ]);
  for (let count = 1; ; count++) {
    const triedName = count === 1 ? 'part' : `part_${count}`;
    if (!takenNames.has(triedName)) return triedName;
  }
}

/** Returns the offset before the line of a declaration and the comments right above it; within the line if another declaration ends there. */
function beforeDeclaration(source: Source, offset: number): number {
  let { line } = positionAt(source, offset);
  if (source.text.slice(source.lineStarts[line - 1], offset).trim() !== '') return offset;
  while (line > 1 && /^\s*\/\//.test(lineAt(source, line - 1))) line--;
  return source.lineStarts[line - 1]!;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}

/** Inlines the use of a block at an offset, if the block is declared in this file. A block whose uses share weights is not inlined. */
function inlined(facts: FileAnalysis, offset: number): Refactoring | undefined {
  const word = facts.symbolAt(offset);
  const block = word?.symbol.node;
  if (word?.symbol.kind !== 'block' || block?.kind !== 'Block' || block.shared || !block.flow) return undefined;
  if (block.span.source !== facts.source || word.span.start === word.symbol.span.start) return undefined;
  const { file } = facts.checked;
  const use = usesIn(file).find(({ span }) => span.start === word.span.start);
  if (!use || isSearched(file, block) || readsOthers(file, block, use.span)) return undefined;
  const parameterReads = readsOf(facts, block);
  const argumentTexts = valuesOf(block, use, parameterReads);
  if (!argumentTexts) return undefined;
  const text = withEdits(block.flow, filled(parameterReads, argumentTexts));
  if (text.length > limits.characters || losesComments(facts, use.span, text)) return undefined;
  return { title: `Write \`${word.symbol.name}\` out here`, kind: 'inline', edits: [{ at: use.span, text }] };
}

/** The spans where each parameter is read. */
type ParameterReads = ReadonlyMap<string, readonly Span[]>;

const readsOf = (facts: FileAnalysis, { name: block, parameters }: Ast.BlockNode): ParameterReads =>
  new Map(
    parameters.map((parameter) => {
      const parameterReferences = referencesTo(parameterSymbol(block.name, parameter), [facts]);
      return [parameter.name.name, parameterReferences.flatMap(({ declares, span }) => (declares ? [] : [span]))];
    }),
  );

const filled = (reads: ParameterReads, values: ReadonlyMap<string, string>): readonly Edit[] =>
  [...values].flatMap(([name, text]) => (reads.get(name) ?? []).map((at) => ({ at, text })));

/** Returns the source of each parameter's value at a use; undefined if one has no value. A default may refer to earlier parameters. */
function valuesOf(
  { parameters }: Ast.BlockNode,
  use: Ast.ExpressionNode,
  reads: ParameterReads,
): ReadonlyMap<string, string> | undefined {
  const givenArguments = use.kind === 'Call' ? use.arguments : [];
  const inPlaces = givenArguments.filter(({ name }) => !name);
  const argumentTexts = new Map<string, string>();
  for (const [index, { name, default: usual }] of parameters.entries()) {
    const givenValue = givenArguments.find((one) => one.name?.name === name.name)?.value ?? inPlaces[index]?.value;
    const writtenValue = givenValue ?? usual;
    if (!writtenValue) return undefined;
    const text = givenValue ? spanText(givenValue.span) : withEdits(writtenValue, filled(reads, argumentTexts));
    argumentTexts.set(name.name, writtenValue.kind === 'Binary' || writtenValue.kind === 'Unary' ? `(${text})` : text);
  }
  return argumentTexts;
}

/** True if a search names the block. `tower tune` tries other blocks in its place, so it must keep its name. */
const isSearched = ({ declarations }: Ast.FileNode, { name }: Ast.BlockNode): boolean =>
  declarations.some((node) => node.kind === 'Search' && node.entries.some(({ path }) => path[0]?.name === name.name));

/** True if the block reads a name that is also a parameter of the block that uses it: after inlining, `width` would mean that parameter. */
function readsOthers(file: Ast.FileNode, block: Ast.BlockNode, use: Span): boolean {
  const blockAround = declarationAround(file, use, 'Block');
  if (!blockAround) return false;
  const ownParameters = new Set(block.parameters.map(({ name }) => name.name));
  const otherParameters = new Set(
    blockAround.parameters.flatMap(({ name }) => (ownParameters.has(name.name) ? [] : [name.name])),
  );
  const defaults = block.parameters.flatMap(({ default: usual }) => usual ?? []);
  return [...(block.flow ? [block.flow] : []), ...defaults].some((each) =>
    namesIn(each).some((name) => otherParameters.has(name)),
  );
}

/** True if comments of the use would be lost. Those within a value that the block reads are kept. */
function losesComments({ lexed }: FileAnalysis, use: Span, text: string): boolean {
  const lines = text.split(/\r?\n/);
  return lexed.comments
    .filter(({ startOffset }) => use.start <= startOffset && startOffset < use.end)
    .some(({ image }) => !lines.some((line) => line.endsWith(image)));
}

const namesIn = (value: Ast.ExpressionNode): readonly string[] => [
  ...(value.kind === 'Name' ? [value.parts[0]!.name] : []),
  ...partsOfExpression(value).flatMap(namesIn),
];

/** Iterates over the steps of every flow, including flows within arguments. */
function usesIn({ declarations }: Ast.FileNode): readonly Ast.ExpressionNode[] {
  const stepsWithin = (value: Ast.ExpressionNode): readonly Ast.ExpressionNode[] => [
    ...(value.kind === 'Flow' ? [] : [value]),
    ...partsOfExpression(value).flatMap(stepsWithin),
  ];
  return declarations.flatMap((node) => {
    if (node.kind === 'Block')
      return [...(node.flow ? [node.flow] : []), ...expressionsIn(node.formula)].flatMap(stepsWithin);
    return node.kind === 'Tower' ? node.entries.flatMap(({ flow }) => stepsWithin(flow)) : [];
  });
}
