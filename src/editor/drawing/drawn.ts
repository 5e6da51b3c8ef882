/** Describes a model as boxes and arrows: the contents of its picture, before the layout. */
import type { Span } from '../../base/text/source.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import { flatText } from '../../compiler/model/expressions.ts';
import { type FlowSource, type Model, partsOf, type Task, type Tower } from '../../compiler/model/model.ts';

export interface Box {
  /** Unique in the drawing. */
  readonly id: string;
  /** `back`: part of the backward pass of a training step. */
  readonly kind: 'features' | 'step' | 'channel' | 'task' | 'back';
  readonly name: string;
  /** The steps within, in order, each with its output type. */
  readonly lines: readonly { readonly text: string; readonly gives?: string }[];
  /** Ids of the boxes that it takes as inputs, including earlier boxes of the same list. */
  readonly reads: readonly string[];
  /** The place in the source text. */
  readonly at?: Span;
  /** Number of weights. */
  readonly weights?: number;
}

export interface Drawing {
  readonly towers: readonly { readonly name: string; readonly boxes: readonly Box[] }[];
  readonly tasks: readonly Box[];
}

/** @param arrows the type that each flow carries, as found when the model was lowered */
export function drawingOf(model: Model, arrows: readonly Arrow[]): Drawing {
  const carried = new Map(arrows.map(({ span, type }) => [keyOf(span), printValueType(type)]));
  const [query, item] = model.towers;
  return {
    towers: model.towers.map((tower) => ({ name: tower.name, boxes: boxesOf(tower, carried) })),
    tasks: factorsFirst(model.tasks).map(({ name, score, loss }) => ({
      id: taskId(name),
      kind: 'task',
      name,
      at: score.span,
      lines: [{ text: flatText(score.span) }, ...(loss ? [{ text: `loss ${flatText(loss.span)}` }] : [])],
      reads: [
        ...new Set([
          ...(score.product ?? []).map(taskId),
          ...(score.terms.some(({ channels }) => channels.length === 0) ? [inputsId(query), inputsId(item)] : []),
          ...score.terms.flatMap(({ channels }) =>
            channels.flatMap((pair) => [stepId(query, pair.query), stepId(item, pair.item)]),
          ),
          ...(score.biases ?? []).flatMap((bias) => {
            if (bias.kind !== 'channel') return [];
            const tower = bias.side === 'query' ? query : item;
            return tower.steps.some(({ name }) => name === bias.channel) ? [stepId(tower, bias.channel)] : [];
          }),
        ]),
      ],
    })),
  };
}

function boxesOf(tower: Tower, carried: ReadonlyMap<string, string>): Box[] {
  // A score that is fitted as a whole reads the features themselves.
  if (tower.steps.length === 0) {
    const name = tower.features.join(', ');
    return [{ id: inputsId(tower), kind: 'features', name, at: tower.span, lines: [], reads: [] }];
  }
  const sources = new Map<string, Box>();
  const steps = tower.steps.map(({ name, channel, flow }): Box => {
    const parts = partsOf(flow);
    for (const part of parts) {
      if (part.kind !== 'features' || sources.has(part.name)) continue;
      const lines = part.features.map((text) => ({ text }));
      const gives = carried.get(keyOf(part.span));
      const lastLine = lines.at(-1);
      sources.set(part.name, {
        id: `${tower.name} from ${part.name}`,
        kind: 'features',
        name: part.name,
        at: part.span,
        lines: lastLine && gives ? [...lines.slice(0, -1), { ...lastLine, gives }] : lines,
        reads: [],
      });
    }
    const line = (text: string, span: Span) => {
      const gives = carried.get(keyOf(span));
      return { text, gives };
    };
    return {
      id: stepId(tower, name),
      kind: channel ? 'channel' : 'step',
      name,
      at: flow.span,
      lines: [
        ...(isPart(flow.from) ? [] : [line(expressionText(flow.from), flow.from.span)]),
        ...flow.steps.map((step) => line(flatText(step.span), step.span)),
      ],
      reads: [
        ...new Set(
          parts.map((part) => (part.kind === 'step' ? stepId(tower, part.name) : `${tower.name} from ${part.name}`)),
        ),
      ],
    };
  });
  return [...sources.values(), ...steps];
}

const isPart = ({ kind }: FlowSource): boolean => kind === 'features' || kind === 'step';

/** Returns the text of an expression at the start of a flow: only the name of a block whose values are names, because arrows lead to them. */
const expressionText = (source: FlowSource): string =>
  source.kind === 'join' && source.parts.every(isPart) ? source.call.kind : flatText(source.span);

/** Returns tasks in the order of the text, except that a product comes after its factors. */
function factorsFirst(tasks: readonly Task[]): readonly Task[] {
  const placed = new Set<Task>();
  const placeTask = (task: Task): void => {
    for (const factor of task.score.product ?? []) placeTask(tasks.find(({ name }) => name === factor)!);
    placed.add(task);
  };
  for (const task of tasks) placeTask(task);
  return [...placed];
}

const inputsId = ({ name }: Tower): string => `${name} from all`;
const taskId = (name: string): string => `task ${name}`;
const stepId = (tower: Tower, step: string): string => `${tower.name}.${step}`;
const keyOf = ({ source, start, end }: Span): string => `${source.name}:${start}:${end}`;
