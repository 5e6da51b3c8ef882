import type { Events } from '../data/dataset.ts';
import type { Retrieval } from './retrieval.ts';
import type { Scorer } from './scorer.ts';

/** The model as what ranks the corpus for an event. */
export function modelScorer(retrieval: Retrieval, events: Events, name: string): Scorer {
  return {
    name,
    doc: 'the inner product of the vectors of the two towers; the largest over several interests',
    score: async (rows) => retrieval.scores(await retrieval.queries(events.features, rows)),
  };
}
