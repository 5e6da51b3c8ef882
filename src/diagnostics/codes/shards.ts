/** Codes of training rows that do not fit in memory, and of the files that hold them. */
import { row } from '../code_row.ts';
import { bytesWords } from '../wording.ts';

export const shards = {
  'memory-text': row<{ text: string; least: number; bytes?: number | undefined }>({
    severity: 'error',
    message: ({ text, bytes }) =>
      bytes === undefined
        ? `\`${text}\` is not an amount of memory`
        : `\`${text}\` is less memory than the database needs`,
    hint: ({ least }) =>
      `write a number and a unit, such as \`8G\` or \`800M\`; at least ${Math.ceil(least / 2 ** 20)}M`,
    means: '`--memory` takes a number and a unit: K, M, G or T, in steps of 1,024. It must be enough for the database.',
    remedy: 'Write a number and a unit, such as `--memory 8G`.',
  }),

  'shards-unsupported': row<{ what: string; memory?: number | undefined; needed?: number | undefined }>({
    severity: 'error',
    message: ({ what, memory, needed }) =>
      memory === undefined
        ? `${what} reads all training rows at any time, and they are in shards`
        : `${what} reads all training rows at any time, and they do not fit in ${bytesWords(memory)} of memory${needed === undefined ? '' : `: they need about ${bytesWords(needed)}`}`,
    hint: () => 'allow more with `--memory`, or remove this from the model',
    means:
      'Training rows that do not fit in memory are in shards on the disk, and a few shards are in memory at a time. A part of the model, the data block or the command needs all rows together.',
    remedy:
      'Allow more memory with `--memory`, such as `--memory 48G`, or change the model. The guide on scale lists what shards support.',
  }),

  'shards-continued': row<{ memory: number; needed?: number | undefined }>({
    severity: 'error',
    message: ({ memory, needed }) =>
      `rows are encoded with the codes of an earlier run in memory alone, and they do not fit in ${bytesWords(memory)}${needed === undefined ? '' : `: they need about ${bytesWords(needed)}`}`,
    hint: () =>
      'allow more with `--memory`, or read fewer events with `where` in the data block, such as those of the last months',
    means:
      '`--from`, and `--data` with other data, encode rows with the codes of an earlier run. Shards are always encoded anew, so here all rows must fit in memory.',
    remedy:
      'Allow more memory with `--memory`, or let the data block read only the last months with `where`. Values that these months do not have keep their codes and rows.',
  }),

  'shards-memory': row<{ what: string; needed: number; memory: number; otherwise: string }>({
    severity: 'error',
    message: ({ what, needed, memory }) =>
      `${what} needs about ${bytesWords(needed)}, and ${bytesWords(memory)} of memory is for it`,
    hint: ({ otherwise }) => `allow more with \`--memory\`, or ${otherwise}`,
    means:
      'Tower divides the memory that `--memory` allows between the database, the rows, and the tables. One part, such as the events of one user or the tables, cannot be divided further and is too large.',
    remedy: 'Allow more memory with `--memory`, such as `--memory 16G`.',
  }),

  'too-many-events': row<{ rows: number; most: number }>({
    severity: 'error',
    message: ({ rows, most }) =>
      `the data block reads ${rows.toLocaleString('en')} events, and a run numbers at most ${most.toLocaleString('en')}`,
    hint: () => 'read a span of time with `where`, and go on with the next span with `--from`',
    means: 'Tower numbers events in 32 bits. More of them do not fit in one run, in memory or in shards.',
    remedy: 'Read a span of time with `where` in the data block. Train the next span with `tower train --from`.',
  }),

  'dictionary-too-large': row<{ name: string; bytes?: number; most: number }>({
    severity: 'error',
    message: ({ name, bytes, most }) =>
      `the texts of \`${name}\` take ${bytes === undefined ? 'more' : bytesWords(bytes)}, and a list of texts holds ${bytesWords(most)}`,
    hint: () => 'use shorter texts, such as numbers for ids, or read a span of time with `where`',
    means:
      'Tower keeps the distinct texts of a column in one list, and finds each by an offset of 32 bits. So it keeps the titles of all items, and a vocabulary that grows from run to run. This list has more bytes than such an offset reaches.',
    remedy:
      'Use shorter texts, such as numbers for ids. Or read a span of time with `where` in the data block. Let a vocabulary that grew over many runs begin anew: train without `--from`, or let values leave with `expire_days`.',
  }),

  'shards-not-written': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `cannot write shard ${path}: ${reason}`,
    hint: () => 'free some space, or name a folder on another disk with `--shards`; then repeat the command',
    means:
      'Training rows that do not fit in memory go into files, and the disk is full or the folder is not writable. The incomplete shards are removed; runs and data are unchanged.',
    remedy: 'Free some space, or name a folder on another disk with `--shards`. Then repeat the command.',
  }),

  'shards-missing': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `the shards that the first worker reads are not in ${folder}`,
    hint: () => 'let all machines share the folder of shards: name one with `--shards`, at the same path on each',
    means:
      'Training rows do not fit in memory, so the first worker has put them into files, and the other workers read these. This worker does not find them: the folder is on a disk of another machine, or somebody removed it.',
    remedy:
      'Name a folder on a disk that all machines share with `--shards`, at the same path on each. Start all workers again: with `--resume` where the run has begun.',
  }),

  'shards-damaged': row<{ path: string; folder: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `shard ${path} is damaged: ${reason}`,
    hint: ({ folder }) =>
      `remove ${folder}, and repeat the command; a run that was under way continues with \`--resume\`. Tower writes the same shards again`,
    means:
      'A file of training rows is missing, was cut off or was changed. Tower checks each file before it uses it. The checkpoint of the run is unchanged.',
    remedy:
      'Remove the folder of shards and repeat the command, or continue a run that was under way with `--resume`. Tower writes the same shards again.',
  }),
};
