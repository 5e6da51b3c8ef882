import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { makeCollector } from '../report.ts';
import type { Resolution, Rule, RuleOptions } from '../resolution.ts';
import { isModel } from '../source_files.ts';
import { lastDropout, nonnegativeChannel, towerChannel } from './channels.ts';
import { tableBudget, wideTable } from './embedding_tables.ts';
import { featureArguments, featureBothSides, keyKind, throughTower } from './feature_rules.ts';
import { fittedScore } from './fitted_score.ts';
import { rateExtreme } from './rates.ts';
import { objectiveCovers, retrieveProduct, retrieveScales, retrieveZero } from './retrieval_rules.ts';
import {
  bceScale,
  biases,
  marginWithoutEffect,
  negativesOutweigh,
  temperature,
  temperatureExtreme,
} from './score_size.ts';
import { setScore } from './set_score.ts';
import { fewNegatives, itemKey, noNegatives, ownNegatives, taskLabel, wholeModel } from './task_rules.ts';
import { unreadChannel, unreadFeature, unreadInput, unreadLabel, unreadOutput } from './unread.ts';
import { shadowedName, unusedBlock, unusedConstant, unusedGroup, unusedParameter } from './unused.ts';

/** Lists all rules, in the order of their diagnostics at the same position. */
export const rules: readonly Rule[] = [
  wholeModel,
  featureArguments,
  featureBothSides,
  towerChannel,
  throughTower,
  fittedScore,
  setScore,
  unreadChannel,
  unreadOutput,
  unreadInput,
  unreadFeature,
  unreadLabel,
  unusedGroup,
  unusedBlock,
  taskLabel,
  itemKey,
  noNegatives,
  keyKind,
  temperature,
  bceScale,
  biases,
  objectiveCovers,
  tableBudget,
  wideTable,
  temperatureExtreme,
  marginWithoutEffect,
  negativesOutweigh,
  rateExtreme,
  fewNegatives,
  ownNegatives,
  nonnegativeChannel,
  lastDropout,
  retrieveProduct,
  retrieveZero,
  retrieveScales,
  shadowedName,
  unusedConstant,
  unusedParameter,
];

/** Applies the rules. They find nothing in a file that is no model or that was only partly read. */
export function rulesOf(resolution: Resolution, options: RuleOptions = {}): readonly Diagnostic[] {
  if (!isModel(resolution.file) || !resolution.whole) return [];
  const { report, diagnostics } = makeCollector();
  for (const rule of rules) rule(resolution, report, options);
  return diagnostics;
}
