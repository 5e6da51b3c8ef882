/** Finds a file's kind by the ending of its name. */

export type FileKind = 'csv' | 'parquet' | 'json' | 'lines';

/** Undefined for an ending that nothing reads. */
export function formatOf(path: string): FileKind | undefined {
  const endingMatch = /\.(csv|tsv|txt|parquet|jsonl|ndjson|json)(\.gz)?$/i.exec(path);
  const kind = endingMatch?.[1]?.toLowerCase();
  if (kind === undefined) return undefined;
  if (kind === 'parquet') return endingMatch?.[2] === undefined ? 'parquet' : undefined;
  return kind === 'csv' || kind === 'tsv' || kind === 'txt' ? 'csv' : 'json';
}

/** Any file of text may hold lines, whatever its ending; what says to be another format does not. */
export function linesKind(path: string): 'lines' | undefined {
  return formatOf(path) === 'parquet' || formatOf(path) === 'json' ? undefined : 'lines';
}

export const isCompressed = (path: string): boolean => path.toLowerCase().endsWith('.gz');

/** Returns all endings that say what is in a file: `.csv.gz` of `views.csv.gz`. */
export const endingOf = (path: string): string => /(\.[a-z]{2,8})?(\.gz)?$/i.exec(path)![0];
