/** What the report of a run is made of. */
import type { Drawing } from '../../editor/drawing/drawn.ts';
import type { Manifest } from '../../training/artifact/run_manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import type { Profile } from '../../training/step_profile.ts';
import type { TrainingCurves } from './curves.ts';
import type { ModelFileText } from './settings_section.ts';

export interface ReportParts {
  readonly manifest: Manifest;
  readonly curves: TrainingCurves;
  /** Absent if the files of the run no longer compile. */
  readonly drawing?: Drawing;
  /** Weights by task, if the objective has the same ones at every step. */
  readonly fixedWeights?: Readonly<Record<string, number>>;
  /** The files of the model. The first is the one that was trained. */
  readonly sources?: readonly ModelFileText[];
  readonly profile?: Profile;
  /** Absent until the run is evaluated. */
  readonly evaluation?: Evaluation;
}
