/** Codes of several workers that train one model together. */
import { row } from '../wording.ts';

export const workers = {
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
};

/** `worker 1`, `workers 1 and 3`, `workers 1, 2, 3 and 4 others` */
function workerNames(ranks: readonly number[]): string {
  if (ranks.length === 1) return `worker ${ranks[0]}`;
  const named = ranks.slice(0, ranks.length > 4 ? 3 : ranks.length - 1).join(', ');
  return `workers ${named} and ${ranks.length > 4 ? `${ranks.length - 3} others` : ranks.at(-1)}`;
}
