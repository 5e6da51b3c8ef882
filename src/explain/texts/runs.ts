/** Codes of training, of runs on disk, of engines and of commands. */
import type { Code } from '../../diagnostics/codes.ts';
import type { Explanation } from '../explanation.ts';

export const runs = {
  'cannot-write': {
    means:
      'A file could not be written: the disk is full, the folder is missing or may not be written. What stood there before is still whole.',
    mend: 'Free some space or choose another folder; a training goes on with `--resume`.',
  },
  'no-temporary-folder': {
    means: 'A step needs files for a short time, and the folder for temporary files is missing or may not be written.',
    mend: 'Set the environment variable `TMPDIR` to a folder that may be written.',
  },
  'cannot-read': {
    means: 'A file that the command needs could not be read.',
    mend: 'Look at its path and its permissions.',
  },
  'damaged-file': {
    means:
      'A file of a run is not what it should be: it was cut off or changed by another program, it does not fit the other files, or it is a link or a pipe.',
    mend: 'Copy the run again from where it was trained, or train again.',
  },
  'changed-file': {
    means: 'A run keeps a checksum of each of its files, and this file has another. Serving it could answer anything.',
    mend: 'Copy the folder again from where it was trained, or train again.',
  },
  'lost-file': {
    means: 'The manifest of a run names a file that is not there.',
    mend: 'Copy the whole folder again.',
  },
  'not-a-run': {
    means: 'The folder was not written by `tower train`, or the training has not come to its first checkpoint.',
    mend: 'Give a folder that `tower train … --out` wrote.',
  },
  'unfinished-run': {
    means: 'The training in this folder was stopped before its end. Its weights are those of half a training.',
    mend: 'Continue it with `tower train … --resume`, or end it as it is with `tower train … --finish`. `evaluate`, `recommend` and `export` use it as it is with `--unfinished`, and mark their answers.',
  },
  'run-in-use': {
    means:
      'Another process writes into the folder. Two would mix their files. The file `.lock` names the process; a lock whose process has ended is replaced without a question.',
    mend: 'Wait until the process ends, or give another folder. A lock of another computer or container cannot be checked from here: delete `.lock` once nothing there writes into the folder.',
  },
  'own-file': {
    means:
      'The run would write a file whose name is taken by a file that Tower did not write. `--force` replaces files of a run only.',
    mend: 'Move the file elsewhere, or give another folder.',
  },
  'folder-in-use': {
    means: 'The folder holds another run, or other files, and nothing is overwritten unasked.',
    mend: 'Give another folder. A run can also be continued with `--resume`, or replaced with `--force`.',
  },
  'nothing-to-resume': {
    means: '`--resume` found no training in the folder.',
    mend: 'Leave `--resume` out to start one.',
  },
  'other-run': {
    means:
      'The training in the folder had another model, other data, another seed or another engine. Resumed with these it would be neither.',
    mend: 'Resume it with what it was started with, or give another folder. Epochs, patience, rates and schedules may change.',
  },
  'fewer-epochs': {
    means:
      '`--resume` was given fewer epochs than the run has trained already. What was learnt in them stays in the weights.',
    mend: 'Set more epochs, or end the run as it is with `tower train … --finish`.',
  },
  'loss-not-finite': {
    means:
      'A loss became infinite or no number, after which every weight would be lost. Training stops at once, and the last checkpoint is sound.',
    mend: 'Lower the learning rates, or look for extreme values in the data.',
  },
  'vectors-not-finite': {
    means: 'The trained tower gives vectors that are not finite numbers, so that nothing can be ranked by them.',
    mend: 'Train again with lower rates.',
  },
  'too-few-rows': {
    means: 'A part of the data has fewer rows than one batch, or than the metrics need.',
    mend: 'Look at `where` and `split` in the data block, or lower `batch`.',
  },
  'no-validation-part': {
    means: '`stop` watches a metric on the validation part, and the split has none.',
    mend: 'Give the split a validation share, or leave `stop` out.',
  },
  'too-large-for-memory': {
    means:
      'Tables, the weights of blocks, what their optimizers keep and the values of one step would not fit into memory. The check comes before training, so no hours are lost.',
    mend: 'Make the largest smaller, by `dim`, `hash`, `batch` or the widths of blocks, or use an optimizer with less state.',
  },
  'table-too-large': {
    means: 'One table with its state is larger than one memory may be.',
    mend: 'Lower its `dim` or `hash`, or use `row_adagrad`, which keeps one number a row.',
  },
  'other-data': {
    means:
      'The data is not the data of the training. Where its values encode otherwise, codes would mean other things. Where only events or values differ, the figures would be of other data.',
    mend: 'Give the data that it was trained with. Data whose values encode alike can be named with `--data`: the answer then says how it differs.',
  },
  'protocols-differ': {
    means:
      'Two runs were not measured alike: other events, other items to rank among, or other metrics. Their figures would be compared with nothing to be learnt from it.',
    mend: 'Evaluate both with the same data and options, then compare.',
  },
  'feature-value': {
    means: 'A value given for a feature is none that its kind can encode.',
    mend: 'Give a value as it stands in the data.',
  },
  'too-large-to-export': {
    means: 'ONNX files and SavedModels hold two gigabytes at most, and this tower with its tables has more.',
    mend: 'Lower `dim` or `hash` of its largest table.',
  },
  'no-attention': {
    means: '`--attention` shows how `senet` weighs features, and this model has no such block.',
    mend: 'Put `senet` into a flow, or leave the option out.',
  },
  'attention-of-model': {
    means: 'What `senet` attends to is learnt: a model that is not trained has nothing to show.',
    mend: 'Train it, and give the folder of the run.',
  },
  'step-of-model': {
    means: 'Only a run takes steps. A `.tower` file says how a run would take them.',
    mend: 'Train the model, and give the folder of the run.',
  },
  'step-not-taken': {
    means: 'The run ended before this step. A step is replayed only where the run took it.',
    mend: 'Give the number of a step that the run took. Its last one is `training.steps` of its manifest; 0 is the state before the first.',
  },
  'no-user-key': {
    means: 'The tower of the side that asks has no key, so nobody can be looked up by one.',
    mend: 'Add `keyed by` to the tower, or give feature values.',
  },
  'unknown-tower': {
    means: 'The model has no tower of this name.',
    mend: 'Use one of the names that the message lists.',
  },
  'unknown-setting': {
    means: '`--set` overrides a constant of the model or a number of `train`, and nothing has this name.',
    mend: 'Declare it with `let`, or correct the name.',
  },
  'no-engine': {
    means: 'No engine that can run graphs loads on this machine, or not the one that was asked for.',
    mend: '`tower engines` lists all, and says why each does not load.',
  },
  'engine-memory': {
    means: 'The `javascript` engine holds all numbers of a run in one memory of limited size.',
    mend: 'Train with a smaller batch, or on the `tensorflow` or `onnx` engine.',
  },
  'command-line': {
    means: 'The command was called with an option or argument that it does not take.',
    mend: '`tower help COMMAND` shows them, with an example.',
  },
  internal: {
    means: 'Something failed that should not have. It is our mistake, not yours.',
    mend: 'Please report it, with the file and the lines that were printed.',
  },
  'stage-of-run': {
    means: 'This stage of the compiler belongs to a `.tower` file; the folder of a run keeps what training made of it.',
    mend: 'Give the model’s file.',
  },
  'no-model': {
    means: 'The file declares only what others use: features, blocks, data.',
    mend: 'Give a file with two towers and a task.',
  },
  'no-data-block': {
    means: 'The file named by `--data` has no `data` block, which says where the rows are.',
    mend: 'Name the file that has one.',
  },
  'run-elsewhere': {
    means:
      'The run names its data by paths, and the data block at the recorded place is missing or names other files now. Such a run may come from another machine, and its paths could name any file of this one. They are not opened.',
    mend: 'Name the data with `--data FILE.tower`. To read the files that the run names, allow their folders: `--allow FOLDER`.',
  },
  'data-missing': {
    means: 'The command reads rows, and nothing says where they are.',
    mend: 'Name the file with the data block: `--data models/data/movielens.tower`.',
  },
  'not-formatted': {
    means: '`tower format --check` found a file that is not written in the one form of Tower.',
    mend: 'Run `tower format` on it.',
  },
  'folder-not-empty': {
    means: 'The folder to write into holds something else, which is never overwritten unasked.',
    mend: 'Choose another folder, or replace what it holds with `--force`.',
  },
} as const satisfies Partial<Record<Code, Explanation>>;
