/** Codes of training, of runs on disk, of engines and of commands. */
import { countText, didYouMean, formatBytes, namesHint, quoteForShell, row } from '../wording.ts';

export const runs = {
  'cannot-write': row<{ path: string; reason: string; kept?: string | undefined }>({
    message: ({ path, reason }) => `cannot write ${path}: ${reason}`,
    hint: ({ kept }) =>
      kept === undefined
        ? 'free some space, or choose another folder'
        : `free some space, or choose another folder; ${kept} is unchanged`,
  }),

  'no-temporary-folder': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `a temporary folder cannot be made in ${path}: ${reason}`,
    hint: 'set the environment variable `TMPDIR` to a writable folder',
  }),

  'cannot-read': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot read ${path}: ${reason}`,
    hint: 'check its path and its permissions',
  }),

  'damaged-file': row<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    hint: 'copy the run again from where it was trained, or train again',
  }),

  'changed-file': row<{ path: string }>({
    message: ({ path }) => `${path} changed after training: its checksum differs`,
    hint: 'copy the folder again from where it was trained, or train again',
  }),

  'lost-file': row<{ path: string; folder: string }>({
    message: ({ path, folder }) => `${path} is missing from ${folder}`,
    hint: 'copy the whole folder again from where it was trained, or train again',
  }),

  'not-a-run': row<{ folder: string }>({
    message: ({ folder }) => `${folder} contains no trained model: it has no manifest.json`,
    hint: 'give a folder that `tower train … --out` wrote',
  }),

  'unfinished-run': row<{ folder: string; stopped?: { epochs: number; steps: number } | undefined; usable?: boolean }>({
    message: ({ folder, stopped }) =>
      stopped === undefined
        ? `the run in ${folder} has not finished`
        : `the run in ${folder} was stopped after ${countText(stopped.epochs, 'epoch')} and ${countText(stopped.steps, 'step')}: its model is unfinished`,
    hint: ({ stopped, usable }) =>
      stopped === undefined
        ? 'continue it with `tower train … --resume`'
        : `continue it with \`tower train … --resume\`${usable ? ', end' : ', or end'} it as it is with \`tower train … --finish\`${usable ? ', or add `--unfinished`' : ''}`,
  }),

  'run-in-use': row<{
    folder: string;
    lock: string;
    by: { purpose: string; pid: number; host: string; since: string } | undefined;
    here: boolean;
  }>({
    message: ({ folder, by, lock }) =>
      by === undefined
        ? `${folder} is in use: ${lock} names no process that this version knows`
        : `${folder} is in use by \`${by.purpose}\`: process ${by.pid} on ${by.host}, since ${by.since}`,
    hint: ({ here, lock }) =>
      here
        ? 'wait until that process ends, or give another folder'
        : `delete ${lock} if no other process uses the folder; otherwise give another folder`,
  }),

  'own-file': row<{ path: string; folder: boolean }>({
    message: ({ path, folder }) =>
      `${path} is ${folder ? 'a folder' : 'a file'} that Tower did not write, and the run needs this name`,
    hint: 'move it elsewhere, or give another folder',
  }),

  'folder-in-use': row<{ folder: string; run: boolean; holds: string }>({
    message: ({ folder, holds }) => `${folder} already contains ${holds}`,
    hint: ({ run }) =>
      run
        ? 'continue it with `--resume`, replace it with `--force`, or give another folder'
        : 'give another folder, or remove these files; `tower train` and `tower export` add to them with `--force`',
  }),

  'nothing-to-resume': row<{ folder: string }>({
    message: ({ folder }) => `there is no run to resume in ${folder}`,
    hint: 'leave out `--resume` or `--finish` to start a new training',
  }),

  'other-run': row<{ folder: string; what: string }>({
    message: ({ folder, what }) => `the run in ${folder} has another ${what}, so it cannot be resumed with this one`,
    hint: 'resume it with the settings that it started with, or give another folder',
  }),

  'fewer-epochs': row<{ folder: string; entry: 'epochs' | 'steps'; given: number; done: number }>({
    message: ({ folder, entry, given, done }) =>
      `\`${entry}\` is ${given}, but the run in ${folder} has already trained ${entry === 'epochs' && done === 1 ? 'in its first epoch' : entry === 'epochs' ? `in ${done} epochs` : countText(done, 'step')}`,
    hint: ({ entry, done }) => `set \`${entry}\` to ${done} or more, or end the run as it is with \`--finish\``,
  }),

  'loss-not-finite': row<{ epoch: number; step: number; value: string; output: string }>({
    message: ({ epoch, step, value, output }) =>
      `training stopped: ${output} became ${value} in step ${step} of epoch ${epoch}`,
    hint: 'lower the learning rates, or look for extreme numbers in the data',
  }),

  'ranks-below-popularity': row<{
    metric: string;
    figure: number;
    epoch: number;
    by: 'popularity' | 'random';
    bar: number;
    /** Share of the events of users without a training event. */
    newUsers: number;
    vectors?: { cosine: number; directions: number; width: number } | undefined;
    /** A task of `retrieve` that ranks better alone. */
    best?: { task: string; figure: number } | undefined;
  }>({
    severity: 'warning',
    message: ({ metric, figure, epoch, by, bar, vectors, best }) => {
      const order = by === 'random' ? 'a random order' : 'an order by popularity';
      const collapse = vectors
        ? `; the vectors of the items have a mean cosine of ${vectors.cosine.toFixed(2)} and vary in ${vectors.directions.toFixed(1)} of ${vectors.width} directions`
        : '';
      return `the loss falls, but ${metric} on validation is ${figure.toFixed(4)} after epoch ${epoch}, and ${order} has ${bar.toFixed(4)}${collapse}${best ? `; by \`${best.task}\` alone it is ${best.figure.toFixed(4)}` : ''}`;
    },
    hint({ newUsers, vectors, best }) {
      if (newUsers > 0.5)
        return `${Math.round(100 * newUsers)} % of the events are of users that training does not have: let the query tower read more than their ids`;
      if (best) return rankByTask(best);
      const advice =
        'lower the rates of `train`, and bring temperature, margin and weights of the loss nearer to their defaults';
      return vectors ? `leave out \`hardest\` if the loss has it, ${advice}` : advice;
    },
  }),

  'ranks-below-a-task': row<{ epoch: number; metric: string; figure: number; best: { task: string; figure: number } }>({
    severity: 'warning',
    message: ({ epoch, metric, figure, best }) =>
      `${metric} on validation is ${figure.toFixed(4)} after epoch ${epoch}, and by \`${best.task}\` alone it is ${best.figure.toFixed(4)}`,
    hint: ({ best }) => rankByTask(best),
  }),

  'vectors-not-finite': row<{ tower: string }>({
    message: ({ tower }) => `tower \`${tower}\` gives vectors with infinite or undefined numbers`,
    hint: 'train again with lower learning rates, or look for extreme numbers in the data',
  }),

  'too-few-rows': row<{ part: string; rows: number; needed: number; withoutList?: number }>({
    message: ({ part, rows, needed, withoutList }) =>
      `the ${part} part has ${rows === 1 ? '1 row' : `${rows} rows`}${withoutList ? ` with a list that is not empty, and ${withoutList} without one` : ''}, but needs at least ${needed}`,
    hint: 'check `where` and `split` in the data block, or lower `batch`',
  }),

  'no-validation-part': row<{ needs: string }>({
    message: ({ needs }) => `\`${needs}\` needs a validation part, but the split has none`,
    hint: 'give the split a validation share, or remove `stop` and `validate`',
  }),

  'too-large-for-memory': row<{ needed: number; available: number; parts: string }>({
    message: ({ needed, available, parts }) =>
      `training needs ${needed.toLocaleString('en')} bytes for weights, their optimizer and a step, but ${available.toLocaleString('en')} are available: ${parts}`,
    hint: 'make the largest part smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state',
  }),

  'table-too-large': row<{ table: string; bytes: number; limit: number }>({
    message: ({ table, bytes, limit }) =>
      `table \`${table}\` takes ${formatBytes(bytes)} (${bytes} bytes) with its optimizer state and the rows of a step; the limit is ${formatBytes(limit)} (${limit} bytes)`,
    hint: 'lower its `dim`, `hash` or `batch`, or use an optimizer with less state: `adagrad(per: row)` keeps one number per row',
  }),

  'other-data': row<{ what: string; own?: boolean }>({
    message: ({ what }) => `the data differs from the data of the training: ${what}`,
    hint: ({ own }) =>
      own
        ? 'restore the data, or name the changed data with `--data` to use it anyway'
        : 'give the data of the training',
  }),

  'protocols-differ': row<{ first: string; other: string; differences: readonly string[] }>({
    message: ({ first, other, differences }) =>
      `${first} and ${other} were not measured in the same way: ${differences.join('; ')}`,
    hint: 'evaluate both with the same data and options',
  }),

  'feature-value': row<{ feature: string; reason: string }>({
    message: ({ feature, reason }) => `the value of \`${feature}\` cannot be encoded: ${reason}`,
    hint: 'give a value as it appears in the data',
  }),

  'too-large-to-export': row<{ tower: string; bytes: number; limit: number }>({
    message: ({ tower, bytes, limit }) =>
      `tower \`${tower}\` takes ${bytes.toLocaleString('en')} bytes with its tables; an ONNX file or SavedModel holds at most ${limit.toLocaleString('en')}`,
    hint: 'lower `dim` or `hash` of its largest table',
  }),

  'no-attention': row<{ model: string }>({
    message: ({ model }) => `the towers of \`${model}\` have no block that weighs fields`,
    hint: 'add `senet` to a flow, or remove the option',
  }),

  'attention-of-model': row<{ path: string }>({
    message: ({ path }) => `${path} is not trained, so it has no attention to show`,
    hint: 'train the model, and give the folder that `tower train … --out` wrote',
  }),

  'step-of-model': row<{ path: string }>({
    message: ({ path }) => `${path} is not a run, so it has no steps`,
    hint: 'train the model, and give the folder that `tower train … --out` wrote',
  }),

  'step-not-taken': row<{ folder: string; step: number; steps: number }>({
    message: ({ folder, step, steps }) =>
      `the run in ${folder} has no step ${step}: it took ${countText(steps, 'step')}`,
    hint: ({ steps }) =>
      steps === 0 ? 'give `--step 0`, the state before the first step' : `give a step from 0 to ${steps}`,
  }),

  'no-user-key': row<{ tower: string }>({
    message: ({ tower }) => `tower \`${tower}\` has no key, so a query cannot be found by its key`,
    hint: 'add `keyed by` to the tower, or give feature values',
  }),

  'unknown-tower': row<{ name: string; towers: string }>({
    message: ({ name }) => `there is no tower called \`${name}\``,
    hint: ({ towers }) => `use one of ${towers}`,
  }),

  'unknown-setting': row<{ name: string; what: string; nearest?: string | undefined; known: readonly string[] }>({
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? namesHint(facts.known),
  }),

  'no-engine': row<{ skipped: readonly { name: string; reason: string }[] }>({
    message: ({ skipped }) =>
      skipped.map(({ name, reason }) => `the \`${name}\` engine does not load: ${reason}`).join('\n'),
    hint: 'run `tower engines` to list the engines that load',
  }),

  'engine-memory': row<{ bytes: number; limit: number; batch?: number | undefined }>({
    message: ({ bytes, limit, batch }) =>
      `${batch === undefined ? 'one run' : `a batch of ${batch.toLocaleString('en')}`} needs ${(bytes / 2 ** 30).toFixed(1)} GiB, and the \`javascript\` engine can hold ${(limit / 2 ** 30).toFixed(2)} GiB`,
    hint: 'train with a smaller batch, or on the `tensorflow` or `onnx` engine',
  }),

  'engine-full': row<{ engine: string; device: string; reason: string }>({
    message: ({ engine, device, reason }) => `the \`${engine}\` engine has no memory left on \`${device}\`: ${reason}`,
    hint: 'train with a smaller batch',
  }),

  'engine-ended': row<{ engine: string; how: string; said?: string | undefined }>({
    message: ({ engine, how, said }) =>
      `the process of the \`${engine}\` engine is gone: ${how}${said === undefined ? '' : ` (${said})`}`,
    hint: 'run the command again; a training continues with `--resume`',
  }),

  'engine-silent': row<{
    engine: string;
    seconds: number;
    doing: 'start' | 'answer';
    busy?: { load: number; cores: number } | undefined;
  }>({
    message: ({ engine, seconds, doing, busy }) =>
      `the process of the \`${engine}\` engine did not ${doing} within ${countText(seconds, 'second')}${busy === undefined ? '' : `: the machine is busy, ${busy.load} processes want its ${countText(busy.cores, 'core')}`}`,
    hint: 'run the command again, or set TOWER_TORCH_TIMEOUT to more seconds',
  }),

  'engine-compile': row<{ engine: string; reason: string }>({
    message: ({ engine, reason }) => `the \`${engine}\` engine cannot compile the training step: ${reason}`,
    hint: 'set TOWER_TORCH_COMPILE=off to run the step without compiling it',
  }),

  'command-line': row<{
    message: string;
    suggestion?: string | undefined;
    instead?: string | undefined;
    command: string;
  }>({
    message: ({ message }) => message,
    hint: ({ suggestion, instead, command }) =>
      instead ??
      (suggestion === undefined
        ? `run \`${command} --help\` for its arguments and an example`
        : `did you mean ${suggestion
            .split(', ')
            .map((name) => `\`${name}\``)
            .join(' or ')}?`),
  }),

  internal: row<{ reason: string }>({
    message: ({ reason }) => `Tower failed by a mistake of its own: ${reason}`,
    hint: 'report it, with the lines below',
  }),

  'stage-of-run': row<{ folder: string }>({
    message: ({ folder }) => `${folder} is a trained model, so only its manifest can be shown`,
    hint: 'name a `.tower` file to see the stages of the compiler',
  }),

  'model-missing': row<{ folder?: string | undefined }>({
    message: ({ folder }) => (folder === undefined ? 'no model is given' : `no model is given to continue ${folder}`),
    hint: ({ folder }) =>
      folder === undefined
        ? 'give the `.tower` file of the model, or the run whose model trains on all events, by `--final`'
        : 'give the `.tower` file that it was trained from: only a run that `--final` began continues without it',
  }),

  'no-model': row<{ path: string }>({
    message: ({ path }) => `${path} declares no model`,
    hint: 'give a file that declares a model, with two towers and a task',
  }),

  'no-data-block': row<{ path: string }>({
    message: ({ path }) => `${path} has no \`data\` block`,
    hint: 'name a file whose `data` block says where the rows are: `data ratings { events = "ratings.csv" … }`',
  }),

  'run-elsewhere': row<{ folder: string; file: string; allow: readonly string[] }>({
    message: ({ folder, file }) =>
      `${folder} was not trained here: ${file} differs from the data block that the run recorded, so Tower opens none of its files`,
    hint: ({ allow }) =>
      `name the data with \`--data FILE.tower\`, or allow the folders that the run names: ${allow.map((each) => `\`--allow ${quoteForShell(each)}\``).join(' ')}`,
  }),

  'data-missing': row<{ path: string }>({
    message: ({ path }) => `${path} does not say where its rows are`,
    hint: 'name the file with the data block, such as `--data models/data/movielens.tower`',
  }),

  'not-formatted': row<{ path: string }>({
    message: ({ path }) => `${path} is not formatted`,
    hint: ({ path }) => `run \`tower format ${path}\``,
  }),

  'folder-not-empty': row<{ folder: string }>({
    message: ({ folder }) => `${folder} is not empty`,
    hint: 'choose another folder, or replace its contents with `--force`',
  }),
} as const;

const rankByTask = ({ task }: { task: string }): string =>
  `give the other tasks less weight, such as \`retrieve = ${task}\`, or a score of the same size`;
