import type { Resolution } from '../resolution.ts';

/** Names of the tasks that a product of the file multiplies. */
export const factorNames = ({ tasks }: Pick<Resolution, 'tasks'>): ReadonlySet<string> =>
  new Set(tasks.flatMap(({ product }) => product?.factors.map(({ name }) => name) ?? []));
