/** The part of a model's picture that a word of its text is about: the model, one tower, or all that a step or a task reads. */
import { type Span, textOf } from '../../base/text/source.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { endOf } from '../../compiler/syntax/token.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { isKeyword } from '../language/keywords.ts';
import { symbolAt } from '../language/references.ts';
import type { NamedSymbol } from '../language/symbols.ts';
import { drawingIn } from './analysed.ts';
import type { Box, Drawing } from './drawn.ts';

export interface Part {
  readonly name: string;
  readonly title: string;
  readonly drawing: Drawing;
}

/** Absent where the word has no picture, or where nothing of it is valid. */
export function partAt(facts: FileAnalysis, offset: number): Part | undefined {
  const found = symbolAt(facts, offset) ?? namedAfter(facts, offset);
  const part = found && partOf(facts, found.symbol, found.span);
  return part && boxesOf(part.drawing).length > 0 ? part : undefined;
}

/** What a word such as `tower` declares. */
function namedAfter(facts: FileAnalysis, offset: number): ReturnType<typeof symbolAt> {
  const { tokens } = facts.lexed;
  const at = tokens.findIndex((token) => token.startOffset <= offset && offset <= endOf(token));
  const name = tokens[at + 1];
  return at !== -1 && name && isKeyword(tokens, at) ? symbolAt(facts, name.startOffset) : undefined;
}

export const boxesOf = ({ towers, tasks }: Drawing): readonly Box[] => [
  ...towers.flatMap(({ boxes }) => boxes),
  ...tasks,
];

function partOf(facts: FileAnalysis, symbol: NamedSymbol, use: Span): Part | undefined {
  const { name } = symbol;
  switch (symbol.kind) {
    case 'model':
      return { name, title: `The model ${name}`, drawing: drawingIn(facts) };
    case 'tower': {
      const { towers } = drawingIn(facts);
      const drawing = { towers: towers.filter((tower) => tower.name === name), tasks: [] };
      return { name, title: `The tower ${name}`, drawing };
    }
    case 'channel':
    case 'step': {
      const id = `${symbol.tower}.${name}`;
      return { name, title: `What ${id} reads and gives`, drawing: whatReaches(drawingIn(facts), id) };
    }
    case 'task':
      return { name, title: `What the task ${name} reads`, drawing: whatReaches(drawingIn(facts), `task ${name}`) };
    case 'block':
      return symbol.node.kind === 'Block'
        ? { name, title: `The steps of the block ${name}`, drawing: drawingOfBlock(facts, symbol.node, use) }
        : undefined;
    default:
      return undefined;
  }
}

/** A box, and all that its value comes from. */
function whatReaches({ towers, tasks }: Drawing, id: string): Drawing {
  const all = new Map(boxesOf({ towers, tasks }).map((box) => [box.id, box]));
  const kept = new Set<string>();
  const keep = (one: string): void => {
    if (kept.has(one) || !all.has(one)) return;
    kept.add(one);
    all.get(one)!.reads.forEach(keep);
  };
  keep(id);
  const isKept = (box: Box): boolean => kept.has(box.id);
  return {
    towers: towers.flatMap(({ name, boxes }) => {
      const own = boxes.filter(isKept);
      return own.length > 0 ? [{ name, boxes: own }] : [];
    }),
    tasks: tasks.filter(isKept),
  };
}

/** Its steps, each with what it gives in any use; at a use with its weights there. */
function drawingOfBlock(facts: FileAnalysis, { name, flow }: Ast.BlockNode, use: Span): Drawing {
  const steps = flow.kind === 'Flow' ? flow.steps : [flow];
  const weights = facts.costs.steps.get(use.start)?.parameters;
  const lines = steps.map(({ span }) => {
    const given = facts.arrows.filter((arrow) => arrow.span.source === span.source && arrow.span.end === span.end);
    const types = [...new Set(given.map(({ type }) => printValueType(type)))];
    const text = textOf(span).replaceAll(/\s+/g, ' ');
    return types.length > 0 ? { text, gives: types.join(' or ') } : { text };
  });
  const box: Box = { id: name.name, kind: 'step', name: name.name, lines, reads: [] };
  return { towers: [], tasks: [use.source === facts.source && weights ? { ...box, weights } : box] };
}
