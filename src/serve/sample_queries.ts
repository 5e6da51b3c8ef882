/** Queries as they are asked: of events that training has not seen, where the data has such. */
import type { Dataset } from '../data/dataset.ts';
import type { Retrieval } from '../scoring/retrieval.ts';
import type { Queries } from './certificate.ts';
import { interestsOf } from './interests.ts';

export async function sampleQueries(retrieval: Retrieval, { parts }: Dataset, count: number): Promise<Queries> {
  const events = [parts.test, parts.validation, parts.train].find(({ rows }) => rows > 0);
  if (events === undefined) return [];
  const size = Math.min(count, events.rows);
  const rows = Int32Array.from({ length: size }, (_, i) => Math.floor((i * events.rows) / size));
  return interestsOf(await retrieval.queries(events.features, rows));
}
