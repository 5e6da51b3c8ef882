/** Looks at a file that nothing is known of: a table with a sample of its rows, or the reason why it is none. */
import { statSync } from 'node:fs';
import { systemReason } from '../../diagnostics/system_reason.ts';
import type { InputFile } from '../files/files.ts';
import { kindAt } from '../files/path_target.ts';
import { beginning } from '../files/records/scan.ts';
import { formatOf } from './format_of.ts';
import { lookAtJson } from './look_at_json.ts';
import { lookAtParquet } from './look_at_parquet.ts';
import { decode, lookAtText } from './look_at_text.ts';
import type { LookedTable } from './looked_table.ts';
import { sampleBytes } from './sample_bytes.ts';

export interface NoTable {
  readonly path: string;
  readonly reason: string;
}

const HEAD = 64 << 10;

/** @throws the reason of `signal` */
export async function lookAtFile(path: string, signal?: AbortSignal): Promise<LookedTable | NoTable> {
  signal?.throwIfAborted();
  try {
    const kind = kindAt(path);
    if (kind === undefined) return { path, reason: 'there is no such file' };
    if (kind !== 'file') return { path, reason: `it is ${kind}` };
    if (statSync(path).size === 0) return { path, reason: 'it is empty' };
    const looked = await look(path, signal);
    return 'reason' in looked ? { path, reason: looked.reason } : { path, ...looked };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = systemReason(error) ?? (error as Error).message.split('\n')[0]!;
    return { path, reason };
  }
}

async function look(path: string, signal: AbortSignal | undefined) {
  const ending = /\.(csv|tsv|txt|parquet|jsonl|ndjson|json)(\.gz)?$/i.exec(path);
  const word = ending?.[1]?.toLowerCase();
  const file: InputFile = { path, name: path, kind: 'csv', compressed: false };
  let head = (await beginning(file, HEAD)).bytes;
  let format = formatOf(head);
  const compressed = format.kind === 'gzip';
  if (compressed) {
    head = (await beginning({ ...file, compressed }, HEAD)).bytes;
    format = formatOf(head);
  }
  // A data block unpacks what ends in .gz.
  const isPacked = ending?.[2] !== undefined;
  if (compressed !== isPacked) {
    return {
      reason: compressed ? 'it is packed with gzip: name it `….gz`' : 'its name ends in .gz, and it is not packed',
    };
  }
  if (format.kind === 'no table') return { reason: format.reason };
  if (format.kind === 'gzip') return { reason: 'it is packed twice' };
  if (format.kind === 'parquet') {
    return compressed
      ? { reason: 'it is Parquet within gzip: unpack it' }
      : lookAtParquet(path, word === 'parquet', signal);
  }
  const sample = await sampleBytes({ ...file, compressed });
  const start = decode(head, format.encoding).trimStart()[0];
  const isJson = start === '{' || (start === '[' && /^\s*\[\s*[{\]]/.test(decode(head, format.encoding)));
  if (isJson) return lookAtJson(sample, word === 'json' || word === 'jsonl' || word === 'ndjson');
  const readable = word === 'tsv' ? 'tsv' : word === 'csv' || word === 'txt' ? 'csv' : undefined;
  return lookAtText(sample, format.encoding, readable);
}
