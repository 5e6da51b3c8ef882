/** Sizes of a starter model, by the size of the data. */
import type { Proposal } from './proposal.ts';

export interface Settings {
  readonly batch: number;
  readonly epochs: number;
  readonly hidden: number;
  readonly out: number;
  readonly temperature: number;
}

/** Training rows that a starter model reads at most in all epochs: a minute of a slow machine. */
const ROWS = 1_500_000;

export function settingsOf({ size, case: kind }: Pick<Proposal, 'size' | 'case'>): Settings {
  const training = Math.max(1, Math.round(Math.min(size.events, 3_000_000) * 0.8));
  // At least some ten steps an epoch, and rows enough for wrong items.
  const batch = Math.max(4, Math.min(training > 400_000 ? 1024 : 256, 2 ** Math.floor(Math.log2(training / 12))));
  const epochs = Math.max(1, Math.min(30, Math.round(ROWS / training)));
  return {
    batch,
    epochs,
    hidden: 128,
    out: size.items < 200 ? 32 : 64,
    temperature: kind === 'text' || size.items < 200 ? 0.1 : 0.05,
  };
}
