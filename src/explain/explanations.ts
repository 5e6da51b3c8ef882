/** What every code means, and examples that are checked. A test holds it to the table of codes. */
import type { Code } from '../diagnostics/codes.ts';
import type { Explanation } from './explanation.ts';
import { data } from './texts/data.ts';
import { lint } from './texts/lint.ts';
import { model } from './texts/model.ts';
import { names } from './texts/names.ts';
import { runs } from './texts/runs.ts';
import { shapes } from './texts/shapes.ts';
import { syntax } from './texts/syntax.ts';
import { tasks } from './texts/tasks.ts';

/** In the order of the pages. */
export const explanations: Partial<Record<Code, Explanation>> = {
  ...syntax,
  ...names,
  ...model,
  ...tasks,
  ...shapes,
  ...lint,
  ...data,
  ...runs,
};
