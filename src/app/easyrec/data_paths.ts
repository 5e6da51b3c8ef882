/** Where a config has its rows, and in which form. */
import type { ImportNotes } from './notes.ts';
import type { ConfigPart } from './part.ts';
import { type ConfigDialect, samplers } from './scoring.ts';

/** The file of a negative sampler: a line for each item, with its id, its weight and its attributes. */
export interface ItemsPath {
  readonly path: string;
  readonly key: string;
  readonly attributes: readonly string[];
  readonly attributeDelimiter: string;
  readonly delimiter: string;
}

export interface DataPaths {
  readonly train: string | undefined;
  readonly test: string | undefined;
  readonly items: ItemsPath | undefined;
  /** Columns in the order of the file, for files without a header. */
  readonly columns: readonly string[];
  readonly delimiter: string;
  readonly hasHeader: boolean;
  readonly isCsv: boolean;
}

export function dataPathsOf(root: ConfigPart, dialect: ConfigDialect, notes: ImportNotes): DataPaths {
  const data = root.part('data_config');
  const fields = data?.parts('input_fields') ?? [];
  const columns = fields.map((field) => {
    field.skip('input_type', 'input_dim', 'input_shape');
    const value = field.text('default_val');
    if (value !== undefined && value !== '' && !/^0(\.0*)?$/.test(value)) {
      notes.differs(field.at('default_val'), 'a missing value has a row of its own, or is 0 as a number');
    }
    return field.text('input_name') ?? '';
  });
  const shortFields = (data?.text('input_fields_str') ?? '').split(';').map((each) => each.split(':')[0]!.trim());
  const kind = data?.text('input_type') ?? data?.text('dataset_type') ?? '';
  return {
    train: pathOf(root, ['train_input_path', 'parquet_train_input'], notes),
    test: pathOf(root, ['eval_input_path', 'parquet_eval_input'], notes),
    items: itemsOf(data),
    columns: columns.length > 0 ? columns : shortFields.filter((name) => name !== ''),
    delimiter: data?.text('separator') ?? data?.text('delimiter') ?? ',',
    hasHeader: data?.flag('with_header', false) ?? false,
    isCsv: dialect === 'EasyRec' ? !/Parquet|TFRecord/i.test(kind) : /csv/i.test(kind),
  };
}

/** Tables of a warehouse and streams have no path here. */
function pathOf(root: ConfigPart, names: readonly string[], notes: ImportNotes): string | undefined {
  const name = names.find((each) => (root.text(each) ?? '') !== '');
  const path = name === undefined ? undefined : root.text(name);
  if (path === undefined || !/^\w+:\/\//.test(path)) return path;
  notes.leftOut(root.at(name!), 'Tower reads files: export the table as Parquet or CSV');
  return undefined;
}

function itemsOf(data: ConfigPart | undefined): ItemsPath | undefined {
  const part = data?.oneOf(samplers)?.part;
  if (!part) return undefined;
  const path = part.text('input_path') ?? part.text('item_input_path');
  const attributes = part.texts('attr_fields');
  const attributeDelimiter = part.text('attr_delimiter') ?? ':';
  const delimiter = part.text('field_delimiter') ?? '\t';
  part.skip('item_id_delim');
  const key = part.text('item_id_field');
  if (path === undefined || key === undefined) return undefined;
  return { path, key, attributes, attributeDelimiter, delimiter };
}
