/** Describes where each column that a model reads comes from (its SQL and its tables), and lists each column that the database computes once. */
import type { DataDescription } from '../../graph/plan/data_description.ts';
import {
  elementPlan,
  type FeaturePlan,
  type GraphPlan,
  type LabelType,
  sequenceFeature,
} from '../../graph/plan/plan.ts';
import type { DataSource } from '../files/data_source.ts';
import type { Role } from '../files/find_files.ts';
import type { ReadsOfExpression } from './expression.ts';

export type ColumnKind =
  | 'text'
  | 'number'
  | 'texts'
  | 'numbers'
  | 'vector'
  | 'binary'
  | 'probability'
  | 'time'
  | 'moment'
  | 'condition'
  | 'any';

export interface BoundColumn {
  readonly name: string;
  /** A DuckDB expression over the tables of `scope`. */
  readonly sql: string;
  readonly scope: readonly Role[];
  /** The table that has one row for each of its values: events, items or users. */
  readonly role: Role;
  readonly kind: ColumnKind;
  readonly type: string;
  /** The file's own column, if the expression is only its name. */
  readonly bare?: string;
  readonly reads?: ReadsOfExpression;
}

/** True if an expression needs all rows of its file, so that it cannot be computed for a written row alone. */
export const readsOtherRows = ({ reads }: BoundColumn): boolean =>
  reads !== undefined && (reads.usesWindows || reads.readsUnnamed || reads.tables.length > 0);

export interface JoinKey {
  readonly feature: string;
  readonly inEvents: BoundColumn;
  /** Absent if no file is joined. */
  readonly inFile?: BoundColumn;
}

export interface BoundHistory {
  readonly kind: DataDescription['histories'][number]['kind'];
  readonly elementColumn: BoundColumn;
  readonly max: number;
}

export interface DataLayout {
  readonly sources: ReadonlyMap<Role, DataSource>;
  /** By feature, except histories. */
  readonly features: ReadonlyMap<string, BoundColumn>;
  readonly labels: ReadonlyMap<string, BoundColumn>;
  readonly userKey?: JoinKey;
  readonly itemKey?: JoinKey;
  readonly time?: BoundColumn;
  readonly where?: BoundColumn;
  readonly fold?: BoundColumn;
  readonly title?: BoundColumn;
  /** Columns of the items that metrics name, which only `withMetricColumns` reads. */
  readonly metricColumns?: ReadonlyMap<string, BoundColumn>;
  /** By feature: the column of its elements, the kind of history, and its maximum length. */
  readonly histories: ReadonlyMap<string, BoundHistory>;
  /** By list: the column of its weights. If the list is a history, the column whose history has the weights. */
  readonly listWeights: ReadonlyMap<string, BoundColumn>;
}

export function columnsOfLayout(layout: DataLayout): BoundColumn[] {
  const keys = [layout.userKey, layout.itemKey].flatMap((key) => (key === undefined ? [] : [key.inEvents, key.inFile]));
  const columns = [
    ...layout.features.values(),
    ...layout.labels.values(),
    ...[...layout.histories.values()].map(({ elementColumn }) => elementColumn),
    ...layout.listWeights.values(),
    ...keys,
    layout.time,
    layout.where,
    layout.fold,
    layout.title,
  ];
  return columns.filter((column) => column !== undefined);
}

export function columnKindOf(feature: FeaturePlan): ColumnKind {
  switch (feature.encoder.kind) {
    case 'vocabulary':
    case 'hash':
      return feature.gives === 'bag' ? 'texts' : 'text';
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return 'text';
    case 'vector':
      return 'vector';
    case 'clock':
      return feature.gives === 'bag' ? 'numbers' : 'moment';
    default:
      return feature.gives === 'bag' ? 'numbers' : 'number';
  }
}

/** Returns the kind of column that has the elements of a list. */
export function elementKindOf(feature: FeaturePlan) {
  if (feature.each) return columnKindOf(elementPlan(feature));
  return columnKindOf(feature) === 'numbers' ? 'number' : 'text';
}

/** What the reading of data needs to know of a model. Any `Plan` fits, and tests write minimal ones by hand. */
export interface Needs {
  readonly features: readonly FeaturePlan[];
  readonly labels: readonly { readonly name: string; readonly sort: LabelType }[];
  /** The tasks, with the labels and the weights of their rows. */
  readonly tasks?: readonly {
    readonly name?: string;
    readonly label?: string;
    readonly only?: string;
    readonly weight?: string;
  }[];
  /** The list that a step reads as whole sequences, which must be in the order of time. A plan has it in its step. */
  readonly sequence?: string;
  readonly step?: GraphPlan;
  /** The query tower and the item tower. */
  readonly towers: readonly [TowerNeeds, TowerNeeds];
}

export interface TowerNeeds {
  readonly name: string;
  readonly key?: string;
  /** Features that neither tower lists own a shared table or weight rows, and may come from any file. */
  readonly features?: readonly string[];
}

export const sequenceOf = ({ sequence, step }: Needs): string | undefined =>
  sequence ?? (step && sequenceFeature(step));

export interface ColumnRequest {
  readonly column: BoundColumn;
  readonly form: 'code' | 'codes' | 'number' | 'numbers' | 'vector';
  /** The dictionary in which texts are numbered. Columns of one encoder share it. */
  readonly dictionary?: string;
  /** Length of a vector. */
  readonly width?: number;
}

/** Describes everything that a model reads of a data block: the origin of columns, and the expressions that the database computes. */
export interface ReadPlan {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: DataLayout;
  readonly columns: ReadonlyMap<Role, readonly ColumnRequest[]>;
  readonly features: ReadonlyMap<string, ColumnRequest>;
  readonly labels: ReadonlyMap<string, ColumnRequest>;
  /** Labels and features that weight rows. */
  readonly weights: readonly ColumnRequest[];
  readonly histories: ReadonlyMap<string, ColumnRequest>;
  /** By list; for a history one number for each event or item. */
  readonly listWeights: ReadonlyMap<string, ColumnRequest>;
  readonly userKey?: { readonly inEvents: ColumnRequest; readonly inFile?: ColumnRequest };
  readonly itemKey?: { readonly inEvents: ColumnRequest; readonly inFile?: ColumnRequest };
  readonly time?: ColumnRequest;
  readonly fold?: ColumnRequest;
  readonly title?: ColumnRequest;
}

export function makeReadPlan(description: DataDescription, needs: Needs, layout: DataLayout): ReadPlan {
  const columns = new Map<Role, ColumnRequest[]>([
    ['events', []],
    ['items', []],
    ['users', []],
  ]);
  const addRequest = (newRequest: ColumnRequest): ColumnRequest => {
    const sameRequest = columns
      .get(newRequest.column.role)!
      .find(
        (earlier) =>
          earlier.column.sql === newRequest.column.sql &&
          earlier.form === newRequest.form &&
          earlier.dictionary === newRequest.dictionary &&
          earlier.width === newRequest.width &&
          timeUnitOf(earlier) === timeUnitOf(newRequest),
      );
    if (sameRequest !== undefined) return sameRequest;
    columns.get(newRequest.column.role)!.push(newRequest);
    return newRequest;
  };
  const addText = (column: BoundColumn, dictionary: string): ColumnRequest =>
    addRequest({ column, form: 'code', dictionary });
  const addNumber = (column: BoundColumn): ColumnRequest => addRequest({ column, form: 'number' });

  const featureOf = (name: string): FeaturePlan | undefined => needs.features.find((feature) => feature.name === name);
  const addKey = (key: DataLayout['userKey']): ReadPlan['userKey'] => {
    if (key === undefined) return undefined;
    const feature = featureOf(key.feature);
    const isShared = feature !== undefined && columnKindOf(feature) === 'text';
    const dictionary = isShared ? feature.encoderOf : `key ${key.feature}`;
    const inEvents = addText(key.inEvents, dictionary);
    return key.inFile === undefined ? { inEvents } : { inEvents, inFile: addText(key.inFile, dictionary) };
  };

  const features = new Map<string, ColumnRequest>();
  for (const [name, column] of layout.features) features.set(name, addRequest(featureColumn(featureOf(name)!, column)));
  const histories = new Map<string, ColumnRequest>();
  for (const [name, { elementColumn }] of layout.histories) {
    const feature = featureOf(name)!;
    if (feature.each) histories.set(name, addRequest(featureColumn(elementPlan(feature), elementColumn)));
    else
      histories.set(
        name,
        columnKindOf(feature) === 'texts' ? addText(elementColumn, feature.encoderOf) : addNumber(elementColumn),
      );
  }
  const listWeights = new Map<string, ColumnRequest>();
  for (const [list, column] of layout.listWeights) {
    listWeights.set(list, histories.has(list) ? addNumber(column) : addRequest({ column, form: 'numbers' }));
  }
  const labels = new Map<string, ColumnRequest>();
  for (const [name, column] of layout.labels) labels.set(name, addNumber(column));
  const weights = (needs.tasks ?? []).flatMap(({ weight = '' }) => labels.get(weight) ?? features.get(weight) ?? []);
  const userKey = addKey(layout.userKey);
  const itemKey = addKey(layout.itemKey);
  return {
    ...{ description, needs, layout, columns, features, histories, listWeights, labels, weights },
    userKey,
    itemKey,
    time: layout.time && addNumber(layout.time),
    fold: layout.fold && addText(layout.fold, 'fold'),
    title: layout.title && addText(layout.title, 'title'),
  };
}

/** Returns which unit the column has if it is a time: microseconds for `time`, seconds for `moment`. */
function timeUnitOf({ column }: ColumnRequest): 'time' | 'moment' | undefined {
  const { kind } = column;
  return kind === 'time' || kind === 'moment' ? kind : undefined;
}

function featureColumn(feature: FeaturePlan, column: BoundColumn): ColumnRequest {
  const dictionary = feature.encoderOf;
  switch (columnKindOf(feature)) {
    case 'text':
      return { column, form: 'code', dictionary };
    case 'texts':
      return { column, form: 'codes', dictionary };
    case 'numbers':
      return { column, form: 'numbers' };
    case 'vector':
      return { column, form: 'vector', width: feature.encoder.kind === 'vector' ? feature.encoder.size : 1 };
    default:
      return { column, form: 'number' };
  }
}
