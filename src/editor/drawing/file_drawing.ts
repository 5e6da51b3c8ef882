/** Draws the model in an editor, or the part that a word refers to, with its weights. For a text with errors it shows the valid flows. */
import { type Span, spanText } from '../../base/text/source.ts';
import { printValueType } from '../../compiler/library/values.ts';
import { flatText, stepsOf } from '../../compiler/model/expressions.ts';
import type { NamedSymbol } from '../../compiler/model/occurrences.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { isKeyword } from '../language/markdown.ts';
import { type Box, type Drawing, drawingOf } from './drawn.ts';

export interface PicturePart {
  readonly name: string;
  readonly title: string;
  readonly drawing: Drawing;
}

/** Returns the part that the word at the offset refers to; undefined if it has no picture, or if nothing of it is valid. */
export function partAt(facts: FileAnalysis, offset: number): PicturePart | undefined {
  const foundSymbol = facts.symbolAt(offset) ?? namedAfter(facts, offset);
  const part = foundSymbol && partOf(facts, foundSymbol.symbol, foundSymbol.span);
  return part && boxesOf(part.drawing).length > 0 ? part : undefined;
}

/** Returns the symbol that a word such as `tower` declares. */
function namedAfter(facts: FileAnalysis, offset: number): ReturnType<FileAnalysis['symbolAt']> {
  const { tokens } = facts.lexed;
  const index = facts.tokenIndexAt(offset);
  const nameToken = tokens[index + 1];
  return index !== -1 && nameToken && isKeyword(tokens, index) ? facts.symbolAt(nameToken.startOffset) : undefined;
}

export const boxesOf = ({ towers, tasks }: Drawing): readonly Box[] => [
  ...towers.flatMap(({ boxes }) => boxes),
  ...tasks,
];

function partOf(facts: FileAnalysis, symbol: NamedSymbol, use: Span): PicturePart | undefined {
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

/** Returns the box and everything that its value is computed from. */
function whatReaches({ towers, tasks }: Drawing, id: string): Drawing {
  const all = new Map(boxesOf({ towers, tasks }).map((box) => [box.id, box]));
  const reachingIds = new Set<string>();
  const keep = (one: string): void => {
    if (reachingIds.has(one) || !all.has(one)) return;
    reachingIds.add(one);
    all.get(one)!.reads.forEach(keep);
  };
  keep(id);
  const isKept = (box: Box): boolean => reachingIds.has(box.id);
  return {
    towers: towers.flatMap(({ name, boxes }) => {
      const reachingBoxes = boxes.filter(isKept);
      return reachingBoxes.length > 0 ? [{ name, boxes: reachingBoxes }] : [];
    }),
    tasks: tasks.filter(isKept),
  };
}

/** Draws a declared block: its steps, each with the output types of all uses of the block, and the weights of this use. */
function drawingOfBlock(facts: FileAnalysis, { name, flow, formula }: Ast.BlockNode, use: Span): Drawing {
  const weights = facts.costs.steps.get(use.start)?.parameters;
  const drawnParts = flow ? stepsOf(flow) : (formula?.entries ?? []);
  const lines = drawnParts.map(({ span }) => {
    const stepArrows = facts.arrows.filter((arrow) => arrow.span.source === span.source && arrow.span.end === span.end);
    const types = [...new Set(stepArrows.map(({ type }) => printValueType(type)))];
    return { text: flatText(span), gives: types.length > 0 ? types.join(' or ') : undefined };
  });
  const box: Box = { id: name.name, kind: 'step', name: name.name, lines, reads: [] };
  return { towers: [], tasks: [use.source === facts.source && weights ? { ...box, weights } : box] };
}

export function drawingIn(facts: FileAnalysis): Drawing {
  const { model } = facts.checked;
  const drawing = model ? drawingOf(model, facts.arrows) : validDrawing(facts);
  const costs = facts.costs.towers;
  return {
    ...drawing,
    towers: drawing.towers.map(({ name, boxes }) => ({
      name,
      boxes: boxes.map((box) => {
        const weights = box.kind === 'features' ? undefined : costs.get(`${name}.${box.name}`)?.parameters;
        return weights ? { ...box, weights } : box;
      }),
    })),
  };
}

/** Draws each flow whose types are known. Steps inside an argument or a declared block are part of the box of the step around them. */
function validDrawing(facts: FileAnalysis): Drawing {
  const { file } = facts.checked;
  const arrows = facts.arrows.filter(({ span }) => span.source === facts.source);
  const towers = file.declarations.flatMap((declaration) => {
    if (declaration.kind !== 'Tower') return [];
    const tower = declaration.name.name;
    const boxes = new Map<string, Box>();
    for (const { name, channel, flow } of declaration.entries) {
      const flowArrows = arrows.filter(({ span }) => span.start >= flow.span.start && span.end <= flow.span.end);
      const [source, ...steps] = flowArrows.filter(
        ({ span }) => !flowArrows.some((other) => other.span.start < span.start && other.span.end >= span.end),
      );
      if (!source) continue;
      const word = spanText(source.span);
      // A source `experts.view` reads the step `experts`.
      const before = `${tower}.${word.replace(/\..*$/s, '')}`;
      const sourceId = `${tower} from ${word}`;
      if (!boxes.has(before) && !boxes.has(sourceId)) {
        const lines = [{ text: printValueType(source.type) }];
        boxes.set(sourceId, { id: sourceId, kind: 'features', name: word, lines, reads: [], at: source.span });
      }
      boxes.set(`${tower}.${name.name}`, {
        id: `${tower}.${name.name}`,
        kind: channel ? 'channel' : 'step',
        name: name.name,
        lines: steps.map(({ span, type }) => ({ text: flatText(span), gives: printValueType(type) })),
        reads: [boxes.has(before) ? before : sourceId],
        at: flow.span,
      });
    }
    return [{ name: tower, boxes: [...boxes.values()] }];
  });
  const tasks = file.declarations.filter(({ kind }) => kind === 'Task') as Ast.TaskNode[];
  const channels = towers.flatMap(({ boxes }) => boxes.filter(({ kind }) => kind === 'channel'));
  return { towers, tasks: tasks.map((task) => taskBox(task, channels)) };
}

/** A task reads the channels that its score names, or all channels of a named tower. */
const taskBox = ({ name, entries, span }: Ast.TaskNode, channels: readonly Box[]): Box => ({
  id: `task ${name.name}`,
  kind: 'task',
  name: name.name,
  lines: entries
    .filter((entry) => entry.name.name === 'score' || entry.name.name === 'loss')
    .map(({ name: { name: word }, value }) => ({ text: `${word === 'loss' ? 'loss ' : ''}${flatText(value.span)}` })),
  reads: channels.flatMap(({ id }) => {
    const score = entries.find((entry) => entry.name.name === 'score');
    const scoreNames: string[] = score
      ? (spanText(score.value.span).match(/[\p{L}_][\p{L}\p{M}\w]*(\.[\p{L}\p{M}\w]+)?/gu) ?? [])
      : [];
    return scoreNames.includes(id) || scoreNames.includes(id.slice(0, id.indexOf('.'))) ? [id] : [];
  }),
  at: span,
});
