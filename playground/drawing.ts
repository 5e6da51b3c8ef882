/** The towers as a picture: each flow a column of boxes, on each arrow what it carries, below them the tasks. */

import { costsOf, thousands } from '../src/language/costs.ts';
import type { FileAnalysis } from '../src/language/file_analysis.ts';
import { printValueType } from '../src/library/values.ts';
import type * as Ast from '../src/syntax/ast.ts';
import { textOf } from '../src/text/source.ts';

interface Column {
  readonly tower: string;
  readonly name: string;
  readonly channel: boolean;
  readonly weights?: number;
  readonly boxes: readonly { readonly text: string; readonly type: string }[];
}

const boxWidth = 214;
const boxHeight = 30;
const pitch = 58;
const gap = 22;
const top = 74;

/** An SVG of what is valid in the file; empty where nothing is. */
export function drawTowers(facts: FileAnalysis): SVGSVGElement {
  const columns = columnsOf(facts);
  const towers = [...new Set(columns.map(({ tower }) => tower))];
  const tasks = facts.checked.file.declarations.filter(({ kind }) => kind === 'Task') as Ast.Task[];
  const rows = Math.max(1, ...columns.map(({ boxes }) => boxes.length));
  const taskTop = top + rows * pitch + 34;
  const placeOf = (column: Column): number => {
    const at = columns.indexOf(column);
    return 16 + at * (boxWidth + gap) + towers.indexOf(column.tower) * gap;
  };
  const width = Math.max(460, 16 + columns.length * (boxWidth + gap) + towers.length * gap);
  const svg = make('svg', { viewBox: `0 0 ${width} ${taskTop + 78}`, width, height: taskTop + 78 }) as SVGSVGElement;

  for (const name of towers) {
    const own = columns.filter(({ tower }) => tower === name);
    const left = placeOf(own[0]!) - 10;
    const right = placeOf(own.at(-1)!) + boxWidth + 10;
    svg.append(make('rect', { class: 'tower', x: left, y: 6, width: right - left, height: taskTop - 28, rx: 8 }));
    svg.append(text(left + 12, 26, `tower ${name}`, 'title'));
  }
  for (const column of columns) drawColumn(svg, column, placeOf(column), taskTop);
  const share = width / Math.max(1, tasks.length);
  tasks.forEach((task, at) => {
    const taskWidth = Math.min(share - 24, 520);
    const x = share * (at + 0.5) - taskWidth / 2;
    svg.append(make('rect', { class: 'task', x, y: taskTop, width: taskWidth, height: 66, rx: 8 }));
    svg.append(text(x + taskWidth / 2, taskTop + 19, `task ${task.name.name}`, 'title middle'));
    const entries = task.entries.filter(({ name }) => name.name === 'score' || name.name === 'loss');
    entries.forEach(({ value }, line) => {
      const said = short(textOf(value.span), Math.floor(taskWidth / 7.6));
      svg.append(text(x + taskWidth / 2, taskTop + 37 + line * 17, said, 'middle'));
    });
  });
  return svg;
}

function drawColumn(svg: SVGSVGElement, column: Column, x: number, taskTop: number): void {
  const cost = column.weights === undefined ? '' : ` · ${thousands(column.weights)} weights`;
  svg.append(text(x, 54, `${column.channel ? 'channel ' : ''}${column.name}${cost}`, column.channel ? 'channel' : ''));
  const middle = x + boxWidth / 2;
  column.boxes.forEach(({ text: said, type }, at) => {
    const y = top + at * pitch;
    const source = at === 0 ? 'source' : 'block';
    const box = make('rect', { class: source, x, y, width: boxWidth, height: boxHeight, rx: 5 });
    const title = make('title', {});
    title.textContent = `${said} → ${type}`;
    box.append(title);
    svg.append(box, text(middle, y + 19, short(said, 28), 'middle'));
    const isLast = at === column.boxes.length - 1;
    if (isLast && !column.channel) {
      svg.append(text(middle + 8, y + boxHeight + 18, short(type, 26), 'type middle'));
      return;
    }
    const end = isLast ? taskTop : y + pitch;
    svg.append(make('path', { class: 'arrow', d: `M${middle} ${y + boxHeight}V${end - 4}l-4 -5m4 5l4 -5` }));
    svg.append(text(middle + 8, y + boxHeight + 17, short(type, 15), 'type'));
  });
}

const short = (said: string, length: number): string => {
  const line = said.replace(/\s+/g, ' ');
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

/** Of flows whose arrows are known; steps within a block's arguments, or within a declared block, are part of its box. */
function columnsOf(facts: FileAnalysis): readonly Column[] {
  const { file } = facts.checked;
  const costs = costsOf(facts.checked).towers;
  const arrows = facts.arrows.filter(({ span }) => span.source === facts.source);
  return file.declarations.flatMap((declaration): Column[] => {
    if (declaration.kind !== 'Tower') return [];
    const tower = declaration.name.name;
    return declaration.entries.flatMap(({ name, channel, flow }): Column[] => {
      const own = arrows.filter(({ span }) => span.start >= flow.span.start && span.end <= flow.span.end);
      const outer = own.filter(
        ({ span }) => !own.some((other) => other.span.start < span.start && other.span.end >= span.end),
      );
      const boxes = outer.map(({ span, type }) => ({ text: textOf(span), type: printValueType(type) }));
      const weights = costs.get(`${tower}.${name.name}`)?.parameters;
      const counted = weights === undefined ? {} : { weights };
      return boxes.length === 0 ? [] : [{ tower, name: name.name, channel, boxes, ...counted }];
    });
  });
}

function make(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function text(x: number, y: number, said: string, className: string): SVGElement {
  const made = make('text', { x, y, class: className });
  made.textContent = said;
  return made;
}
