/** What a report of a run is made of. */
import type { Manifest } from '../artifact/manifest.ts';
import type { Drawing } from '../drawing/drawn.ts';
import type { Evaluation } from '../evaluation/evaluate.ts';
import type { Profile } from '../training/profile/profile.ts';
import type { Curves } from './curves.ts';
import type { SourceText } from './settings_section.ts';

export interface ReportParts {
  readonly manifest: Manifest;
  readonly curves: Curves;
  /** Absent where the files of the run no longer compile. */
  readonly drawing?: Drawing;
  /** Task → weight, where the objective has the same ones at every step. */
  readonly fixedWeights?: Readonly<Record<string, number>>;
  /** The files of the model, the first the one that was trained. */
  readonly sources?: readonly SourceText[];
  /** Of a run that was profiled. */
  readonly profile?: Profile;
  /** Absent until the run is evaluated. */
  readonly evaluation?: Evaluation;
}
