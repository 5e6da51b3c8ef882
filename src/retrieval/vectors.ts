/** The vectors of a tower, and the scores that their columns add up to: what training computes, and retrieval reads. */
export interface Vectors {
  /** float32 [rows, width], or [rows, interests, width]; row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** Number of vectors for each row, if there are several. */
  readonly interests?: number;
}

/** A score that `retrieve` declares: `factor` · the inner product of columns `from` to `to`. Query vectors are already multiplied by the factor. */
export interface RetrievalObjective {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/** Vectors of a corpus by the item tower, as plain data. */
export interface ComputedItemVectors {
  readonly vectors: Vectors;
  /** The tables that the query tower looks up, by name. */
  readonly tables: ReadonlyMap<string, Float32Array>;
}
