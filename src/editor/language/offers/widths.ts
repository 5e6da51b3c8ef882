/** Makes two channels of a score equally wide: by the last width of one of them, or by one more layer. */
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import type { Mistake, Offer } from './offer.ts';
import { insertionAt } from './places.ts';

export function equalWidths(facts: FileAnalysis, { at }: Mistake): readonly Offer[] {
  const { tasks, towers } = facts.checked.resolution;
  const task = tasks.find(({ node: { span } }) => span.start <= at.start && at.end <= span.end);
  if (!task?.score) return [];
  const ends = task.score.terms
    .flatMap(({ channels }) => channels)
    .map(({ query, item }) =>
      [query, item].map((name, side) =>
        endOf(
          facts,
          towers.find((tower) => tower.name === task.score!.towers[side]),
          name,
        ),
      ),
    );
  return ends.flatMap(([query, item]) => {
    if (!query || !item || query.width === item.width) return [];
    return [
      ...rewidened(query, item.width),
      ...rewidened(item, query.width),
      ...layered(query, item.width),
      ...layered(item, query.width),
    ];
  });
}

interface End {
  /** `user.main` */
  readonly name: string;
  readonly flow: Ast.ExpressionNode;
  readonly width: number;
}

function endOf(
  facts: FileAnalysis,
  tower: FileAnalysis['checked']['resolution']['towers'][number] | undefined,
  name: string,
): End | undefined {
  const step = tower?.steps.find((step) => step.name === name);
  const [, width] =
    /^(?:vector\[|fields\[1 × )(\d+)\]$/.exec((step && facts.typeEnding(step.node.flow.span.end)) ?? '') ?? [];
  return step && width ? { name: `${tower!.name}.${name}`, flow: step.node.flow, width: Number(width) } : undefined;
}

function rewidened({ name, flow, width }: End, other: number): Offer[] {
  const last = flow.kind === 'Flow' ? flow.steps.at(-1) : flow;
  const given = last?.kind === 'Call' ? last.arguments : [];
  const own = given.findLast(({ value }) => value.kind === 'Number' && value.value === width)?.value.span;
  return own
    ? [{ title: `Make \`${name}\` ${other} wide, not ${width}`, edits: [{ at: own, text: String(other) }] }]
    : [];
}

const layered = ({ name, flow }: End, other: number): Offer[] => [
  {
    title: `End \`${name}\` with \`-> dense(${other})\``,
    edits: [insertionAt(flow.span.source, flow.span.end, ` -> dense(${other})`)],
  },
];
