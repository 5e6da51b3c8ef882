/** A change of a text that leaves what its model computes. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';

export interface Refactoring {
  readonly title: string;
  readonly kind: 'extract' | 'inline';
  readonly edits: readonly Edit[];
}
