import type { Corpus, Events } from '../data/dataset.ts';
import type { Plan } from '../plan/plan.ts';
import { ranksColdItems } from './cold_items.ts';
import type { Retrieval } from './retrieval.ts';
import type { Scorer } from './scorer.ts';

/** The model as what ranks the corpus for an event. */
export function modelScorer(
  retrieval: Retrieval,
  { plan, events, corpus }: { readonly plan: Plan; readonly events: Events; readonly corpus: Corpus },
): Scorer {
  return {
    name: plan.model,
    doc: 'the inner product of the vectors of the two towers; the largest over several interests',
    ...(ranksColdItems(plan, corpus) ? { ranksCold: true } : {}),
    score: async (rows) => retrieval.scores(await retrieval.queries(events.features, rows)),
  };
}
