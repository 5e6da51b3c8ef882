/** What reading asks of a plan: any `Plan` fits, and so does the little that a test writes by hand. */
import type { FeaturePlan, GraphPlan } from '../../plan/plan.ts';

export interface Needs {
  readonly features: readonly FeaturePlan[];
  readonly labels: readonly { readonly name: string; readonly sort: 'binary' | 'number' }[];
  /** By what their rows count. */
  readonly tasks?: readonly { readonly weight?: string }[];
  /** A step that reads a list as whole sequences needs its order. */
  readonly step?: GraphPlan;
  /** The query tower, then the item tower. */
  readonly towers: readonly [TowerNeeds, TowerNeeds];
}

export interface TowerNeeds {
  readonly name: string;
  readonly key?: string;
  /** What it reads; a feature that no tower reads only lends its table, or weighs rows, and may come from any file. */
  readonly features?: readonly string[];
}
