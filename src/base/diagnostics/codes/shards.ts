/** Codes of training rows that do not fit in memory, and of the files that hold them. */
import { bytesWords, memoryOption, row } from '../wording.ts';

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
        : `${what} reads all training rows at any time, and they do not fit in ${bytesWords(memory)} of memory${needed === undefined ? '' : `: they need about ${bytesWords(needed)}`}`,
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
      `${what} needs about ${bytesWords(needed)}, and ${bytesWords(memory)} of memory is for it`,
    hint: ({ least, process, otherwise }) =>
      `allow at least \`--memory ${memoryOption(least)}\`, of which Node.js and the engine take ${memoryOption(process)}, or ${otherwise}`,
  }),

  'too-many-events': row<{ rows: number; most: number }>({
    message: ({ rows, most }) =>
      `the data block reads ${rows.toLocaleString('en')} events, and a run numbers at most ${most.toLocaleString('en')}`,
    hint: 'read a span of time with `where`, and go on with the next span with `--from`',
  }),

  'dictionary-too-large': row<{ name: string; bytes?: number; most: number }>({
    message: ({ name, bytes, most }) =>
      `the texts of \`${name}\` take ${bytes === undefined ? 'more' : bytesWords(bytes)}, and a list of texts holds ${bytesWords(most)}`,
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

  'shard-job-missing': row<{ folder: string }>({
    message: ({ folder }) => `there is no plan of shards in ${folder}`,
    hint: 'name the folder that `tower shards plan` wrote, or plan first',
  }),

  'shard-job-changed': row<{ folder: string; what: string }>({
    message: ({ folder, what }) => `${what} has changed since the shards in ${folder} were planned`,
    hint: 'change it back, or plan again with `--force`, which removes what the parts have done',
  }),

  'shard-part-unknown': row<{ text: string; parts?: number | undefined }>({
    message: ({ text, parts }) =>
      parts === undefined ? `\`${text}\` is not a part` : `\`${text}\` is none of the ${parts} parts that are planned`,
    hint: ({ parts = 64 }) => `write a part from \`1/${parts}\` to \`${parts}/${parts}\``,
  }),

  'shard-job-unfinished': row<{ folder: string; step: string; missing: readonly number[]; parts: number }>({
    message: ({ folder, step, missing }) =>
      missing.length === 0
        ? `\`tower shards ${step} ${folder}\` has not ended yet`
        : `\`tower shards ${step} ${folder}\` has not ended for ${missing.length === 1 ? 'part' : 'parts'} ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ` and ${missing.length - 10} more` : ''}`,
    hint: ({ folder, step, missing, parts }) =>
      `run it${missing.length === 0 ? '' : ` with \`--part ${missing[0]}/${parts}\``} and wait for it: \`tower shards ${step} ${folder}\``,
  }),

  'shards-damaged': row<{ path: string; folder: string; reason: string }>({
    message: ({ path, reason }) => `shard ${path} is damaged: ${reason}`,
    hint: ({ folder }) =>
      `remove ${folder}, and repeat the command; a run that was under way continues with \`--resume\`. Tower writes the same shards again`,
  }),
};
