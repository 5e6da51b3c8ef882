/** Codes of training, of runs on disk, of engines and of commands. */
import { row } from '../code_row.ts';
import { among, bytesWords, countOf, didYouMean, shellWord } from '../wording.ts';

export const runs = {
  'cannot-write': row<{ path: string; reason: string; kept?: string | undefined }>({
    severity: 'error',
    message: ({ path, reason }) => `cannot write ${path}: ${reason}`,
    hint: ({ kept }) =>
      kept === undefined
        ? 'free some space, or choose another folder'
        : `free some space, or choose another folder; ${kept} is unchanged`,
    means:
      'A file could not be written: the disk is full, or the folder is missing or not writable. What was there before is unchanged.',
    remedy: 'Free some space or choose another folder. Continue a training with `--resume`.',
  }),

  'no-temporary-folder': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `a temporary folder cannot be made in ${path}: ${reason}`,
    means: 'A step needs temporary files, and the folder for temporary files is missing or not writable.',
    remedy: 'Set the environment variable `TMPDIR` to a writable folder.',
  }),

  'cannot-read': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `cannot read ${path}: ${reason}`,
    means: 'A file that the command needs could not be read.',
    remedy: 'Check its path and its permissions.',
  }),

  'damaged-file': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    means:
      'A file of a run is damaged. It was cut off or changed by another program, it does not match the other files, or it is a link or a pipe.',
    remedy: 'Copy the run again from where it was trained, or train again.',
  }),

  'changed-file': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} changed after training: its checksum differs`,
    means:
      'A run keeps a checksum of each of its files, and this file has another one. Its answers could not be trusted.',
    remedy: 'Copy the folder again from where it was trained, or train again.',
  }),

  'lost-file': row<{ path: string; folder: string }>({
    severity: 'error',
    message: ({ path, folder }) => `${path} is missing from ${folder}`,
    means: 'The manifest of a run names a file that does not exist.',
    remedy: 'Copy the whole folder again from where it was trained, or train again.',
  }),

  'not-a-run': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} contains no trained model: it has no manifest.json`,
    means: '`tower train` did not write this folder, or the training has not reached its first checkpoint.',
    remedy: 'Give a folder that `tower train … --out` wrote.',
  }),

  'unfinished-run': row<{ folder: string; stopped?: { epochs: number; steps: number } | undefined }>({
    severity: 'error',
    message: ({ folder, stopped }) =>
      stopped === undefined
        ? `the run in ${folder} has not finished`
        : `the run in ${folder} was stopped after ${countOf(stopped.epochs, 'epoch')} and ${countOf(stopped.steps, 'step')}: its model is unfinished`,
    hint: ({ stopped }) =>
      stopped === undefined
        ? 'continue it with `tower train … --resume`'
        : 'continue it with `tower train … --resume`, end it as it is with `tower train … --finish`, or add `--unfinished`',
    means: 'The training in this folder stopped before its end, so its weights are not final.',
    remedy:
      'Continue it with `tower train … --resume`, or end it as it is with `tower train … --finish`. `evaluate`, `recommend` and `export` use it as it is with `--unfinished`, and mark their answers.',
  }),

  'run-in-use': row<{
    folder: string;
    lock: string;
    by: { purpose: string; pid: number; host: string; since: string } | undefined;
    here: boolean;
  }>({
    severity: 'error',
    message: ({ folder, by, lock }) =>
      by === undefined
        ? `${folder} is in use: ${lock} names no process that this version knows`
        : `${folder} is in use by \`${by.purpose}\`: process ${by.pid} on ${by.host}, since ${by.since}`,
    hint: ({ here, lock }) =>
      here
        ? 'wait until that process ends, or give another folder'
        : `delete ${lock} if no other process uses the folder; otherwise give another folder`,
    means:
      'Another process writes into the folder, and two would mix their files. The file `.lock` names the process. Tower replaces a lock whose process has ended. Or `tower runs --prune` was to remove a run that a server answers with: a file `.reader-…` names the server.',
    remedy:
      'Wait until the process ends, or give another folder. A lock of another computer or container cannot be checked from here: delete its file when nothing there uses the folder.',
  }),

  'own-file': row<{ path: string; folder: boolean }>({
    severity: 'error',
    message: ({ path, folder }) =>
      `${path} is ${folder ? 'a folder' : 'a file'} that Tower did not write, and the run needs this name`,
    means:
      'The run needs a file name that is taken by a file that Tower did not write. `--force` replaces only the files of a run.',
    remedy: 'Move it elsewhere, or give another folder.',
  }),

  'folder-in-use': row<{ folder: string; run: boolean; holds: string }>({
    severity: 'error',
    message: ({ folder, holds }) => `${folder} already contains ${holds}`,
    hint: ({ run }) =>
      run
        ? 'continue it with `--resume`, replace it with `--force`, or give another folder'
        : 'give another folder, or add the run to these files with `--force`',
    means: 'The folder contains another run, or other files. Tower overwrites nothing without `--force`.',
    remedy: 'Give another folder. A run can also be continued with `--resume`, or replaced with `--force`.',
  }),

  'nothing-to-resume': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `there is no run to resume in ${folder}`,
    means: '`--resume` found no training in the folder.',
    remedy: 'Remove `--resume` to start a new training.',
  }),

  'other-run': row<{ folder: string; what: string }>({
    severity: 'error',
    message: ({ folder, what }) => `the run in ${folder} has another ${what}, so it cannot be resumed with this one`,
    hint: () => 'resume it with the settings that it started with, or give another folder',
    means:
      'The training in the folder has another model, other data, another seed or another engine. The result of both would belong to neither.',
    remedy:
      'Resume it with the settings that it started with, or give another folder. Epochs, patience, rates and schedules may change.',
  }),

  'fewer-epochs': row<{ folder: string; entry: 'epochs' | 'steps'; given: number; done: number }>({
    severity: 'error',
    message: ({ folder, entry, given, done }) =>
      `\`${entry}\` is ${given}, but the run in ${folder} has already trained ${entry === 'epochs' && done === 1 ? 'in its first epoch' : entry === 'epochs' ? `in ${done} epochs` : countOf(done, 'step')}`,
    hint: ({ entry, done }) => `set \`${entry}\` to ${done} or more, or end the run as it is with \`--finish\``,
    means:
      '`--resume` needs at least as many epochs or steps as the run has already trained. Their effect on the weights cannot be undone.',
    remedy: 'Set more epochs or steps, or end the run as it is with `tower train … --finish`.',
  }),

  'loss-not-finite': row<{ epoch: number; step: number; value: string; output: string }>({
    severity: 'error',
    message: ({ epoch, step, value, output }) =>
      `training stopped: ${output} became ${value} in step ${step} of epoch ${epoch}`,
    hint: () => 'lower the learning rates, or look for extreme numbers in the data',
    means:
      'A loss became infinite or not a number, and one more step would destroy every weight. Training stopped, and the last checkpoint is valid.',
    remedy:
      'Lower the learning rates, or look for extreme numbers in the data. Then train again, or continue from the last checkpoint with `--resume`.',
  }),

  'vectors-not-finite': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `tower \`${tower}\` gives vectors with infinite or undefined numbers`,
    hint: () => 'train again with lower learning rates, or look for extreme numbers in the data',
    means: 'The vectors of the trained tower contain infinite or undefined numbers, so items cannot be ranked.',
    remedy: 'Train again with lower learning rates.',
  }),

  'too-few-rows': row<{ part: string; rows: number; needed: number; withoutList?: number }>({
    severity: 'error',
    message: ({ part, rows, needed, withoutList }) =>
      `the ${part} part has ${rows === 1 ? '1 row' : `${rows} rows`}${withoutList ? ` with a list that is not empty, and ${withoutList} without one` : ''}, but needs at least ${needed}`,
    means: 'A part of the data has fewer rows than one batch, or than the metrics need.',
    remedy: 'Check `where` and `split` in the data block, or lower `batch`.',
  }),

  'no-validation-part': row<{ needs: string }>({
    severity: 'error',
    message: ({ needs }) => `\`${needs}\` needs a validation part, but the split has none`,
    means:
      '`stop` watches a metric on the validation part, and `validate` says how often it is measured, but the split has none.',
    remedy: 'Give the split a validation share, or remove `stop` and `validate`.',
  }),

  'too-large-for-memory': row<{ needed: number; available: number; parts: string }>({
    severity: 'error',
    message: ({ needed, available, parts }) =>
      `training needs ${needed.toLocaleString('en')} bytes for weights, their optimizer and a step, but ${available.toLocaleString('en')} are available: ${parts}`,
    means:
      'The tables, the weights of blocks, the optimizer state and the values of one step do not fit into memory. Tower checks this before training, so no hours are lost.',
    remedy:
      'Make the largest part smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state.',
  }),

  'table-too-large': row<{ table: string; bytes: number; limit: number }>({
    severity: 'error',
    message: ({ table, bytes, limit }) =>
      `table \`${table}\` takes ${bytesWords(bytes)} (${bytes} bytes) with its optimizer state and the rows of a step; the limit is ${bytesWords(limit)} (${limit} bytes)`,
    means:
      'A WebAssembly memory holds 4 GiB, and a table may take 64 of them. One memory has the rows that a step reads, with four bytes for each row of the table. A table that `graph` of `train` connects is in one memory, too.',
    remedy:
      'Lower its `dim`, `hash` or `batch`, or use an optimizer with less state: `adagrad(per: row)` keeps one number per row.',
  }),

  'other-data': row<{ what: string; own?: boolean }>({
    severity: 'error',
    message: ({ what }) => `the data differs from the data of the training: ${what}`,
    hint: ({ own }) =>
      own
        ? 'restore the data, or name the changed data with `--data` to use it anyway'
        : 'give the data of the training',
    means:
      'The data differs from the data of the training. Figures would describe other data, and learned codes could have other meanings.',
    remedy:
      'Give the data of the training. Name changed data with `--data` to use it anyway: Tower encodes it as the training did, and the answer says how it differs.',
  }),

  'protocols-differ': row<{ first: string; other: string; differences: readonly string[] }>({
    severity: 'error',
    message: ({ first, other, differences }) =>
      `${first} and ${other} were not measured in the same way: ${differences.join('; ')}`,
    hint: () => 'evaluate both with the same data and options',
    means:
      'The two runs were measured differently: on other events, against other items, or with other metrics. Their figures cannot be compared.',
    remedy: 'Evaluate both with the same data and options, then compare.',
  }),

  'feature-value': row<{ feature: string; reason: string }>({
    severity: 'error',
    message: ({ feature, reason }) => `the value of \`${feature}\` cannot be encoded: ${reason}`,
    means: 'The kind of this feature cannot encode the given value.',
    remedy: 'Give a value as it appears in the data.',
  }),

  'too-large-to-export': row<{ tower: string; bytes: number; limit: number }>({
    severity: 'error',
    message: ({ tower, bytes, limit }) =>
      `tower \`${tower}\` takes ${bytes.toLocaleString('en')} bytes with its tables; an ONNX file or SavedModel holds at most ${limit.toLocaleString('en')}`,
    means: 'ONNX files and SavedModels hold at most two gigabytes, and this tower is larger with its tables.',
    remedy: 'Lower `dim` or `hash` of its largest table.',
  }),

  'no-attention': row<{ model: string }>({
    severity: 'error',
    message: ({ model }) => `the towers of \`${model}\` have no block that weighs fields`,
    means: '`--attention` shows how `senet` weighs features, and this model has no such block.',
    remedy: 'Add `senet` to a flow, or remove the option.',
  }),

  'attention-of-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} is not trained, so it has no attention to show`,
    means: 'The weights of `senet` are learned in training. A model that is not trained has none to show.',
    remedy: 'Train the model, and give the folder that `tower train … --out` wrote.',
  }),

  'step-of-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} is not a run, so it has no steps`,
    means: 'Only a run has steps. A `.tower` file describes a model that is not trained yet.',
    remedy: 'Train the model, and give the folder that `tower train … --out` wrote.',
  }),

  'step-not-taken': row<{ folder: string; step: number; steps: number }>({
    severity: 'error',
    message: ({ folder, step, steps }) => `the run in ${folder} has no step ${step}: it took ${countOf(steps, 'step')}`,
    hint: ({ steps }) =>
      steps === 0 ? 'give `--step 0`, the state before the first step' : `give a step from 0 to ${steps}`,
    means: 'The run ended before this step, and only a step of the run can be replayed.',
    remedy:
      'Give the number of a step that the run took. The last one is `training.steps` of its manifest; 0 is the state before the first.',
  }),

  'no-user-key': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `tower \`${tower}\` has no key, so a query cannot be found by its key`,
    means: 'The query tower has no key, so a query cannot be found by its key.',
    remedy: 'Add `keyed by` to the tower, or give feature values.',
  }),

  'unknown-tower': row<{ name: string; towers: string }>({
    severity: 'error',
    message: ({ name }) => `there is no tower called \`${name}\``,
    hint: ({ towers }) => `use one of ${towers}`,
    means: 'The model has no tower with this name.',
    remedy: 'Use one of the names that the message lists.',
  }),

  'unknown-setting': row<{ name: string; what: string; nearest?: string | undefined; known: readonly string[] }>({
    severity: 'error',
    message: ({ what, name }) => `there is no ${what} called \`${name}\``,
    hint: (facts) => didYouMean(facts) ?? among(facts.known),
    means:
      'A setting names a constant, a declared block, an entry of `train`, `objective`, `retrieve`, or an argument of one of these, as in `dense.rate`. Others begin with their declaration: `task.watch.loss.temperature`, `features.user_id.dim`. Nothing has this name.',
    remedy: 'Declare the constant with `let`, or correct the name.',
  }),

  'no-engine': row<{ skipped: readonly { name: string; reason: string }[] }>({
    severity: 'error',
    message: ({ skipped }) =>
      skipped.map(({ name, reason }) => `the \`${name}\` engine does not load: ${reason}`).join('\n'),
    hint: () => 'run `tower engines` to list the engines that load',
    means: 'No engine that can run graphs loads on this machine, or the requested engine does not load.',
    remedy: 'Run `tower engines`: it lists all engines, and why each one does not load.',
  }),

  'engine-memory': row<{ bytes: number; limit: number; batch?: number | undefined }>({
    severity: 'error',
    message: ({ bytes, limit, batch }) =>
      `${batch === undefined ? 'one run' : `a batch of ${batch.toLocaleString('en')}`} needs ${(bytes / 2 ** 30).toFixed(1)} GiB, and the \`javascript\` engine can hold ${(limit / 2 ** 30).toFixed(2)} GiB`,
    means: 'The `javascript` engine holds all numbers of a run in one memory of limited size.',
    remedy: 'Train with a smaller batch, or on the `tensorflow` or `onnx` engine.',
  }),

  'engine-full': row<{ engine: string; device: string; reason: string }>({
    severity: 'error',
    message: ({ engine, device, reason }) => `the \`${engine}\` engine has no memory left on \`${device}\`: ${reason}`,
    hint: () => 'train with a smaller batch',
    means: 'The device of the engine could not hold the numbers of a run.',
    remedy: 'Train with a smaller batch, or on another engine. Continue a training with `--resume`.',
  }),

  'engine-ended': row<{ engine: string; how: string; said?: string | undefined }>({
    severity: 'error',
    message: ({ engine, how, said }) =>
      `the process of the \`${engine}\` engine is gone: ${how}${said === undefined ? '' : ` (${said})`}`,
    hint: () => 'run the command again; a training continues with `--resume`',
    means:
      'The engine runs in a process of its own, and this process ended before it answered. Another program killed it, or the system did because memory ran out.',
    remedy:
      'Run the command again, and continue a training with `--resume`. If it happens again, use a smaller batch or another engine.',
  }),

  'engine-silent': row<{ engine: string; seconds: number; doing: 'start' | 'answer' }>({
    severity: 'error',
    message: ({ engine, seconds, doing }) =>
      `the process of the \`${engine}\` engine did not ${doing} within ${countOf(seconds, 'second')}`,
    hint: () => 'run the command again, or set TOWER_TORCH_TIMEOUT to more seconds',
    means: 'The engine runs in a process of its own. This process took longer than the limit, and was stopped.',
    remedy:
      'Run the command again; a training continues with `--resume`. Set the environment variable `TOWER_TORCH_TIMEOUT` to more seconds if a step needs them, or if a busy machine needs them to load PyTorch.',
  }),

  'engine-compile': row<{ engine: string; reason: string }>({
    severity: 'error',
    message: ({ engine, reason }) => `the \`${engine}\` engine cannot compile the training step: ${reason}`,
    hint: () => 'set TOWER_TORCH_COMPILE=off to run the step without compiling it',
    means: 'PyTorch could not make a program of the training step: its C++ compiler failed, or the disk is full.',
    remedy:
      'Check that `g++ --version` works and that the cache folder is writable. With the environment variable `TOWER_TORCH_COMPILE=off`, the step runs without being compiled.',
  }),

  'command-line': row<{ message: string; suggestion?: string | undefined; command: string }>({
    severity: 'error',
    message: ({ message }) => message,
    hint: ({ suggestion, command }) =>
      suggestion === undefined
        ? `run \`${command} --help\` for its arguments and an example`
        : `did you mean ${suggestion
            .split(', ')
            .map((name) => `\`${name}\``)
            .join(' or ')}?`,
    means: 'The command does not take this option or argument.',
    remedy: 'Run `tower help COMMAND` for its arguments and an example.',
  }),

  internal: row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `Tower failed by a mistake of its own: ${reason}`,
    hint: () => 'report it, with the lines below',
    means: 'Something failed that should not have failed. It is a mistake of Tower, not yours.',
    remedy: 'Report it, with the file and the lines that were printed.',
  }),

  'stage-of-run': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} is a trained model, so only its manifest can be shown`,
    hint: () => 'name a `.tower` file to see the stages of the compiler',
    means: 'The stages of the compiler belong to a `.tower` file. The folder of a run keeps the result of training.',
    remedy: 'Give the file of the model.',
  }),

  'no-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} declares no model`,
    means: 'The file declares only what other files use: features, blocks, data.',
    remedy: 'Give a file that declares a model, with two towers and a task.',
  }),

  'no-data-block': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} has no \`data\` block`,
    hint: () => 'name a file whose `data` block says where the rows are: `data ratings { events = "ratings.csv" … }`',
    means: 'The file named by `--data` has no `data` block, which says where the rows are.',
    remedy: 'Name the file that has one.',
  }),

  'run-elsewhere': row<{ folder: string; file: string; allow: readonly string[] }>({
    severity: 'error',
    message: ({ folder, file }) =>
      `${folder} was not trained here: ${file} differs from the data block that the run recorded, so Tower opens none of its files`,
    hint: ({ allow }) =>
      `name the data with \`--data FILE.tower\`, or allow the folders that the run names: ${allow.map((each) => `\`--allow ${shellWord(each)}\``).join(' ')}`,
    means:
      'The run names its data by paths, and the data block at the recorded place is missing or names other files now. Such a run may come from another machine, and its paths could name any file of this one. Tower does not open them.',
    remedy:
      'Name the data with `--data FILE.tower`. To read the files that the run names, allow their folders: `--allow FOLDER`.',
  }),

  'data-missing': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} does not say where its rows are`,
    means: 'The command reads rows, and neither the model nor an option says where they are.',
    remedy: 'Name the file with the data block, such as `--data models/data/movielens.tower`.',
  }),

  'not-formatted': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} is not formatted`,
    hint: ({ path }) => `run \`tower format ${path}\``,
    means: '`tower format --check` found a file that is not in the standard format of Tower.',
    remedy: 'Run `tower format` on the file.',
  }),

  'folder-not-empty': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} is not empty`,
    means: 'The folder to write into contains other files, which Tower never overwrites without `--force`.',
    remedy: 'Choose another folder, or replace its contents with `--force`.',
  }),
} as const;
