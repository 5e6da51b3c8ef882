/** Steps of a flow into a block of their own, and a block into the flow that uses it. What the model computes stays the same. */
import type { Diagnostic, Edit } from '../diagnostics/diagnostic.ts';
import type * as Ast from '../syntax/ast.ts';
import { lineAt, positionAt, type Source, textOf } from '../text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { referencesTo, symbolAt } from './references.ts';

export interface Refactoring {
  readonly title: string;
  readonly kind: 'extract' | 'inline';
  readonly edits: readonly Edit[];
}

/**
 * Of the text from `start` to `end`.
 * @param recheck what a check of the file finds with these edits made: one that brings a mistake is not offered
 */
export function refactoringsAt(
  facts: FileAnalysis,
  [start, end]: readonly [start: number, end: number],
  recheck: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Refactoring[] {
  const found = [extracted(facts, start, end), inlined(facts, start)].filter((one) => one !== undefined);
  if (found.length === 0) return [];
  const known = new Set(facts.checked.diagnostics.map(({ code, message }) => `${code} ${message}`));
  // A block whose last use is gone is left, and said to be unused: other files may use it.
  const isNew = ({ code, message }: Diagnostic): boolean => code !== 'unused-block' && !known.has(`${code} ${message}`);
  return found.filter(({ edits }) => !recheck(edits).some(isNew));
}

/** Whole steps of a tower or of a block, one after the other. What a flow begins with is no step. */
function extracted({ source, checked }: FileAnalysis, start: number, end: number): Refactoring | undefined {
  if (start === end) return undefined;
  for (const node of checked.file.declarations) {
    if (end < node.span.start || node.span.end < start) continue;
    const flows =
      node.kind === 'Tower'
        ? node.entries.map(({ flow }) => stepsOf(flow).slice(1))
        : node.kind === 'Block'
          ? [stepsOf(node.flow)]
          : [];
    for (const steps of flows) {
      const chosen = steps.filter(({ span }) => span.start < end && start < span.end);
      const [first, last] = [chosen[0], chosen.at(-1)];
      if (!first || !last) continue;
      const at = { source, start: first.span.start, end: last.span.end };
      const isWrong = checked.diagnostics.some(
        (one) =>
          one.severity === 'error' && one.at?.source === source && one.at.start < at.end && at.start < one.at.end,
      );
      if (isWrong) return undefined;
      const name = freeName(checked.resolution);
      const above = aboveComments(source, node.span.start);
      return {
        title: `Extract \`${short(textOf(at))}\` into a block`,
        kind: 'extract',
        edits: [
          { at: { source, start: above, end: above }, text: `block ${name} = ${textOf(at)}\n\n` },
          { at, text: name },
        ],
      };
    }
  }
  return undefined;
}

/** The use at an offset of a block that is declared in this file. Weights that several uses share stay where they are. */
function inlined(facts: FileAnalysis, offset: number): Refactoring | undefined {
  const found = symbolAt(facts, offset);
  const block = found?.symbol.node;
  if (found?.symbol.kind !== 'block' || block?.kind !== 'Block' || block.shared) return undefined;
  if (block.span.source !== facts.source || found.span.start === found.symbol.span.start) return undefined;
  const use = usesIn(facts.checked.file).find(({ span }) => span.start === found.span.start);
  const values = use && valuesOf(block, use);
  if (!values) return undefined;
  const edits = new Map<number, Edit>();
  for (const { name, ...parameter } of block.parameters) {
    const places = referencesTo({ kind: 'parameter', name: name.name, span: name.span, node: { name, ...parameter } }, [
      facts,
    ]);
    for (const { span, declares } of places) {
      const isInFlow = block.flow.span.start <= span.start && span.end <= block.flow.span.end;
      if (!declares && isInFlow) edits.set(span.start, { at: span, text: values.get(name.name)! });
    }
  }
  const text = withEdits(block.flow, [...edits.values()]);
  return {
    title: `Write \`${found.symbol.name}\` out here`,
    kind: 'inline',
    edits: [{ at: use.span, text }],
  };
}

/** What each parameter is at a use, as it is written; nothing where one has no value. */
function valuesOf({ parameters }: Ast.Block, use: Ast.Expression): ReadonlyMap<string, string> | undefined {
  const given = use.kind === 'Call' ? use.arguments : [];
  const places = given.filter(({ name }) => !name);
  const values = new Map<string, string>();
  for (const [at, { name, default: usual }] of parameters.entries()) {
    const value = given.find((one) => one.name?.name === name.name)?.value ?? places[at]?.value ?? usual;
    if (!value) return undefined;
    const text = textOf(value.span);
    values.set(name.name, value.kind === 'Binary' || value.kind === 'Unary' ? `(${text})` : text);
  }
  return values;
}

function withEdits({ span }: Ast.Expression, edits: readonly Edit[]): string {
  let text = '';
  let at = span.start;
  for (const edit of edits.toSorted((a, b) => a.at.start - b.at.start)) {
    text += span.source.text.slice(at, edit.at.start) + edit.text;
    at = edit.at.end;
  }
  return text + span.source.text.slice(at, span.end);
}

/** Every step of every flow, also of those within arguments. */
function usesIn({ declarations }: Ast.File): readonly Ast.Expression[] {
  const found: Ast.Expression[] = [];
  const visit = (value: Ast.Expression): void => {
    if (value.kind === 'Flow') value.steps.forEach(visit);
    else found.push(value);
    if (value.kind === 'Call') for (const argument of value.arguments) visit(argument.value);
  };
  for (const node of declarations) {
    if (node.kind === 'Block') visit(node.flow);
    if (node.kind === 'Tower') for (const { flow } of node.entries) visit(flow);
  }
  return found;
}

const stepsOf = (flow: Ast.Expression): readonly Ast.Expression[] => (flow.kind === 'Flow' ? flow.steps : [flow]);

function freeName({ scope, library }: FileAnalysis['checked']['resolution']): string {
  const isFree = (name: string): boolean => !scope.blocks.has(name) && !Object.hasOwn(library.blocks, name);
  for (let count = 1; ; count++) {
    const name = count === 1 ? 'part' : `part_${count}`;
    if (isFree(name)) return name;
  }
}

/** Where the line begins of a declaration, or of the comments right above it. */
function aboveComments(source: Source, offset: number): number {
  let { line } = positionAt(source, offset);
  while (line > 1 && /^\s*\/\//.test(lineAt(source, line - 1))) line--;
  return source.lineStarts[line - 1]!;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
