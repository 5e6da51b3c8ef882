/** What an import says of a config: nothing of it is silently ignored. */
import type { ConfigPart, ConfigPosition } from './part.ts';

export type NoteKind =
  /** Converted, and Tower does it in another way. */
  | 'differs'
  /** Not converted: the model learns without it. */
  | 'left out'
  /** A setting of machines, logs or checkpoints, which Tower does not have. */
  | 'not needed';

export interface ImportNote {
  readonly kind: NoteKind;
  /** From 1. */
  readonly line: number;
  readonly field: string;
  readonly text: string;
}

export class ImportNotes {
  readonly all: ImportNote[] = [];

  differs(at: ConfigPosition, text: string): void {
    this.add('differs', at, text);
  }

  leftOut(at: ConfigPosition, text: string): void {
    this.add('left out', at, text);
  }

  notNeeded(at: ConfigPosition, text: string): void {
    this.add('not needed', at, text);
  }

  /** One note for each field that nothing has read. */
  unread(root: ConfigPart): void {
    for (const at of root.unread()) {
      const row = notNeeded.find(([pattern]) => pattern.test(at.path));
      const missing = leftOut.find(([pattern]) => pattern.test(at.path));
      if (row) this.notNeeded(at, row[1]);
      else if (missing) this.leftOut(at, missing[1]);
      else this.leftOut(at, 'nothing in the import reads this field');
    }
    this.all.sort((a, b) => a.line - b.line);
  }

  private add(kind: NoteKind, { path, line }: ConfigPosition, text: string): void {
    if (this.all.some((note) => note.line === line && note.field === path && note.text === text)) return;
    this.all.push({ kind, line, field: path, text });
  }
}

const checkpoints = 'Tower keeps a checkpoint of each epoch, and continues with `--resume`';
const logs = 'Tower logs each step';
const machines = 'Tower trains on one machine';
const reading = 'Tower reads all rows into memory, and shuffles them each epoch';

/** Settings without effect on the model, with the reason. */
const notNeeded: readonly (readonly [RegExp, string])[] = [
  [/^model_dir$/, 'the folder of a run is `--out` of `tower train`'],
  [/^export_config\b/, '`tower export` writes each tower for TensorFlow, ONNX and TensorFlow.js'],
  [/^(hive|kafka|datahub|binary|parquet)_/, 'name the files in `data.tower`'],
  [/^train_config\.(save_|keep_checkpoint|fine_tune|force_restore|incr_save|enable_oss_stop)/, checkpoints],
  [/^train_config\.(log_|save_summary|summary_|tensorboard|use_tensorboard|is_profiling|write_graph)/, logs],
  [
    /^train_config\.(sync_replicas|train_distribute|num_gpus|startup_delay|sparse_accumulator|protocol|inter_op|intra_op|tensor_fuse|global_embedding_constraints|cudnn_|cuda_|mixed_precision|grad_scaler|dead_line|delta_embedding)/,
    machines,
  ],
  [/embedding_constraints\b/, machines],
  [/^model_config\.(kernel|model_name|restore_filters)$/, 'it names no part of the model'],
  [
    /^eval_config\.(num_examples|eval_interval_secs|max_evals|save_graph|num_steps|log_step|eval_online)/,
    'Tower ranks the whole test part',
  ],
  [
    /^data_config\.(prefetch_size|num_parallel_calls|num_workers|shuffle|shuffle_buffer_size|pin_memory|fg_threads|shard|file_shard|in_order|odps_|is_orderby|pai_worker|chief_redundant|drop_remainder|eval_batch_size|force_base_data_group|n_data_batch|data_compression)/,
    reading,
  ],
  [
    /^data_config\.(fg_mode|fg_encoded\w*|selected_col|ignore_error|rtp_separator|feature_fields|auto_expand)/,
    'the header of the file names its columns',
  ],
  [/^feature_configs?\.(\w+\.)*(separator|combiner|pooling)$/, 'a feature of one value has no elements'],
  [
    /^model_config\.backbone\.(\w+\.)*(input_fn|input_slice|reset_input|merge_inputs_into_list|fixed_input_index|only_output_feature_list|only_output_3d_tensor|output_2d_tensor_and_feature_list|output_seq_and_normal_feature)$/,
    'steps of a flow pass values on by their shapes',
  ],
  [/^model_config\.feature_groups\.(wide_deep|group_type)$/, 'all features of a tower have vectors'],
  [/\.ignore_in_batch_neg_sam$/, 'only a softmax compares items'],
  [/\.num_eval_sample$/, 'Tower ranks all items, and draws none for evaluation'],
  [/\.(max_partitions|precision|fg_value_type|data_type|asset_dir|tf_summary)$/, machines],
];

/** Settings without a counterpart, with advice. */
const leftOut: readonly (readonly [RegExp, string])[] = [
  [/^model_config\.kd\b/, 'Tower does not distil another model'],
  [/^model_config\.variational_dropout\b/, 'no feature is dropped by a learned rate: see `senet`, and `--attention`'],
  [
    /^model_config\.seq_att_groups\b/,
    'attention to the candidate needs both sides: give the user tower a history instead',
  ],
  [/^model_config\.(ev_params|use_pareto_loss_weight)\b/, 'it is a setting of one feature or task in Tower'],
  [
    /^model_config\.feature_groups\.negative_sampler$/,
    'a group has no sampler of its own: see `negatives` of the loss',
  ],
  [/^train_config\.freeze_gradient\b/, 'all weights are trained; `frozen` keeps vectors of a file'],
  [/^train_config\.gradient_accumulation_steps\b/, 'write a larger `batch`'],
  [/^data_config\.(extra_label_func|label_sep|label_dim)\b/, 'compute the label in `columns`'],
  [/^data_config\.(sample_mask_prob|negative_sample_mask_prob)\b/, 'rows are not masked'],
  [/^data_config\.(sample_cost_field|batch_cost_size)\b/, 'a batch has a fixed number of rows'],
  [/\.user_define_fn/, 'code of Python is not read: compute the column in `columns`'],
  [/\.input_fields\.ignore_val$/, 'write `nullif(COLUMN, VALUE)` in `columns`'],
  [/^fg_json_path$/, 'a file of feature generation is not read: write its features into the config'],
];
