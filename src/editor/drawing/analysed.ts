/** What the picture of a text in an editor holds, with its weights. Of a text with mistakes: the flows that are valid. */
import { textOf } from '../../base/text/source.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import { type Box, type Drawing, drawingOf } from './drawn.ts';

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

/** Of flows whose arrows are known; steps within a block's arguments, or within a declared block, are part of its box. */
function validDrawing(facts: FileAnalysis): Drawing {
  const { file } = facts.checked;
  const arrows = facts.arrows.filter(({ span }) => span.source === facts.source);
  const towers = file.declarations.flatMap((declaration) => {
    if (declaration.kind !== 'Tower') return [];
    const tower = declaration.name.name;
    const boxes = new Map<string, Box>();
    for (const { name, channel, flow } of declaration.entries) {
      const own = arrows.filter(({ span }) => span.start >= flow.span.start && span.end <= flow.span.end);
      const [source, ...steps] = own.filter(
        ({ span }) => !own.some((other) => other.span.start < span.start && other.span.end >= span.end),
      );
      if (!source) continue;
      const word = textOf(source.span);
      // Of `experts.view` the step is `experts`.
      const before = `${tower}.${word.replace(/\..*$/s, '')}`;
      const from = `${tower} from ${word}`;
      if (!boxes.has(before) && !boxes.has(from)) {
        const lines = [{ text: printValueType(source.type) }];
        boxes.set(from, { id: from, kind: 'features', name: word, lines, reads: [], at: source.span });
      }
      boxes.set(`${tower}.${name.name}`, {
        id: `${tower}.${name.name}`,
        kind: channel ? 'channel' : 'step',
        name: name.name,
        lines: steps.map(({ span, type }) => ({ text: flat(textOf(span)), gives: printValueType(type) })),
        reads: [boxes.has(before) ? before : from],
        at: flow.span,
      });
    }
    return [{ name: tower, boxes: [...boxes.values()] }];
  });
  const tasks = file.declarations.filter(({ kind }) => kind === 'Task') as Ast.TaskNode[];
  const channels = towers.flatMap(({ boxes }) => boxes.filter(({ kind }) => kind === 'channel'));
  return { towers, tasks: tasks.map((task) => taskBox(task, channels)) };
}

/** It reads the channels that its score names, or all of a tower that it names. */
const taskBox = ({ name, entries, span }: Ast.TaskNode, channels: readonly Box[]): Box => ({
  id: `task ${name.name}`,
  kind: 'task',
  name: name.name,
  lines: entries
    .filter((entry) => entry.name.name === 'score' || entry.name.name === 'loss')
    .map(({ name: { name: word }, value }) => ({
      text: `${word === 'loss' ? 'loss ' : ''}${flat(textOf(value.span))}`,
    })),
  reads: channels.flatMap(({ id }) => {
    const score = entries.find((entry) => entry.name.name === 'score');
    const words: string[] = score ? (textOf(score.value.span).match(/[A-Za-z_]\w*(\.\w+)?/g) ?? []) : [];
    return words.includes(id) || words.includes(id.slice(0, id.indexOf('.'))) ? [id] : [];
  }),
  at: span,
});

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
