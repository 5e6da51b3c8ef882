/** The contract of the data sets of `tower data`, which are fetched, or made from original files of the user. */

/** Each has a data block of its name in `models/data`. */
export const dataSetNames = ['movielens', 'toys', 'synthetic'] as const;

export type DataSetName = (typeof dataSetNames)[number];

export interface SyntheticOptions {
  readonly rows?: number;
  readonly users?: number;
  readonly items?: number;
  readonly clusters?: number;
  readonly seed?: number;
}

export type WriteLogLine = (line: string) => void;

export interface DataSetRequest {
  readonly folder: string;
  readonly from?: string;
  readonly log: WriteLogLine;
  /** The size of a synthetic set. */
  readonly synthetic?: SyntheticOptions;
  /** Called with the number of rows written and the total. */
  progress?(done: number, total: number): void;
  readonly signal?: AbortSignal;
}

/** A row of the table of data sets. */
export interface DataSet {
  /** Original files that the set is made from. Absent: it is fetched. */
  readonly originals?: readonly string[];
  /** True if `--from` may name other files of the same form. A folder of another name then holds another set. */
  readonly isForm?: boolean;
  /** True if the option `synthetic` determines its size. */
  readonly isDrawn?: boolean;
  get(options: DataSetRequest): Promise<SetSource>;
}

/** The source of the files, stored next to them as `source.json`. */
export interface SetSource {
  readonly from: string;
  /** Describes the contents in one line: the number of rows of each kind. */
  readonly holds: string;
  readonly terms: string;
  readonly notes?: readonly string[];
}

export interface DataSets {
  readonly dataSets: Readonly<Record<DataSetName, DataSet>>;
}
