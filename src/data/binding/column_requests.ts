/** Collects the columns that DuckDB computes for each role: every column once, however many features read it. */
import { defined } from '../../base/util/defined.ts';
import { elementPlan, type FeaturePlan } from '../../graph/plan/plan.ts';
import type { Role } from '../files/files.ts';
import { type BoundColumn, columnKindOf, type DataLayout } from './layout.ts';
import type { Needs } from './needs.ts';

export interface ColumnRequest {
  readonly column: BoundColumn;
  readonly form: 'code' | 'codes' | 'number' | 'numbers' | 'vector';
  /** Texts are numbered within a dictionary, which columns of one encoder share. */
  readonly dictionary?: string;
  /** Numbers a row of a vector. */
  readonly width?: number;
}

export interface ColumnRequests {
  readonly columns: ReadonlyMap<Role, readonly ColumnRequest[]>;
  readonly features: ReadonlyMap<string, ColumnRequest>;
  readonly labels: ReadonlyMap<string, ColumnRequest>;
  /** Those of labels and features that weigh rows. */
  readonly weights: readonly ColumnRequest[];
  readonly histories: ReadonlyMap<string, ColumnRequest>;
  /** By list; for a history one number an event or item. */
  readonly listWeights: ReadonlyMap<string, ColumnRequest>;
  readonly userKey?: { readonly inEvents: ColumnRequest; readonly inFile?: ColumnRequest };
  readonly itemKey?: { readonly inEvents: ColumnRequest; readonly inFile?: ColumnRequest };
  readonly time?: ColumnRequest;
  readonly fold?: ColumnRequest;
  readonly title?: ColumnRequest;
}

export function columnRequests(layout: DataLayout, needs: Needs): ColumnRequests {
  const columns = new Map<Role, ColumnRequest[]>([
    ['events', []],
    ['items', []],
    ['users', []],
  ]);
  const request = (columnRequest: ColumnRequest): ColumnRequest => {
    const sameRequest = columns
      .get(columnRequest.column.at)!
      .find(
        (earlier) =>
          earlier.column.sql === columnRequest.column.sql &&
          earlier.form === columnRequest.form &&
          earlier.dictionary === columnRequest.dictionary &&
          earlier.width === columnRequest.width &&
          timeUnit(earlier) === timeUnit(columnRequest),
      );
    if (sameRequest !== undefined) return sameRequest;
    columns.get(columnRequest.column.at)!.push(columnRequest);
    return columnRequest;
  };
  const text = (column: BoundColumn, dictionary: string): ColumnRequest =>
    request({ column, form: 'code', dictionary });
  const number = (column: BoundColumn): ColumnRequest => request({ column, form: 'number' });

  const featureOf = (name: string): FeaturePlan | undefined => needs.features.find((feature) => feature.name === name);
  const keyOf = (key: DataLayout['userKey']): ColumnRequests['userKey'] => {
    if (key === undefined) return undefined;
    const feature = featureOf(key.feature);
    const isShared = feature !== undefined && columnKindOf(feature) === 'text';
    const dictionary = isShared ? feature.encoderOf : `key ${key.feature}`;
    const inEvents = text(key.inEvents, dictionary);
    return key.inFile === undefined ? { inEvents } : { inEvents, inFile: text(key.inFile, dictionary) };
  };

  const features = new Map<string, ColumnRequest>();
  for (const [name, column] of layout.features) features.set(name, request(featureColumn(featureOf(name)!, column)));
  const histories = new Map<string, ColumnRequest>();
  for (const [name, { of }] of layout.histories) {
    const feature = featureOf(name)!;
    if (feature.each) histories.set(name, request(featureColumn(elementPlan(feature), of)));
    else histories.set(name, columnKindOf(feature) === 'texts' ? text(of, feature.encoderOf) : number(of));
  }
  const listWeights = new Map<string, ColumnRequest>();
  for (const [list, column] of layout.listWeights) {
    listWeights.set(list, histories.has(list) ? number(column) : request({ column, form: 'numbers' }));
  }
  const labels = new Map<string, ColumnRequest>();
  for (const [name, column] of layout.labels) labels.set(name, number(column));
  const weights = (needs.tasks ?? []).flatMap(({ weight = '' }) => labels.get(weight) ?? features.get(weight) ?? []);
  const userKey = keyOf(layout.userKey);
  const itemKey = keyOf(layout.itemKey);
  return {
    columns,
    features,
    histories,
    listWeights,
    labels,
    weights,
    ...defined({
      userKey,
      itemKey,
      time: layout.time && number(layout.time),
      fold: layout.fold && text(layout.fold, 'fold'),
      title: layout.title && text(layout.title, 'title'),
    }),
  };
}

/** Returns the unit of a date: microseconds, or seconds; undefined for other numbers. */
function timeUnit(wanted: ColumnRequest): 'time' | 'moment' | undefined {
  const { kind } = wanted.column;
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
