/** Whole steps of one flow into a block, which gets the parameters that they read. */
import { lineAt, positionAt, type Source, type Span, textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { referencesTo } from '../references.ts';
import { parameterSymbol } from '../symbols.ts';
import type { Refactoring } from './refactoring.ts';
import { most, stepsOf } from './texts.ts';

/** A flow that a selection lies in, with all steps that could be a block's. */
interface Place {
  readonly node: Ast.TowerNode | Ast.BlockNode;
  readonly steps: readonly Ast.ExpressionNode[];
}

/** Nothing for a selection of more than one flow. */
export function extracted(facts: FileAnalysis, start: number, end: number): Refactoring | undefined {
  const { source, checked } = facts;
  const [from, to] = withoutBlanks(source.text, start, end);
  const place = from < to ? placeOf(checked.file, from, to) : undefined;
  if (!place) return undefined;
  const { node, steps } = place;
  const chosen = steps.filter(({ span }) => span.start < to && from < span.end);
  const [first, last] = [chosen[0], chosen.at(-1)];
  // All steps of a block are a block already.
  if (!first || !last || chosen.length > most.steps || (node.kind === 'Block' && chosen.length === steps.length)) {
    return undefined;
  }
  const at = { source, start: first.span.start, end: last.span.end };
  if (at.end - at.start > most.characters || hasError(facts, at)) return undefined;
  const name = freeName(facts);
  const read = parametersIn(facts, node, at);
  const given = read.length > 0 ? `(${read.join(', ')})` : '';
  const above = beforeDeclaration(source, node.span.start);
  return {
    title: `Extract \`${short(textOf(at))}\` into a block`,
    kind: 'extract',
    edits: [
      { at: { source, start: above, end: above }, text: `block ${name}${given} = ${textOf(at)}\n\n` },
      { at, text: `${name}${given}` },
    ],
  };
}

function withoutBlanks(text: string, start: number, end: number): readonly [number, number] {
  const selected = text.slice(start, end);
  return [start + selected.length - selected.trimStart().length, end - selected.length + selected.trimEnd().length];
}

/** What a flow of a tower begins with is no step. */
function placeOf({ declarations }: Ast.FileNode, from: number, to: number): Place | undefined {
  const isAround = ({ span }: { readonly span: Span }): boolean => span.start <= from && to <= span.end;
  const node = declarations.find(isAround);
  if (node?.kind === 'Block') return { node, steps: stepsOf(node.flow) };
  const entry = node?.kind === 'Tower' ? node.entries.find(isAround) : undefined;
  return entry && { node: node as Ast.TowerNode, steps: stepsOf(entry.flow).slice(1) };
}

const hasError = ({ checked, source }: FileAnalysis, { start, end }: Span): boolean =>
  checked.diagnostics.some(
    ({ severity, at }) => severity === 'error' && at?.source === source && at.start < end && start < at.end,
  );

/** Parameters of the block around a place that are read there, in their order. */
function parametersIn(facts: FileAnalysis, node: Place['node'], at: Span): readonly string[] {
  if (node.kind === 'Tower') return [];
  const isRead = (parameter: Ast.BlockParameterNode): boolean =>
    referencesTo(parameterSymbol(node.name.name, parameter), [facts]).some(
      ({ span }) => at.start <= span.start && span.end <= at.end,
    );
  return node.parameters.filter(isRead).map(({ name }) => name.name);
}

/** A word that the file has nowhere, and nothing that it uses declares. */
function freeName({ lexed, checked }: FileAnalysis): string {
  const { scope, library } = checked.resolution;
  const { lets, ...tables } = scope;
  const taken = new Set([
    ...lexed.tokens.map(({ image }) => image),
    ...Object.keys(library.blocks),
    ...lets.map(({ name }) => name.name),
    ...Object.values(tables).flatMap((table) => [...table.keys()]),
  ]);
  for (let count = 1; ; count++) {
    const name = count === 1 ? 'part' : `part_${count}`;
    if (!taken.has(name)) return name;
  }
}

/** Above the line of a declaration, and above the comments right over it; within a line where another one ends there. */
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
