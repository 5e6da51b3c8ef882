/** A block into a flow that uses it, with the values of its parameters. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { type Span, textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { referencesTo, symbolAt } from '../references.ts';
import { parameterSymbol } from '../symbols.ts';
import type { Refactoring } from './refactoring.ts';
import { most, withEdits } from './texts.ts';

/** The use at an offset of a block that is declared in this file. Weights that several uses share stay where they are. */
export function inlined(facts: FileAnalysis, offset: number): Refactoring | undefined {
  const found = symbolAt(facts, offset);
  const block = found?.symbol.node;
  if (found?.symbol.kind !== 'block' || block?.kind !== 'Block' || block.shared) return undefined;
  if (block.span.source !== facts.source || found.span.start === found.symbol.span.start) return undefined;
  const { file } = facts.checked;
  const use = usesIn(file).find(({ span }) => span.start === found.span.start);
  if (!use || isSearched(file, block) || readsOthers(file, block, use.span)) return undefined;
  const places = placesOf(facts, block);
  const values = valuesOf(block, use, places);
  if (!values) return undefined;
  const text = withEdits(block.flow, filled(places, values));
  if (text.length > most.characters || losesComments(facts, use.span, text)) return undefined;
  return { title: `Write \`${found.symbol.name}\` out here`, kind: 'inline', edits: [{ at: use.span, text }] };
}

/** Where each parameter is read. */
type Places = ReadonlyMap<string, readonly Span[]>;

const placesOf = (facts: FileAnalysis, { name: block, parameters }: Ast.BlockNode): Places =>
  new Map(
    parameters.map((parameter) => {
      const all = referencesTo(parameterSymbol(block.name, parameter), [facts]);
      return [parameter.name.name, all.flatMap(({ declares, span }) => (declares ? [] : [span]))];
    }),
  );

const filled = (places: Places, values: ReadonlyMap<string, string>): readonly Edit[] =>
  [...values].flatMap(([name, text]) => (places.get(name) ?? []).map((at) => ({ at, text })));

/** What each parameter is at a use, as it is written; nothing where one has no value. A default may read parameters before it. */
function valuesOf(
  { parameters }: Ast.BlockNode,
  use: Ast.ExpressionNode,
  places: Places,
): ReadonlyMap<string, string> | undefined {
  const given = use.kind === 'Call' ? use.arguments : [];
  const inPlaces = given.filter(({ name }) => !name);
  const values = new Map<string, string>();
  for (const [at, { name, default: usual }] of parameters.entries()) {
    const value = given.find((one) => one.name?.name === name.name)?.value ?? inPlaces[at]?.value;
    const written = value ?? usual;
    if (!written) return undefined;
    const text = value ? textOf(value.span) : withEdits(written, filled(places, values));
    values.set(name.name, written.kind === 'Binary' || written.kind === 'Unary' ? `(${text})` : text);
  }
  return values;
}

/** `tower tune` tries other blocks in the place of one that a search names: it must stay named. */
const isSearched = ({ declarations }: Ast.FileNode, { name }: Ast.BlockNode): boolean =>
  declarations.some((node) => node.kind === 'Search' && node.entries.some(({ path }) => path[0]?.name === name.name));

/** Whether a name of the block would be a parameter of the block that uses it: `width` there is another one. */
function readsOthers({ declarations }: Ast.FileNode, block: Ast.BlockNode, use: Span): boolean {
  const around = declarations.find(({ span }) => span.start <= use.start && use.end <= span.end);
  if (around?.kind !== 'Block' || around.parameters.length === 0) return false;
  const own = new Set(block.parameters.map(({ name }) => name.name));
  const others = new Set(around.parameters.flatMap(({ name }) => (own.has(name.name) ? [] : [name.name])));
  const defaults = block.parameters.flatMap(({ default: usual }) => usual ?? []);
  return [block.flow, ...defaults].some((each) => namesIn(each).some((name) => others.has(name)));
}

/** Comments of the use are lost unless they lie within a value that the block reads. */
function losesComments({ lexed }: FileAnalysis, use: Span, text: string): boolean {
  const lines = text.split(/\r?\n/);
  return lexed.comments
    .filter(({ startOffset }) => use.start <= startOffset && startOffset < use.end)
    .some(({ image }) => !lines.some((line) => line.endsWith(image)));
}

function partsOf(value: Ast.ExpressionNode): readonly Ast.ExpressionNode[] {
  switch (value.kind) {
    case 'Flow':
      return value.steps;
    case 'Call':
      return value.arguments.map((argument) => argument.value);
    case 'List':
      return value.items;
    case 'Binary':
      return [value.left, value.right];
    case 'Unary':
      return [value.operand];
    default:
      return [];
  }
}

const namesIn = (value: Ast.ExpressionNode): readonly string[] => [
  ...(value.kind === 'Name' ? [value.parts[0]!.name] : []),
  ...partsOf(value).flatMap(namesIn),
];

/** Every step of every flow, also of those within arguments. */
function usesIn({ declarations }: Ast.FileNode): readonly Ast.ExpressionNode[] {
  const found: Ast.ExpressionNode[] = [];
  const visit = (value: Ast.ExpressionNode): void => {
    if (value.kind !== 'Flow') found.push(value);
    partsOf(value).forEach(visit);
  };
  for (const node of declarations) {
    if (node.kind === 'Block') visit(node.flow);
    if (node.kind === 'Tower') for (const { flow } of node.entries) visit(flow);
  }
  return found;
}
