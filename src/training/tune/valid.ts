/** Validates the files of a study's folder: anyone may have changed them since they were written. */
import { isObject } from '../../base/util/is_object.ts';
import { samplers } from './samplers/table.ts';
import type { JobKind, JobRecord, Study } from './trial.ts';

type ShapeCheck = (value: unknown) => boolean;
/** A check for each entry, so that a new entry needs one. */
type ShapeChecks<T> = { readonly [K in keyof Required<T>]: ShapeCheck };

const text: ShapeCheck = (value) => typeof value === 'string';
const flag: ShapeCheck = (value) => typeof value === 'boolean';
const number: ShapeCheck = (value) => Number.isFinite(value);
const whole: ShapeCheck = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const count: ShapeCheck = (value) => whole(value) && (value as number) > 0;
/** As `toISOString` writes the years that have four digits: the end of a job is a date too. */
const time: ShapeCheck = (value) =>
  text(value) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value as string) && Number.isFinite(Date.parse(value as string));
const seconds: ShapeCheck = (value) => number(value) && (value as number) >= 0 && (value as number) < 1e9;
const optional =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...words: readonly string[]): ShapeCheck =>
  (value) =>
    words.includes(value as string);
const listOf =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    Array.isArray(value) && value.every(check);
const mapOf =
  (check: ShapeCheck): ShapeCheck =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

const kinds: Readonly<Record<JobKind, true>> = { search: true, final: true, fresh: true };
const states: Readonly<Record<JobRecord['state'], true>> = { paused: true, done: true, failed: true, invalid: true };

const record: ShapeChecks<JobRecord> = {
  job: whole,
  kind: oneOf(...Object.keys(kinds)),
  trial: whole,
  rung: optional(whole),
  seed: optional(Number.isSafeInteger),
  point: optional(mapOf(number)),
  settings: mapOf(text),
  state: oneOf(...Object.keys(states)),
  validations: optional(whole),
  values: listOf(number),
  value: optional(number),
  message: optional(text),
  folder: text,
  begun: time,
  seconds,
  elapsed: seconds,
};

const study: ShapeChecks<Study> = {
  model: text,
  sources: text,
  // It is held against that of the model.
  space: Array.isArray,
  set: mapOf(text),
  metric: text,
  stops: flag,
  fileSeed: Number.isSafeInteger,
  sampler: oneOf(...Object.keys(samplers)),
  seed: Number.isSafeInteger,
  halving: flag,
  rungs: count,
  parallel: count,
  finalists: count,
  seeds: count,
};

const hasShape = (value: unknown, checks: Readonly<Record<string, ShapeCheck>>): boolean =>
  isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

export const isRecord = (value: unknown): value is JobRecord => hasShape(value, record);

export const isStudy = (value: unknown): value is Study => hasShape(value, study);
