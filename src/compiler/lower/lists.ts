import type { Flow, FlowPart, Tower } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import { isSequence } from './field.ts';

/** Lists that the tower reads in sequence, each once with all that belongs to it. */
export function listsOf({ steps }: Tower, { byName }: LoweredFeatures): readonly string[] {
  const readFeatures = steps
    .flatMap(({ flow }) => partsOf(flow))
    .flatMap((part) => (part.kind === 'features' ? part.features : []));
  const sequences = readFeatures.filter((name) => isSequence(byName.get(name)!.use));
  return [...new Set(sequences.map((name) => byName.get(name)!.use.along ?? name))];
}

/** The parts that a flow begins with. */
export const partsOf = ({ from }: Flow): readonly FlowPart[] => (from.kind === 'join' ? from.parts : [from]);
