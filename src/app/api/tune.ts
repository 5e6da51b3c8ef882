/** The contract of studies: trials find better values for the `search` of a model. */
import type { ParameterDomain } from '../../compiler/model/resolution.ts';
import type { EngineName } from '../../engines/engine.ts';
import { plugins } from '../../plugins.ts';
import type { Comparison } from '../../training/evaluation/compare_models.ts';
import type { CheckRequest } from './check.ts';
import type { MemoryRequest, ShardDecision } from './shards.ts';

export type SamplerName = 'tpe' | 'random';

/** One entry of `search`. */
export interface Dimension {
  /** The path of a setting: `dense.rate`. */
  readonly name: string;
  readonly domain: SearchDomain;
  /** The value in the file itself, if the domain has it: a number of the range, or the index of a choice. */
  readonly usual?: number;
}

export type SearchDomain =
  /** The text of each choice. A value is the index of one. */
  { readonly kind: 'choices'; readonly texts: readonly string[] } | NumberRange;

export type NumberRange = Omit<Extract<ParameterDomain, { kind: 'range' }>, 'ends'>;

export type SearchSpace = readonly Dimension[];

/** A value for each dimension, by name. */
export type Point = Readonly<Record<string, number>>;

export type JobKind =
  /** A trial up to a rung. */
  | 'search'
  /** A finalist, with a further seed. */
  | 'final'
  /** The winner or the unchanged file on fresh seeds, which the search has not used. */
  | 'fresh';

export interface TrialJob {
  readonly kind: JobKind;
  /** 0 is the unchanged file. */
  readonly trial: number;
  /** Rung at which a `search` job ends. */
  readonly rung?: number;
  /** Present in other jobs. A search job uses the seed of the file. */
  readonly seed?: number;
  /** Present for a new trial. */
  readonly point?: Point;
}

export interface JobRecord extends TrialJob {
  /** From 0, in the order in which jobs began, which is the order of the lines. */
  readonly job: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly state: /** It may continue. */
    | 'paused'
    | 'done'
    /** Training failed: a loss that is not finite, more memory than there is. */
    | 'failed'
    /** The model is invalid with these settings. */
    | 'invalid';
  /** Number of validations of a whole run; its `stop` may end it sooner. Absent if the model is invalid. */
  readonly validations?: number;
  /** The metric of each validation, from the first. */
  readonly values: readonly number[];
  /** The value by which the trial is compared at its rung. */
  readonly value?: number;
  readonly message?: string;
  /** The folder of the run, relative to that of the study. */
  readonly folder: string;
  /** Start, duration, and elapsed time of the study at its end; in seconds. */
  readonly begun: string;
  readonly seconds: number;
  readonly elapsed: number;
}

/** A trial, as far as its search jobs have come. */
export interface Trial {
  readonly number: number;
  readonly point?: Point;
  readonly settings: Readonly<Record<string, string>>;
  readonly state: JobRecord['state'];
  /** Values by which the trial is compared, by rung, as far as it came. */
  readonly values: readonly number[];
  /** The metric of each validation. */
  readonly validations: readonly number[];
  readonly seconds: number;
  readonly message?: string;
}

/** The settings of a study. A study may be continued only if they are equal. */
export interface Study {
  readonly model: string;
  /** SHA-256 of the model's files and of the data block's. */
  readonly sources: string;
  readonly space: SearchSpace;
  readonly set: Readonly<Record<string, string>>;
  readonly metric: string;
  /** True if the model has `stop`: a run then keeps the weights of its best epoch. */
  readonly stops: boolean;
  /** Seed of the file: search jobs use it, all other jobs use seeds after it. */
  readonly fileSeed: number;
  readonly sampler: SamplerName;
  readonly seed: number;
  readonly halving: boolean;
  readonly rungs: number;
  readonly parallel: number;
  readonly finalists: number;
  readonly seeds: number;
}

export interface Finalist {
  readonly trial: number;
  readonly values: readonly number[];
  readonly mean: number;
}

export type SearchEnd = 'trials' | 'time' | 'points';

export interface TuneRequest extends CheckRequest {
  readonly out: string;
  readonly engine?: EngineName;
  /** As in `TrainRequest`. Trials that run in parallel share the memory. */
  readonly memory?: MemoryRequest['memory'];
  /** Folder for the training rows of all trials that do not fit. Default: `tower-shards` next to the folder of the study. */
  readonly shards?: string;
  /** Shard sizes for tests. Default: computed from the memory. */
  readonly shardSizes?: MemoryRequest['shardSizes'];
  /** Number of trials, including the unchanged file. Default: 30. */
  readonly trials?: number;
  /** Seconds for the whole study. Up to half of them are reserved for the finalists. Default: no limit. */
  readonly time?: number;
  /** The sampler of points. Default: `tpe`. */
  readonly sampler?: SamplerName;
  /** True if trials begin with few epochs and the best third of each rung continues. Default: true. */
  readonly halving?: boolean;
  /** Number of finalists. Default: 3. */
  readonly finalists?: number;
  /** Number of seeds for each finalist, and of fresh seeds for the winner. Default: 3. */
  readonly seeds?: number;
  /** Number of trials trained in parallel, each in its own process. Default: 1. */
  readonly parallel?: number;
  /** Metric for the comparison of trials, such as `ndcg@10`. Default: that of `stop`, otherwise the first that validation measures. */
  readonly metric?: string;
  /** Seed of the drawn points. Default: 1. */
  readonly seed?: number;
  /** True to continue the study in the folder. */
  readonly resume?: boolean;
  /** True to rank the events of the test part once, at the end. Default: false, only the validation part is read. */
  readonly test?: boolean;
  /** True to keep the runs of all trials. Default: only those of the finalists. */
  readonly keep?: boolean;
  /** File for a copy of the model with the winning values. It must not exist. */
  readonly write?: string;
  readonly onEvent?: (event: TuneEvent) => void;
}

export type TuneEvent =
  | { readonly kind: 'began'; readonly study: Study; readonly known: number }
  | { readonly kind: 'rows'; readonly decision: ShardDecision }
  | { readonly kind: 'job began'; readonly job: TrialJob & { readonly settings: Readonly<Record<string, string>> } }
  | { readonly kind: 'job'; readonly record: JobRecord; readonly study: Study }
  | { readonly kind: 'search ended'; readonly why: SearchEnd; readonly trials: readonly Trial[] };

export interface Tuned {
  readonly folder: string;
  readonly study: Study;
  readonly trials: readonly Trial[];
  readonly ended: SearchEnd;
  readonly finalists: readonly Finalist[];
  /** The number of the trial; 0 is the unchanged file. Absent if no trial succeeded. */
  readonly winner?: {
    readonly trial: number;
    readonly settings: Readonly<Record<string, string>>;
    readonly run: string;
  };
  /** `as written` and `tuned` on fresh seeds, with paired intervals. Absent if the unchanged file won. */
  readonly validation?: Comparison;
  readonly test?: Comparison;
  readonly written?: string;
}

export interface StudyProgram {
  tune(path: string, request: TuneRequest): Promise<Tuned>;
  /** Returns what prints the progress of a study. */
  makeTuneView(say: (line: string) => void): (event: TuneEvent) => void;
  /** Formats the result. @param report its path */
  tunedText(path: string, tuned: Tuned, report: string): string;
  /** Writes `report.html` of a study. @returns the path */
  writeStudyReport(tuned: Tuned): Promise<string>;
}

/** @throws Failure `no-search`, `study-exists`, `not-a-study`, `other-study`, `file-exists`, and errors of training that end every trial; the reason of `signal` */
export async function tune(path: string, request: TuneRequest): Promise<Tuned> {
  return (await plugins.tune()).tune(path, request);
}
