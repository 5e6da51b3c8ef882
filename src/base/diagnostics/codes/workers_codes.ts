/** Codes of training with several workers and with rows that do not fit in memory, and of tracking servers. */

import { formatBytes, formatMemoryOption, row } from '../wording.ts';

export const workers = {
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

  'workers-unsupported': row<{ what: string; areTables?: boolean | undefined }>({
    message: ({ what }) => `several workers cannot share ${what}`,
    hint: ({ areTables }) =>
      areTables
        ? 'write `--tables replicated`: each worker then holds all rows'
        : 'train without `--workers`, or remove this from the model',
  }),

  'workers-engine': row<{ engine: string }>({
    message: ({ engine }) => `workers talk to each other through PyTorch, and the engine is \`${engine}\``,
    hint: 'leave out `--engine`, or write `--engine torch`',
  }),

  'workers-launched': row<{ missing: readonly string[] }>({
    message: ({ missing }) =>
      `no launcher has started this worker: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
    hint: 'start the command with torchrun, Slurm or Kubernetes, or write a number, such as `--workers 2`',
  }),

  'workers-setting': row<{ name: string; value: string; example: string }>({
    message: ({ name, value }) => `the environment variable ${name} is \`${value}\``,
    hint: ({ name, example }) =>
      `set ${name} to a number, such as ${example}${name === 'RANK' ? '; ranks count from 0 up to the last worker' : ''}`,
  }),

  'workers-differ': row<{ worker: number; what: string }>({
    message: ({ worker, what }) => `worker ${worker} is about to train something else than worker 0: ${what} differs`,
    hint: 'start all workers with the same version of Tower, the same model, data and settings',
  }),

  'worker-ended': row<{ worker: number; how: string; said?: string | undefined; last?: string | undefined }>({
    message: ({ worker, how, said, last }) =>
      `worker ${worker} ${how}${last === undefined ? '' : `, after ${last}`}${said === undefined ? '' : `: ${said}`}`,
    hint: 'remove the cause and continue with `--resume`, with any number of workers',
  }),

  'workers-not-met': row<{ where: string; seconds: number; reason: string; missing?: readonly number[] | undefined }>({
    message: ({ where, seconds, reason, missing }) =>
      missing === undefined
        ? `the workers do not meet at ${where}: ${reason}`
        : `${workerNames(missing)} did not come to ${where} within ${seconds} seconds`,
    hint: 'start all workers together, and let each reach that place; TOWER_WORKER_MEET_TIMEOUT sets other seconds',
  }),

  'worker-lost': row<{ reason: string; who?: string | undefined; last?: string | undefined }>({
    message: ({ reason, who, last }) =>
      `${who ?? 'another worker does not answer'} (${last === undefined ? '' : `after ${last}; `}${reason})`,
    hint: 'continue with `--resume`, with any number of workers; the other workers report the reason',
  }),

  'track-address': row<{ given: string; reason: string }>({
    message: ({ given, reason }) => `\`${given}\` is no address of a tracking server: ${reason}`,
    hint: 'write `mlflow:http://host:5000`, or `mlflow:http://host:5000#experiment`',
  }),

  'track-behind': row<{ url: string; reason: string }>({
    severity: 'warning',
    message: ({ url, reason }) => `the tracking server at ${url} does not have all of this run: ${reason}`,
    hint: 'send what is missing afterwards, with `tower runs RUN --track mlflow:…`; training goes on',
  }),

  'track-failed': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `the tracking server at ${url} did not take the run: ${reason}`,
    hint: 'check the address and the token, and send the run again',
  }),
} as const;

/** `worker 1`, `workers 1 and 3`, `workers 1, 2, 3 and 4 others` */
function workerNames(ranks: readonly number[]): string {
  if (ranks.length === 1) return `worker ${ranks[0]}`;
  const named = ranks.slice(0, ranks.length > 4 ? 3 : ranks.length - 1).join(', ');
  return `workers ${named} and ${ranks.length > 4 ? `${ranks.length - 3} others` : ranks.at(-1)}`;
}
