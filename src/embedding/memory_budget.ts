/** Memory foreseen from the declared tables, so that a run that cannot fit says so before it starts. */
import { failure } from '../diagnostics/failure.ts';
import { freeBytes } from './available_memory.ts';
import { sizeWords, type TableSize, tableBytes } from './table_size.ts';

/** What a training step holds besides tables and weights. */
export interface StepSize {
  /** Rows of a step. */
  readonly batch: number;
  readonly bytes: number;
}

/**
 * Throws Failure `too-large-for-memory` when the tables and their state do not fit in `available` bytes, next to `blockBytes`,
 * the weights of blocks and what their optimizer keeps, and what a step holds.
 */
export function foreseeMemory(
  tables: readonly TableSize[],
  available: number = freeBytes(),
  blockBytes: number = 0,
  step?: StepSize,
): void {
  const parts = [
    ...tables.map((table) => ({ bytes: tableBytes(table), words: sizeWords(table) })),
    ...(blockBytes > 0 ? [{ bytes: blockBytes, words: `blocks: ${blockBytes.toLocaleString('en')} bytes` }] : []),
    ...(step ? [{ bytes: step.bytes, words: stepWords(step) }] : []),
  ];
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed <= available) return;
  const largest = parts.sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  throw failure('too-large-for-memory', { needed, available, parts: largest.map(({ words }) => words).join(', ') });
}

const stepWords = ({ batch, bytes }: StepSize): string =>
  `a step of ${batch.toLocaleString('en')} rows: ${bytes.toLocaleString('en')} bytes`;
