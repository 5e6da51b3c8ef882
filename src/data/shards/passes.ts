export interface PassEvent {
  readonly pass: keyof typeof passWords;
  readonly done: number;
  readonly total: number;
}

export type OnPass = (event: PassEvent) => void;

/** The progress of the work on shards, in the words of a progress bar. */
export const passWords = {
  reading: 'rows to buckets',
  counting: 'counting',
  encoding: 'rows to piles',
  checking: 'checking shards',
} as const;
