/** Codes of training, of runs on disk, of engines and of commands. */
import { row } from '../code_row.ts';
import { among, bytesWords, countOf, didYouMean, shellWord } from '../wording.ts';

export const runs = {
  'cannot-write': row<{ path: string; reason: string; kept?: string | undefined }>({
    severity: 'error',
    message: ({ path, reason }) => `cannot write ${path}: ${reason}`,
    hint: ({ kept }) => (kept === undefined ? undefined : `${kept} is still whole`),
    means:
      'A file could not be written: the disk is full, the folder is missing or may not be written. What stood there before is still whole.',
    remedy: 'Free some space or choose another folder; a training goes on with `--resume`.',
  }),

  'no-temporary-folder': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `no temporary folder can be made in ${path}: ${reason}`,
    hint: () => 'set `TMPDIR` to a folder that may be written',
    means: 'A step needs files for a short time, and the folder for temporary files is missing or may not be written.',
    remedy: 'Set the environment variable `TMPDIR` to a folder that may be written.',
  }),

  'cannot-read': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `cannot read ${path}: ${reason}`,
    means: 'A file that the command needs could not be read.',
    remedy: 'Look at its path and its permissions.',
  }),

  'damaged-file': row<{ path: string; reason: string }>({
    severity: 'error',
    message: ({ path, reason }) => `${path} is damaged: ${reason}`,
    means:
      'A file of a run is not what it should be: it was cut off or changed by another program, it does not fit the other files, or it is a link or a pipe.',
    remedy: 'Copy the run again from where it was trained, or train again.',
  }),

  'changed-file': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} is not what training wrote: its checksum differs`,
    hint: () => 'copy the folder again from where it was trained, or train again',
    means: 'A run keeps a checksum of each of its files, and this file has another. Serving it could answer anything.',
    remedy: 'Copy the folder again from where it was trained, or train again.',
  }),

  'lost-file': row<{ path: string; folder: string }>({
    severity: 'error',
    message: ({ path, folder }) => `${path} is missing from ${folder}`,
    hint: () => 'copy the folder again from where it was trained, or train again',
    means: 'The manifest of a run names a file that is not there.',
    remedy: 'Copy the whole folder again.',
  }),

  'not-a-run': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} holds no trained model: it has no manifest.json`,
    hint: () => 'give a folder that `tower train … --out` wrote',
    means: 'The folder was not written by `tower train`, or the training has not come to its first checkpoint.',
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
    means: 'The training in this folder was stopped before its end. Its weights are those of half a training.',
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
        : `if no other process writes into the folder, delete ${lock}; else give another folder`,
    means:
      'Another process writes into the folder. Two would mix their files. The file `.lock` names the process; a lock whose process has ended is replaced without a question.',
    remedy:
      'Wait until the process ends, or give another folder. A lock of another computer or container cannot be checked from here: delete `.lock` once nothing there writes into the folder.',
  }),

  'own-file': row<{ path: string; folder: boolean }>({
    severity: 'error',
    message: ({ path, folder }) =>
      `${path} is ${folder ? 'a folder' : 'a file'} that Tower did not write, and the run needs its name`,
    hint: () => 'move it elsewhere, or give another folder',
    means:
      'The run would write a file whose name is taken by a file that Tower did not write. `--force` replaces files of a run only.',
    remedy: 'Move the file elsewhere, or give another folder.',
  }),

  'folder-in-use': row<{ folder: string; run: boolean; holds: string }>({
    severity: 'error',
    message: ({ folder, holds }) => `${folder} already holds ${holds}`,
    hint: ({ run }) =>
      run
        ? 'continue it with `--resume`, replace it with `--force`, or give another folder'
        : 'give another folder, or write beside them with `--force`',
    means: 'The folder holds another run, or other files, and nothing is overwritten unasked.',
    remedy: 'Give another folder. A run can also be continued with `--resume`, or replaced with `--force`.',
  }),

  'nothing-to-resume': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `there is no run to resume in ${folder}`,
    hint: () => 'leave `--resume` out to start one',
    means: '`--resume` found no training in the folder.',
    remedy: 'Leave `--resume` out to start one.',
  }),

  'other-run': row<{ folder: string; what: string }>({
    severity: 'error',
    message: ({ folder, what }) => `the run in ${folder} has another ${what}: it cannot be resumed with this one`,
    hint: () => 'resume it with what it was started with, or give another folder',
    means:
      'The training in the folder had another model, other data, another seed or another engine. Resumed with these it would be neither.',
    remedy:
      'Resume it with what it was started with, or give another folder. Epochs, patience, rates and schedules may change.',
  }),

  'fewer-epochs': row<{ folder: string; epochs: number; done: number }>({
    severity: 'error',
    message: ({ folder, epochs, done }) =>
      `\`epochs\` is ${epochs}, but the run in ${folder} has trained ${done === 1 ? 'in its first epoch' : `in ${done} epochs`} already`,
    hint: ({ done }) => `set \`epochs\` to ${done} or more, or end the run as it is with \`--finish\``,
    means:
      '`--resume` was given fewer epochs than the run has trained already. What was learnt in them stays in the weights.',
    remedy: 'Set more epochs, or end the run as it is with `tower train … --finish`.',
  }),

  'loss-not-finite': row<{ epoch: number; step: number; value: string; output: string }>({
    severity: 'error',
    message: ({ epoch, step, value, output }) =>
      `training stopped: ${output} became ${value} in step ${step} of epoch ${epoch}`,
    hint: () => 'lower the learning rates, or look for extreme values in the numbers of the data',
    means:
      'A loss became infinite or no number, after which every weight would be lost. Training stops at once, and the last checkpoint is sound.',
    remedy: 'Lower the learning rates, or look for extreme values in the data.',
  }),

  'vectors-not-finite': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `tower \`${tower}\` gives vectors that are not finite numbers`,
    hint: () => 'lower the learning rates, or look for extreme values in the numbers of the data',
    means: 'The trained tower gives vectors that are not finite numbers, so that nothing can be ranked by them.',
    remedy: 'Train again with lower rates.',
  }),

  'too-few-rows': row<{ part: string; rows: number; needed: number }>({
    severity: 'error',
    message: ({ part, rows, needed }) =>
      `the ${part} part has ${rows === 1 ? '1 row' : `${rows} rows`}, and at least ${needed} are needed`,
    hint: () => 'look at `where` and `split` in the data block',
    means: 'A part of the data has fewer rows than one batch, or than the metrics need.',
    remedy: 'Look at `where` and `split` in the data block, or lower `batch`.',
  }),

  'no-validation-part': row<{ metric: string }>({
    severity: 'error',
    message: ({ metric }) => `\`stop = ${metric}\` needs a validation part, and this split has none`,
    hint: () => 'give the split a validation share, or leave `stop` out',
    means: '`stop` watches a metric on the validation part, and the split has none.',
    remedy: 'Give the split a validation share, or leave `stop` out.',
  }),

  'too-large-for-memory': row<{ needed: number; available: number; parts: string }>({
    severity: 'error',
    message: ({ needed, available, parts }) =>
      `training needs ${needed.toLocaleString('en')} bytes for weights, their optimizer and a step, and ${available.toLocaleString('en')} are available: ${parts}`,
    hint: () =>
      'make the largest smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state',
    means:
      'Tables, the weights of blocks, what their optimizers keep and the values of one step would not fit into memory. The check comes before training, so no hours are lost.',
    remedy:
      'Make the largest smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state.',
  }),

  'table-too-large': row<{ table: string; bytes: number; limit: number }>({
    severity: 'error',
    message: ({ table, bytes, limit }) =>
      `table \`${table}\` with its optimizer's state and the rows of a step takes ${bytesWords(bytes)} (${bytes} bytes), and one table may take ${bytesWords(limit)} (${limit} bytes)`,
    hint: () =>
      'lower its `dim` or `hash`, or `batch`; or use an optimizer with less state: `adagrad(per: row)` keeps one number a row',
    means: 'One table, with its state and the rows that a step looks up in it, is larger than one memory may be.',
    remedy: 'Lower its `dim` or `hash`, or `batch`; or use `adagrad(per: row)`, which keeps one number a row.',
  }),

  'other-data': row<{ what: string; own?: boolean }>({
    severity: 'error',
    message: ({ what }) => `the data is not what the model was trained on: ${what}`,
    hint: ({ own }) =>
      own
        ? 'restore the data, or name the changed data with `--data` to use it nevertheless'
        : 'give the data that it was trained with',
    means:
      'The data is not the data of the training. Where its values encode otherwise, codes would mean other things. Where only events or values differ, the figures would be of other data.',
    remedy:
      'Give the data that it was trained with. Data whose values encode alike can be named with `--data`: the answer then says how it differs.',
  }),

  'protocols-differ': row<{ first: string; other: string; differences: readonly string[] }>({
    severity: 'error',
    message: ({ first, other, differences }) =>
      `${first} and ${other} are not measured alike: ${differences.join('; ')}`,
    hint: () =>
      'figures compare only where the same events are ranked among the same items, and the same events were learnt from',
    means:
      'Two runs were not measured alike: other events, other items to rank among, or other metrics. Their figures would be compared with nothing to be learnt from it.',
    remedy: 'Evaluate both with the same data and options, then compare.',
  }),

  'feature-value': row<{ feature: string; reason: string }>({
    severity: 'error',
    message: ({ feature, reason }) => `the value given for \`${feature}\` does not fit: ${reason}`,
    means: 'A value given for a feature is none that its kind can encode.',
    remedy: 'Give a value as it stands in the data.',
  }),

  'too-large-to-export': row<{ tower: string; bytes: number; limit: number }>({
    severity: 'error',
    message: ({ tower, bytes, limit }) =>
      `tower \`${tower}\` with its tables takes ${bytes.toLocaleString('en')} bytes, and an ONNX file or SavedModel holds at most ${limit.toLocaleString('en')}`,
    hint: () => 'lower `dim` or `hash` of its largest table',
    means: 'ONNX files and SavedModels hold two gigabytes at most, and this tower with its tables has more.',
    remedy: 'Lower `dim` or `hash` of its largest table.',
  }),

  'no-attention': row<{ model: string }>({
    severity: 'error',
    message: ({ model }) => `the towers of \`${model}\` weigh no fields: there is nothing to read out`,
    hint: () => '`senet` is the block that does',
    means: '`--attention` shows how `senet` weighs features, and this model has no such block.',
    remedy: 'Put `senet` into a flow, or leave the option out.',
  }),

  'attention-of-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `what a model attends to is learnt, and ${path} is not trained`,
    hint: () => 'give the folder that `tower train … --out` wrote',
    means: 'What `senet` attends to is learnt: a model that is not trained has nothing to show.',
    remedy: 'Train it, and give the folder of the run.',
  }),

  'step-of-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `a step is of a run, and ${path} is not trained`,
    hint: () => 'give the folder that `tower train … --out` wrote',
    means: 'Only a run takes steps. A `.tower` file says how a run would take them.',
    remedy: 'Train the model, and give the folder of the run.',
  }),

  'step-not-taken': row<{ folder: string; step: number; steps: number }>({
    severity: 'error',
    message: ({ folder, step, steps }) => `the run in ${folder} has no step ${step}: it took ${steps}`,
    hint: ({ steps }) =>
      steps === 0 ? 'give `--step 0`, the state before the first step' : `give a step from 0 to ${steps}`,
    means: 'The run ended before this step. A step is replayed only where the run took it.',
    remedy:
      'Give the number of a step that the run took. Its last one is `training.steps` of its manifest; 0 is the state before the first.',
  }),

  'no-user-key': row<{ tower: string }>({
    severity: 'error',
    message: ({ tower }) => `tower \`${tower}\` has no key, so nobody can be looked up by one`,
    hint: () => 'add `keyed by` to the tower, or give feature values',
    means: 'The tower of the side that asks has no key, so nobody can be looked up by one.',
    remedy: 'Add `keyed by` to the tower, or give feature values.',
  }),

  'unknown-tower': row<{ name: string; towers: string }>({
    severity: 'error',
    message: ({ name, towers }) => `there is no tower called \`${name}\`; there are ${towers}`,
    means: 'The model has no tower of this name.',
    remedy: 'Use one of the names that the message lists.',
  }),

  'unknown-setting': row<{ name: string; nearest?: string | undefined; known: readonly string[] }>({
    severity: 'error',
    message: ({ name }) =>
      `nothing is called \`${name}\`: \`--set\` overrides a \`let\` of the model, or a number of \`train\``,
    hint: (facts) => didYouMean(facts) ?? among(facts.known),
    means: '`--set` overrides a constant of the model or a number of `train`, and nothing has this name.',
    remedy: 'Declare it with `let`, or correct the name.',
  }),

  'no-engine': row<{ skipped: readonly { name: string; reason: string }[] }>({
    severity: 'error',
    message: ({ skipped }) =>
      skipped.map(({ name, reason }) => `the \`${name}\` engine does not load: ${reason}`).join('\n'),
    hint: () => '`tower engines` lists those that do',
    means: 'No engine that can run graphs loads on this machine, or not the one that was asked for.',
    remedy: '`tower engines` lists all, and says why each does not load.',
  }),

  'engine-memory': row<{ bytes: number; limit: number; batch?: number | undefined }>({
    severity: 'error',
    message: ({ bytes, limit, batch }) =>
      `${batch === undefined ? 'one run' : `a batch of ${batch.toLocaleString('en')}`} needs ${(bytes / 2 ** 30).toFixed(1)} GiB, and the \`javascript\` engine can hold ${(limit / 2 ** 30).toFixed(2)} GiB`,
    hint: () => 'train with a smaller batch, or on the `tensorflow` or `onnx` engine',
    means: 'The `javascript` engine holds all numbers of a run in one memory of limited size.',
    remedy: 'Train with a smaller batch, or on the `tensorflow` or `onnx` engine.',
  }),

  'command-line': row<{ message: string; suggestion?: string | undefined; command: string }>({
    severity: 'error',
    message: ({ message }) => message,
    hint: ({ suggestion, command }) =>
      suggestion === undefined
        ? `\`${command} --help\` shows what it takes, with an example`
        : `did you mean ${suggestion
            .split(', ')
            .map((name) => `\`${name}\``)
            .join(' or ')}?`,
    means: 'The command was called with an option or argument that it does not take.',
    remedy: '`tower help COMMAND` shows them, with an example.',
  }),

  internal: row<{ reason: string }>({
    severity: 'error',
    message: ({ reason }) => `tower failed, and it is not your fault: ${reason}`,
    hint: () => 'please report it, with the lines below',
    means: 'Something failed that should not have. It is our mistake, not yours.',
    remedy: 'Please report it, with the file and the lines that were printed.',
  }),

  'stage-of-run': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} is a trained model, which shows its manifest alone`,
    hint: () => 'name a `.tower` file to see what the compiler makes of it',
    means: 'This stage of the compiler belongs to a `.tower` file; the folder of a run keeps what training made of it.',
    remedy: 'Give the model’s file.',
  }),

  'no-model': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} declares no model`,
    hint: () => 'a model has two towers and a task',
    means: 'The file declares only what others use: features, blocks, data.',
    remedy: 'Give a file with two towers and a task.',
  }),

  'no-data-block': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} has no \`data\` block`,
    hint: () => 'the file named by `--data` says where the rows are: `data ratings { events = "ratings.csv" … }`',
    means: 'The file named by `--data` has no `data` block, which says where the rows are.',
    remedy: 'Name the file that has one.',
  }),

  'run-elsewhere': row<{ folder: string; file: string; allow: readonly string[] }>({
    severity: 'error',
    message: ({ folder, file }) =>
      `${folder} was not trained here: ${file} is not the data block that it recorded, so the files that it names stay closed`,
    hint: ({ allow }) =>
      `name the data: \`--data FILE.tower\`; or read what the run names: ${allow.map((each) => `\`--allow ${shellWord(each)}\``).join(' ')}`,
    means:
      'The run names its data by paths, and the data block at the recorded place is missing or names other files now. Such a run may come from another machine, and its paths could name any file of this one. They are not opened.',
    remedy:
      'Name the data with `--data FILE.tower`. To read the files that the run names, allow their folders: `--allow FOLDER`.',
  }),

  'data-missing': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `nothing says where the rows of ${path} are`,
    hint: () => 'name the file with the `data` block: `--data models/data/movielens.tower`',
    means: 'The command reads rows, and nothing says where they are.',
    remedy: 'Name the file with the data block: `--data models/data/movielens.tower`.',
  }),

  'not-formatted': row<{ path: string }>({
    severity: 'error',
    message: ({ path }) => `${path} is not formatted`,
    hint: ({ path }) => `run \`tower format ${path}\``,
    means: '`tower format --check` found a file that is not written in the one form of Tower.',
    remedy: 'Run `tower format` on it.',
  }),

  'folder-not-empty': row<{ folder: string }>({
    severity: 'error',
    message: ({ folder }) => `${folder} is not empty`,
    hint: () => 'choose another folder, or replace what it holds with `--force`',
    means: 'The folder to write into holds something else, which is never overwritten unasked.',
    remedy: 'Choose another folder, or replace what it holds with `--force`.',
  }),
} as const;
