import type { Corpus, Events } from '../data/dataset.ts';
import type { Plan } from '../plan/plan.ts';
import { ranksColdItems } from './cold_items.ts';
import type { Retrieval } from './retrieval.ts';
import type { Scorer } from './scorer.ts';
import type { Vectors } from './tower_vectors.ts';

/** The model as what ranks the corpus for an event. */
export function modelScorer(
  retrieval: Retrieval,
  { plan, events, corpus }: { readonly plan: Plan; readonly events: Events; readonly corpus: Corpus },
): Scorer {
  let expected: { readonly vectors: Vectors; readonly placeOf: ReadonlyMap<number, number> } | undefined;
  const vectorsOf = async (rows: Int32Array): Promise<Vectors> => {
    const known = expected;
    return known && rows.every((row) => known.placeOf.has(row))
      ? picked(
          known.vectors,
          rows.map((row) => known.placeOf.get(row)!),
        )
      : retrieval.queries(events.features, rows);
  };
  return {
    name: plan.model,
    doc: 'the inner product of the vectors of the two towers; the largest over several interests',
    ...(ranksColdItems(plan, corpus) ? { ranksCold: true } : {}),
    async expect(rows) {
      const vectors = await retrieval.queries(events.features, rows);
      expected = { vectors, placeOf: new Map(Array.from(rows, (row, place) => [row, place])) };
    },
    score: async (rows) => retrieval.scores(await vectorsOf(rows)),
    scoreSome: async (rows, from, to) => retrieval.scoresBetween(await vectorsOf(rows), from, to),
  };
}

function picked({ data, ...vectors }: Vectors, places: Int32Array): Vectors {
  const each = vectors.width * (vectors.interests ?? 1);
  const own = new Float32Array(places.length * each);
  places.forEach((place, i) => {
    own.set(data.subarray(place * each, (place + 1) * each), i * each);
  });
  return { ...vectors, data: own, rows: places.length };
}
