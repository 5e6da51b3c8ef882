/** The part of a plan that reading needs: any `Plan` fits, and so does the little that a test writes by hand. */
import { type FeaturePlan, type GraphPlan, sequenceFeature } from '../../graph/plan/plan.ts';

export interface Needs {
  readonly features: readonly FeaturePlan[];
  readonly labels: readonly { readonly name: string; readonly sort: 'binary' | 'number' }[];
  /** Their labels, and the weights of their rows. */
  readonly tasks?: readonly {
    readonly name?: string;
    readonly label?: string;
    readonly only?: string;
    readonly weight?: string;
  }[];
  /** The list that a step reads as whole sequences, whose order it needs. A plan has it in its step. */
  readonly sequence?: string;
  readonly step?: GraphPlan;
  /** The query tower, then the item tower. */
  readonly towers: readonly [TowerNeeds, TowerNeeds];
}

export interface TowerNeeds {
  readonly name: string;
  readonly key?: string;
  /** Absent features of both towers lend their table or weigh rows, and may come from any file. */
  readonly features?: readonly string[];
}

export const sequenceOf = ({ sequence, step }: Needs): string | undefined =>
  sequence ?? (step && sequenceFeature(step));
