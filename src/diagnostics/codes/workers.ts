/** Codes of several workers that train one model together. */
import { row } from '../code_row.ts';

export const workers = {
  'workers-unsupported': row<{ what: string; areTables?: boolean | undefined }>({
    severity: 'error',
    message: ({ what }) => `several workers cannot share ${what}`,
    hint: ({ areTables }) =>
      areTables
        ? 'write `--tables replicated`: each worker then holds all rows'
        : 'train without `--workers`, or remove this from the model',
    means:
      'With `--workers`, each worker computes some rows of a step. Workers cannot share a matrix of scores that is made in pieces. With `--tables sharded`, they cannot share tables that `graph` connects: each step reads all rows of both.',
    remedy:
      'Write `--tables replicated` where the message is about tables. Else train without `--workers`, or change the model. The guide on scale lists what workers support.',
  }),

  'workers-engine': row<{ engine: string }>({
    severity: 'error',
    message: ({ engine }) => `workers talk to each other through PyTorch, and the engine is \`${engine}\``,
    hint: () => 'leave out `--engine`, or write `--engine torch`',
    means: 'Workers exchange rows and gradients through PyTorch. The other engines run in one process.',
    remedy: 'Leave out `--engine`, or write `--engine torch`. `tower engines --setup torch` installs PyTorch.',
  }),

  'workers-launched': row<{ missing: readonly string[] }>({
    severity: 'error',
    message: ({ missing }) =>
      `no launcher has started this worker: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
    hint: () => 'start the command with torchrun, Slurm or Kubernetes, or write a number, such as `--workers 2`',
    means:
      '`--workers launched` takes the number of workers, and where they meet, from environment variables. A launcher such as torchrun sets them.',
    remedy: 'Start the folder that `tower scale prepare` wrote with a launcher. On one machine, write `--workers 2`.',
  }),

  'workers-setting': row<{ name: string; value: string; example: string }>({
    severity: 'error',
    message: ({ name, value }) => `the environment variable ${name} is \`${value}\``,
    hint: ({ name, example }) =>
      `set ${name} to a number, such as ${example}${name === 'RANK' ? '; ranks count from 0 up to the last worker' : ''}`,
    means:
      'Workers read from environment variables how many they are, which one each is, where they meet, and how long they wait.',
    remedy: 'Set the variable to a number. A launcher such as torchrun sets `RANK` and `WORLD_SIZE` by itself.',
  }),

  'workers-differ': row<{ worker: number; what: string }>({
    severity: 'error',
    message: ({ worker, what }) => `worker ${worker} is about to train something else than worker 0: ${what} differs`,
    hint: () => 'start all workers with the same version of Tower, the same model, data and settings',
    means:
      'Before the first step, workers compare the version of Tower, the model with its settings, the seed, the encoded data, and the checksum of shards. With `--from` they compare the earlier run, and which events are new. They must be equal. No file was changed.',
    remedy: 'Copy the same folder to all machines, and start all workers with the same command.',
  }),

  'worker-ended': row<{ worker: number; how: string; said?: string | undefined; last?: string | undefined }>({
    severity: 'error',
    message: ({ worker, how, said, last }) =>
      `worker ${worker} ${how}${last === undefined ? '' : `, after ${last}`}${said === undefined ? '' : `: ${said}`}`,
    hint: () => 'remove the cause and continue with `--resume`, with any number of workers',
    means:
      'A worker of this machine ended before the training did. The run keeps its last checkpoint, and all workers have stopped.',
    remedy:
      'Continue with `--resume`; the number of workers may change. Use fewer workers if the system killed one: it probably had too little memory.',
  }),

  'workers-not-met': row<{
    where: string;
    seconds: number;
    reason: string;
    missing?: readonly number[] | undefined;
  }>({
    severity: 'error',
    message: ({ where, seconds, reason, missing }) =>
      missing === undefined
        ? `the workers do not meet at ${where}: ${reason}`
        : `${workerNames(missing)} did not come to ${where} within ${seconds} seconds`,
    hint: () =>
      'start all workers together, and let each reach that place; TOWER_WORKER_MEET_TIMEOUT sets other seconds',
    means:
      'Before they read rows, workers meet: on one machine in a temporary folder, on several at MASTER_ADDR and MASTER_PORT. Not all of them came. No file was changed.',
    remedy:
      'Start all workers together. Read the messages of the workers that are missing. On several machines, check that each reaches MASTER_ADDR on MASTER_PORT, and that no other program uses this port. Set TOWER_WORKER_MEET_TIMEOUT to more seconds if a machine starts late; the default is 300, and 60 on one machine.',
  }),

  'worker-lost': row<{ reason: string; who?: string | undefined; last?: string | undefined }>({
    severity: 'error',
    message: ({ reason, who, last }) =>
      `${who ?? 'another worker does not answer'} (${last === undefined ? '' : `after ${last}; `}${reason})`,
    hint: () => 'continue with `--resume`, with any number of workers; the other workers report the reason',
    means:
      'A worker ended, cannot be reached, or took longer than the limit. Workers take each step together, so all of them stop. The message has what all workers last did together. The run keeps its last checkpoint.',
    remedy:
      'Continue with `--resume`; the number of workers may change. Read the messages of the other workers. Set TOWER_WORKER_TIMEOUT to more seconds if a worker is only slow.',
  }),
};

/** `worker 1`, `workers 1 and 3`, `workers 1, 2, 3 and 4 others` */
function workerNames(ranks: readonly number[]): string {
  if (ranks.length === 1) return `worker ${ranks[0]}`;
  const named = ranks.slice(0, ranks.length > 4 ? 3 : ranks.length - 1).join(', ');
  return `workers ${named} and ${ranks.length > 4 ? `${ranks.length - 3} others` : ranks.at(-1)}`;
}
