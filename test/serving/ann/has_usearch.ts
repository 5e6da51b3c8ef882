/** Whether usearch, an optional package, is installed here: `npm run setup:usearch`. Tests that need it skip and say so. */
import { loadUsearch } from '../../../src/serving/ann/graph.ts';

export const hasUsearch = ((): boolean => {
  try {
    loadUsearch();
    return true;
  } catch {
    return false;
  }
})();

export const skipped = hasUsearch ? '' : ' (skipped: usearch is not installed)';
