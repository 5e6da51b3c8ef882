/** Collects all codes: a slug that names the error, and its row. Each file of `codes/` has the codes of one subject, in the order of the pages. */
import { continued } from './codes/continued_codes.ts';
import { data } from './codes/data_codes.ts';
import { lint } from './codes/lint_codes.ts';
import { model } from './codes/model_codes.ts';
import { names } from './codes/names_codes.ts';
import { runs } from './codes/runs_codes.ts';
import { serving } from './codes/serving_codes.ts';
import { shapes } from './codes/shapes_codes.ts';
import { syntax } from './codes/syntax_codes.ts';
import { tasks } from './codes/tasks_codes.ts';
import { tools } from './codes/tools_codes.ts';
import { workers } from './codes/workers_codes.ts';
import type { CodeRow } from './wording.ts';

export const codes = {
  ...syntax,
  ...names,
  ...model,
  ...tasks,
  ...shapes,
  ...lint,
  ...data,
  ...runs,
  ...continued,
  ...workers,
  ...serving,
  ...tools,
} as const;

export type Code = keyof typeof codes;
export const findCode = (name: string): Code | undefined => (Object.hasOwn(codes, name) ? (name as Code) : undefined);

export type Facts<C extends Code> = (typeof codes)[C] extends CodeRow<infer F> ? F : never;
