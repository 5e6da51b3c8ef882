/** Codes of runs that go on from an earlier run: `tower train --from`. */
import { row } from '../code_row.ts';

export const continued = {
  'from-itself': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `\`--from\` and \`--out\` are the same folder, ${folder}`,
    hint: () => 'write the new run into a folder of its own, or train this run further with `--resume`',
    means: 'A run that goes on from an earlier one is a run of its own, and the earlier one stays as it is.',
    remedy:
      'Write the new run into a folder of its own. To train the same run further on the same data, use `--resume`.',
  }),

  'from-other-model': row<{ folder: string; differences: readonly string[] }>({
    severity: 'error',
    message: ({ folder, differences }) =>
      `the run in ${folder} is of another model, so training cannot go on from it: ${differences.join('; ')}`,
    hint: () => 'restore what differs, or train the model from its beginning without `--from`',
    means:
      '`--from` takes over weights, tables and the state of optimizers. They fit only the same features, towers, optimizers and trained numbers. These may differ: the learning rates and their schedules, `epochs`, `steps`, `batch`, `seed`, `stop`, `validate`, `metrics` and arguments of losses that train nothing. So may `precision` of a feature, and the order of the features.',
    remedy: 'Restore what the message lists, or train the model from its beginning without `--from`.',
  }),

  'from-no-time': row<{ folder: string; what: string }>({
    severity: 'error',
    message: ({ what }) => `which events are new is not known: ${what}`,
    hint: () => 'train on all events of the training part with `--all`, or add a `time` to the data block',
    means:
      'A run that goes on from an earlier one trains on the events after the last one that the earlier run had. Tower knows them by the `time` of the data block, which the earlier run must have had too.',
    remedy:
      'Add a `time` to the data block, name the first new moment with `--since`, or train on all events of the training part with `--all`.',
  }),

  'since-unreadable': row<{ text: string }>({
    severity: 'error',
    message: ({ text }) => `\`--since ${text}\` is neither a date nor a number`,
    hint: () =>
      'write a date such as `2018-09-01` or `2018-09-01T12:00:00Z`, or a number in the unit of the `time` of the data block',
    means:
      '`--since` names the first new moment: a date, a date and a time in UTC, or a number as the `time` of the data block has it.',
    remedy: 'Write a date such as `2018-09-01`, or a number in the unit of the `time`.',
  }),

  'time-not-seconds': row<{ what: string; time: number; isSince?: boolean }>({
    severity: 'error',
    message: ({ what, time }) =>
      `${what} needs a time in seconds since 1970, and the last training event has the time ${time}, past the year 9999`,
    hint: ({ isSince }) =>
      isSince
        ? 'write a number in the unit of the `time` of the data block'
        : 'write the time in seconds, such as `time = "at / 1000"` for milliseconds',
    means:
      'A date, and a number of days, are compared with the `time` of the data block. Where that is a number, it must count seconds since 1970. Milliseconds and finer units are past the year 9999.',
    remedy:
      'Write the time in seconds, such as `time = "at / 1000"`, and train from the beginning: a run that goes on from an earlier one keeps the unit. `--since` also takes a number in that unit.',
  }),

  'replay-unreadable': row<{ given: string }>({
    severity: 'error',
    message: ({ given }) => `\`--replay\` got \`${given}\`, and needs a number from 0 on`,
    hint: () => 'write how many earlier events training takes for each new one, such as `--replay 20`',
    means:
      '`--replay` says how many earlier events each epoch adds for a new one. 0 adds none. A number above that of all earlier events adds all of them.',
    remedy: 'Write a number from 0 on, such as `--replay 20` or `--replay 0.5`.',
  }),

  'held-out-trained': row<{ folder: string; events: number; split: string; until: string }>({
    severity: 'error',
    message: ({ folder, events, split, until }) =>
      `\`${split}\` holds out ${events.toLocaleString('en')} events that are earlier than ${until}, up to which the run in ${folder} was trained`,
    hint: ({ split }) =>
      split === 'random'
        ? 'use a split by time: a random split draws other events once there are more of them'
        : 'use smaller shares for validation and test, or wait until there are more events',
    means:
      'The earlier run may have trained on events that are now held out. Figures of validation and test would then measure what the model has learned by heart.',
    remedy: 'Use a split by time whose shares hold out later events than those of the earlier run.',
  }),

  'step-of-continued': row<{ folder: string; step: number; from: string; first: number }>({
    severity: 'error',
    message: ({ folder, step, from, first }) =>
      `step ${step} of ${folder} cannot be replayed: the run began with the state of ${from}, and holds only its own state after step ${first - 1}`,
    hint: ({ first }) => `give a step from ${first} on`,
    means:
      'A replay starts from a checkpoint, or from the first values of the weights. A run that went on from an earlier one did not begin with first values, and keeps its last checkpoint only.',
    remedy: 'Replay a step after the checkpoint of the run, or a step of the earlier run.',
  }),
} as const;
