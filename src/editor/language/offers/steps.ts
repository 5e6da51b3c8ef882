/** Inserts a step that turns a value into what the next one takes: a vector of fields, one of a sequence. */
import type { FileAnalysis } from '../file_analysis.ts';
import type { Mistake, Offer } from './offer.ts';
import { insertionAt } from './places.ts';

/** Blocks without arguments that give a vector. */
const towardsVector = ['flatten', 'mean', 'last', 'max', 'attention', 'sum'];

/** Before the step that refuses its value. */
export const stepBefore = (_: FileAnalysis, { at }: Mistake): readonly Offer[] =>
  towardsVector.map((block) => ({
    title: `Insert \`${block} ->\``,
    edits: [insertionAt(at.source, at.start, `${block} -> `)],
  }));

/** At the end of a channel that is no vector. */
export function stepAfter(facts: FileAnalysis, { at }: Mistake): readonly Offer[] {
  const { file } = facts.checked;
  const entry = file.declarations
    .flatMap((node) => (node.kind === 'Tower' ? node.entries : []))
    .find(({ span }) => span.start <= at.start && at.end <= span.end);
  const end = entry?.flow.span.end ?? at.end;
  // A score needs the width of the other channel, too.
  const layers = widthsOf(facts).map((width) => `flatten -> dense(${width})`);
  return [...towardsVector, ...layers].map((steps) => ({
    title: `End with \`-> ${steps}\``,
    edits: [insertionAt(at.source, end, ` -> ${steps}`)],
  }));
}

/** Of the channels that are vectors. */
function widthsOf(facts: FileAnalysis): readonly string[] {
  const ends = facts.checked.resolution.towers.flatMap(({ steps }) => steps.filter(({ channel }) => channel));
  return [
    ...new Set(
      ends.flatMap(({ node }) => /^vector\[(\d+)\]$/.exec(facts.typeEnding(node.flow.span.end) ?? '')?.[1] ?? []),
    ),
  ];
}
