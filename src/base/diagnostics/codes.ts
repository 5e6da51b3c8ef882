/** Collects all codes: a slug that names the error, and its row. Each file of `codes/` has the codes of one subject, in the order of the pages. */
import { continued } from './codes/continued.ts';
import { data } from './codes/data.ts';
import { imports } from './codes/imports.ts';
import { indexes } from './codes/indexes.ts';
import { lint } from './codes/lint.ts';
import { model } from './codes/model.ts';
import { names } from './codes/names.ts';
import { pages } from './codes/pages.ts';
import { products } from './codes/products.ts';
import { remote } from './codes/remote.ts';
import { runs } from './codes/runs.ts';
import { search } from './codes/search.ts';
import { serving } from './codes/serving.ts';
import { shapes } from './codes/shapes.ts';
import { shards } from './codes/shards.ts';
import { starters } from './codes/starters.ts';
import { studies } from './codes/studies.ts';
import { syntax } from './codes/syntax.ts';
import { tasks } from './codes/tasks.ts';
import { tracking } from './codes/tracking.ts';
import { vectors } from './codes/vectors.ts';
import { workers } from './codes/workers.ts';
import type { CodeRow } from './wording.ts';

export const codes = {
  ...syntax,
  ...names,
  ...model,
  ...tasks,
  ...products,
  ...search,
  ...shapes,
  ...lint,
  ...data,
  ...remote,
  ...runs,
  ...continued,
  ...shards,
  ...workers,
  ...tracking,
  ...serving,
  ...pages,
  ...indexes,
  ...studies,
  ...starters,
  ...imports,
  ...vectors,
} as const;

export type Code = keyof typeof codes;
export function codeNamed(name: string): Code | undefined {
  return Object.hasOwn(codes, name) ? (name as Code) : undefined;
}

export type Facts<C extends Code> = (typeof codes)[C] extends CodeRow<infer F> ? F : never;
