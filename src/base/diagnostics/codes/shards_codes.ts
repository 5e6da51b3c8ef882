/** Codes of training rows that do not fit in memory, and of the files that hold them. */
import { formatBytes, formatMemoryOption, row } from '../wording.ts';

export const shards = {
  'memory-text': row<{ text: string; least: number; bytes?: number | undefined }>({
    message: ({ text, bytes }) =>
      bytes === undefined
        ? `\`${text}\` is not an amount of memory`
        : `\`${text}\` is less memory than a process with an engine and a database needs`,
    hint: ({ least }) =>
      `write a number and a unit, such as \`8G\` or \`800M\`; at least ${Math.ceil(least / 2 ** 20)}M`,
  }),

  'shards-unsupported': row<{ what: string; memory?: number | undefined; needed?: number | undefined }>({
    message: ({ what, memory, needed }) =>
      memory === undefined
        ? `${what} reads all training rows at any time, and they are in shards`
        : `${what} reads all training rows at any time, and they do not fit in ${formatBytes(memory)} of memory${needed === undefined ? '' : `: they need about ${formatBytes(needed)}`}`,
    hint: ({ memory }) =>
      memory === undefined
        ? 'train the run again with more memory, such as `--memory 48G`, so that its rows are not in shards'
        : 'allow more with `--memory`, or remove this from the model',
  }),

  'shards-memory': row<{
    what: string;
    needed: number;
    memory: number;
    least: number;
    process: number;
    otherwise: string;
  }>({
    message: ({ what, needed, memory }) =>
      `${what} needs about ${formatBytes(needed)}, and ${formatBytes(memory)} of memory is for it`,
    hint: ({ least, process, otherwise }) =>
      `allow at least \`--memory ${formatMemoryOption(least)}\`, of which Node.js and the engine take ${formatMemoryOption(process)}, or ${otherwise}`,
  }),

  'too-many-events': row<{ rows: number; most: number }>({
    message: ({ rows, most }) =>
      `the data block reads ${rows.toLocaleString('en')} events, and a run numbers at most ${most.toLocaleString('en')}`,
    hint: 'read a span of time with `where`, and go on with the next span with `--from`',
  }),

  'dictionary-too-large': row<{ name: string; bytes?: number; most: number }>({
    message: ({ name, bytes, most }) =>
      `the texts of \`${name}\` take ${bytes === undefined ? 'more' : formatBytes(bytes)}, and a list of texts holds ${formatBytes(most)}`,
    hint: 'use shorter texts, such as numbers for ids, or read a span of time with `where`',
  }),

  'shards-not-written': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot write shard ${path}: ${reason}`,
    hint: 'free some space, or name a folder on another disk with `--shards`; then repeat the command',
  }),

  'shards-missing': row<{ folder: string }>({
    message: ({ folder }) => `the shards that the first worker reads are not in ${folder}`,
    hint: 'let all machines share the folder of shards: name one with `--shards`, at the same path on each',
  }),

  'shards-damaged': row<{ path: string; folder: string; reason: string }>({
    message: ({ path, reason }) => `shard ${path} is damaged: ${reason}`,
    hint: ({ folder }) =>
      `remove ${folder}, and repeat the command; a run that was under way continues with \`--resume\`. Tower writes the same shards again`,
  }),
};
