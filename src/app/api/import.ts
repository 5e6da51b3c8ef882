/** The contract of what imports a config of another program as a model of Tower. */
export type NoteKind =
  /** Converted, but Tower does it differently. */
  | 'differs'
  /** Not converted. The model learns without it. */
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

export interface ImportRequest {
  readonly config: string;
  readonly out: string;
  /** File of the training rows, in place of those that the config names. */
  readonly events?: string;
  /** File of the test rows. */
  readonly test?: string;
  /** File with one row per item. `false`: none, the items are those of the events. */
  readonly items?: string | false;
  /** The columns that identify a user and an item, if the config does not say. */
  readonly user?: string;
  readonly item?: string;
  readonly signal?: AbortSignal;
}

export interface Imported {
  readonly dialect: 'EasyRec' | 'TorchEasyRec';
  readonly model: string;
  readonly data: string;
  readonly notes: readonly ImportNote[];
  readonly copies: readonly { readonly from: readonly string[]; readonly to: string; readonly rows?: number }[];
  /** Missing files of the data block, with the columns that they must have. */
  readonly missing: readonly { readonly path: string; readonly columns: readonly string[] }[];
  /** Folders outside of the project that the data block reads. */
  readonly allow: readonly string[];
  readonly warnings: string;
}

export interface ConfigImporter {
  /** Writes `data.tower` and `model.tower`, and the rows if they need a header; checks both. @throws Failure `cannot-read`, `config-…`, `starter-exists`, `import-fails` */
  importConfig(request: ImportRequest): Promise<Imported>;
}
