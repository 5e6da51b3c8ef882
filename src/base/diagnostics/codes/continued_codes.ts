/** Codes of runs that continue an earlier run, `tower train --from`, and of runs trained on all events, `--final`. */
import { countText, row } from '../wording.ts';

export const continued = {
  'from-itself': row<{ folder: string; option: string }>({
    message: ({ folder, option }) => `\`--${option}\` and \`--out\` are the same folder, ${folder}`,
    hint: 'write the new run into a folder of its own, or train this run further with `--resume`',
  }),

  'fitted-whole': row<{ model: string; what: string; advice: string }>({
    message: ({ model, what }) => `model \`${model}\` is fitted as a whole, so ${what}`,
    hint: ({ advice }) => advice,
  }),

  'several-vectors': row<{ model: string; what: string; advice: string }>({
    message: ({ model, what }) => `model \`${model}\` has several vectors of an item, and ${what}`,
    hint: ({ advice }) => advice,
  }),

  'from-other-model': row<{ folder: string; differences: readonly string[] }>({
    message: ({ folder, differences }) =>
      `the run in ${folder} is of another model, so training cannot go on from it: ${differences.join('; ')}`,
    hint: 'restore what differs, or train the model from its beginning without `--from`',
  }),

  'from-no-time': row<{ folder: string; what: string }>({
    message: ({ what }) => `which events are new is not known: ${what}`,
    hint: 'train on all events of the training part with `--all`, or add a `time` to the data block',
  }),

  'late-events': row<{ folder: string; events: number; until: string }>({
    severity: 'warning',
    message: ({ folder, events, until }) =>
      `${countText(events, 'training event')} up to ${until} ${events === 1 ? 'is' : 'are'} not among those of ${folder}: no run trains on ${events === 1 ? 'it' : 'them'}`,
    hint: 'name the moment from which on events are new with `--since`, or train on all of them with `--all`',
  }),

  'no-later-events': row<{ events: number; trained: string; until: string | number }>({
    message: ({ events, trained, until }) =>
      `${countText(events, 'new event')} came, and none is later than ${until}, up to which ${trained} was trained: ${events === 1 ? 'it trains' : 'they train'} and ${events === 1 ? 'judges' : 'judge'} nothing`,
    hint: ({ trained }) =>
      `correct the event with that time if it is wrong, and remove ${trained}; train late events with the next candidate, without \`--continue\``,
  }),

  'since-unreadable': row<{ text: string; option: string }>({
    message: ({ text, option }) => `\`--${option} ${text}\` is neither a date nor a number`,
    hint: ({ option }) =>
      `write ${option === 'as-of' ? '`validation`, `test`, ' : ''}a date such as \`2018-09-01\` or \`2018-09-01T12:00:00Z\`, or a number in the unit of the \`time\` of the data block`,
  }),

  'time-not-seconds': row<{ what: string; time: number; isSince?: boolean }>({
    message: ({ what, time }) =>
      `${what} needs a time in seconds since 1970, and the last training event has the time ${time}, past the year 9999`,
    hint: ({ isSince }) =>
      isSince
        ? 'write a number in the unit of the `time` of the data block'
        : 'write the time in seconds, such as `time = "at / 1000"` for milliseconds',
  }),

  'replay-unreadable': row<{ given: string }>({
    message: ({ given }) => `\`--replay\` got \`${given}\`, and needs a number from 0 on`,
    hint: 'write how many earlier events training takes for each new one, such as `--replay 20`',
  }),

  'final-settings': row<{ given: string; folder: string }>({
    message: ({ given, folder }) => `\`--final\` takes model and settings from ${folder}: ${given} cannot be given`,
    hint: ({ given }) => `remove ${given}, or train a run with it first, and name that run with \`--final\``,
  }),

  'final-continued': row<{ folder: string; before: string }>({
    message: ({ folder, before }) => `${folder} continued ${before}: a whole training needs other settings`,
    hint: 'name a run that was trained from its beginning, or add `--from` to continue a run trained on all events',
  }),

  'final-from-other': row<{ folder: string }>({
    message: ({ folder }) => `${folder} held events out: what came after its last event is not all that is new`,
    hint: 'train it on all events first: `tower train --final RUN --out FOLDER`, and name that folder with `--from`',
  }),

  'no-test-figure': row<{ folder: string; by: string; events?: number; until?: string }>({
    message: ({ folder, events, until }) =>
      events === undefined
        ? `the run in ${folder} was trained on all events, so it has no test figure of its own`
        : `the run in ${folder} was trained on all events up to ${until}, among them ${countText(events, 'event')} that the data holds out now`,
    hint: ({ by }) =>
      `evaluate ${by}, which chose its settings, or name data that holds out later events, by \`--data\``,
  }),

  'held-out-trained': row<{ folder: string; events: number; split: string; until: string }>({
    message: ({ folder, events, split, until }) =>
      `\`${split}\` holds out ${events.toLocaleString('en')} events that are earlier than ${until}, up to which the run in ${folder} was trained`,
    hint: ({ split }) =>
      split === 'random' || split === 'by_user'
        ? `use a split by time, since \`${split}\` draws anew once there are more events, or train on all events with \`--final\``
        : 'use smaller shares for validation and test, wait until there are more events, or train on all events with `--final`',
  }),

  'step-of-continued': row<{ folder: string; step: number; from: string; first: number }>({
    message: ({ folder, step, from, first }) =>
      `step ${step} of ${folder} cannot be replayed: the run began with the state of ${from}, and holds only its own state after step ${first - 1}`,
    hint: ({ first }) => `give a step from ${first} on`,
  }),
} as const;
