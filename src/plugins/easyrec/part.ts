/** Wraps a message of a config. It records which fields were read, and the notes about it, so that unread fields are reported. */
import type { ConfigField, ConfigSpan } from '../../../grammar/text_format.ts';
import type { ImportNote, NoteKind } from '../../app/api/import.ts';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { positionAt, type Source, type Span } from '../../base/text/source.ts';

export class ImportNotes {
  readonly all: ImportNote[] = [];

  /** Adds a note for each field that was not read. */
  addUnread(root: ConfigPart): void {
    for (const at of root.unreadFields()) {
      const notNeededEntry = notNeeded.find(([pattern]) => pattern.test(at.path));
      const missing = leftOut.find(([pattern]) => pattern.test(at.path));
      if (notNeededEntry) at.notNeeded(notNeededEntry[1]);
      else at.leftOut(missing?.[1] ?? 'nothing in the import reads this field');
    }
    this.all.sort((a, b) => a.line - b.line);
  }

  add(kind: NoteKind, { path, line }: Pick<ConfigPosition, 'path' | 'line'>, text: string): void {
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

/** A position in a config, for notes. */
export class ConfigPosition {
  /** @param path names from the root, such as `model_config.dssm.temperature` */
  constructor(
    readonly path: string,
    readonly line: number,
    readonly notes: ImportNotes,
  ) {}

  differs(text: string): void {
    this.notes.add('differs', this, text);
  }

  leftOut(text: string): void {
    this.notes.add('left out', this, text);
  }

  notNeeded(text: string): void {
    this.notes.add('not needed', this, text);
  }
}

export class ConfigPart extends ConfigPosition {
  constructor(
    path: string,
    private readonly fields: readonly ConfigField[],
    private readonly place: ConfigSpan,
    private readonly shared: { readonly source: Source; readonly read: Set<ConfigField>; readonly notes: ImportNotes },
  ) {
    super(path, positionAt(shared.source, place.start).line, shared.notes);
  }

  get span(): Span {
    return { source: this.shared.source, start: this.place.start, end: this.place.end };
  }

  has(name: string): boolean {
    return this.fields.some((field) => field.name === name);
  }

  get names(): string[] {
    return [...new Set(this.fields.map(({ name }) => name))];
  }

  /** Returns the position for a note. An absent field has the position of its message. */
  at(name: string): ConfigPosition {
    const field = this.fields.findLast((candidate) => candidate.name === name);
    return new ConfigPosition(this.pathOf(name), field ? this.lineOf(field) : this.line, this.notes);
  }

  /** Returns the last value, which counts in protobuf. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): string[] {
    return this.readFields(name).map((field) => {
      const { value } = field;
      if (value.kind === 'message') throw this.refused(field, 'a text');
      return value.text;
    });
  }

  number(name: string): number | undefined {
    return this.numbers(name).at(-1);
  }

  numbers(name: string): number[] {
    return this.readFields(name).map((field) => {
      const { value } = field;
      const parsed = value.kind === 'message' ? Number.NaN : numberOf(value.text);
      if (!Number.isFinite(parsed)) throw this.refused(field, 'a number');
      return parsed;
    });
  }

  whole(name: string, least = 0): number | undefined {
    const wholeNumber = this.number(name);
    if (wholeNumber !== undefined && (!Number.isSafeInteger(wholeNumber) || wholeNumber < least)) {
      throw this.refused(this.readFields(name).at(-1)!, `a whole number of at least ${least}`);
    }
    return wholeNumber;
  }

  wholes(name: string, least = 1): number[] {
    const wholeNumbers = this.numbers(name);
    const wrongIndex = wholeNumbers.findIndex((value) => !Number.isSafeInteger(value) || value < least);
    if (wrongIndex >= 0) throw this.refused(this.readFields(name)[wrongIndex]!, `a whole number of at least ${least}`);
    return wholeNumbers;
  }

  flag(name: string, otherwise: boolean): boolean {
    const field = this.readFields(name).at(-1);
    if (field === undefined) return otherwise;
    const lowerWord = field.value.kind === 'message' ? '' : field.value.text.toLowerCase();
    if (['true', 't', '1'].includes(lowerWord)) return true;
    if (['false', 'f', '0'].includes(lowerWord)) return false;
    throw this.refused(field, '`true` or `false`');
  }

  part(name: string): ConfigPart | undefined {
    return this.parts(name).at(-1);
  }

  parts(name: string): ConfigPart[] {
    return this.readFields(name).map((field) => {
      const { value } = field;
      if (value.kind !== 'message') throw this.refused(field, 'a message in `{ }`');
      return new ConfigPart(this.pathOf(name), value.fields, field, this.shared);
    });
  }

  /** @throws Failure `config-part` if it is absent */
  needed(name: string): ConfigPart {
    const neededPart = this.part(name);
    if (neededPart) return neededPart;
    throw failure('config-part', { part: this.pathOf(name) }, this.span);
  }

  oneOf(names: readonly string[]): { readonly name: string; readonly part: ConfigPart } | undefined {
    const presentName = names.find((name) => this.has(name));
    return presentName === undefined ? undefined : { name: presentName, part: this.part(presentName)! };
  }

  /** Marks fields as read, because they are reported elsewhere. */
  skip(...names: readonly string[]): void {
    for (const name of names) for (const field of this.readFields(name)) this.markAll(field);
  }

  /** Adds a note if the config has any of these fields, which Tower handles differently. */
  noteIfAny(text: string, ...names: readonly string[]): void {
    for (const name of names.filter((candidate) => this.has(candidate))) this.at(name).differs(text);
    this.skip(...names);
  }

  /** Returns the fields that were not read; one entry for a message that was not read at all. */
  unreadFields(): ConfigPosition[] {
    return this.fields.flatMap((field) => {
      const fieldPath = this.pathOf(field.name);
      if (!this.shared.read.has(field)) return [new ConfigPosition(fieldPath, this.lineOf(field), this.notes)];
      const { value } = field;
      return value.kind === 'message' ? new ConfigPart(fieldPath, value.fields, field, this.shared).unreadFields() : [];
    });
  }

  private markAll({ value }: ConfigField): void {
    if (value.kind !== 'message') return;
    for (const inner of value.fields) {
      this.shared.read.add(inner);
      this.markAll(inner);
    }
  }

  private readFields(name: string): ConfigField[] {
    const namedFields = this.fields.filter((field) => field.name === name);
    for (const field of namedFields) this.shared.read.add(field);
    return namedFields;
  }

  private lineOf(field: ConfigField): number {
    return positionAt(this.shared.source, field.start).line;
  }

  private pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  private refused(field: ConfigField, expected: string): Error {
    const { source } = this.shared;
    const { start, end, kind } = field.value;
    const found = kind === 'message' ? 'a message' : `\`${source.text.slice(start, Math.min(end, start + 40))}\``;
    return failure('config-value', { field: this.pathOf(field.name), expected, found }, { source, start, end });
  }
}

/** Parses a number of the text format, which may be hexadecimal, octal, or end with `f`. */
function numberOf(text: string): number {
  if (/^-?0[xX]/.test(text)) return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  if (/^-?0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return Number(text.replace(/[fF]$/, ''));
}
