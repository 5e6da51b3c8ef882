export interface PassEvent {
  readonly pass: keyof typeof passWords;
  readonly done: number;
  readonly total: number;
}

export type OnPass = (event: PassEvent) => void;

export const passWords = {
  reading: 'rows to buckets',
  counting: 'counting',
  encoding: 'rows to piles',
  checking: 'checking shards',
} as const;
