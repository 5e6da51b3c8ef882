import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { makeCollector } from '../report.ts';
import type { Resolution } from '../resolution.ts';
import { bceScale } from './bce_scale.ts';
import { biases } from './biases.ts';
import { featureArguments } from './feature_arguments.ts';
import { featureBothSides } from './feature_both_sides.ts';
import { fewNegatives } from './few_negatives.ts';
import { itemKey } from './item_key.ts';
import { keyKind } from './key_kind.ts';
import { lastDropout } from './last_dropout.ts';
import { noNegatives } from './no_negatives.ts';
import { nonnegativeChannel } from './nonnegative_channel.ts';
import { objectiveCovers } from './objective_covers.ts';
import { ownNegatives } from './own_negatives.ts';
import { retrieveProduct } from './retrieve_product.ts';
import { retrieveScales } from './retrieve_scales.ts';
import { retrieveZero } from './retrieve_zero.ts';
import type { Rule, RuleOptions } from './rule.ts';
import { shadowedName } from './shadowed_name.ts';
import { tableBudget } from './table_budget.ts';
import { taskLabel } from './task_label.ts';
import { temperature } from './temperature.ts';
import { temperatureExtreme } from './temperature_extreme.ts';
import { throughTower } from './through_tower.ts';
import { towerChannel } from './tower_channel.ts';
import { unreadChannel } from './unread_channel.ts';
import { unreadFeature } from './unread_feature.ts';
import { unreadInput } from './unread_input.ts';
import { unreadLabel } from './unread_label.ts';
import { unreadOutput } from './unread_output.ts';
import { unusedBlock } from './unused_block.ts';
import { unusedConstant } from './unused_constant.ts';
import { unusedGroup } from './unused_group.ts';
import { unusedParameter } from './unused_parameter.ts';
import { wholeModel } from './whole_model.ts';
import { wideTable } from './wide_table.ts';

export type { RuleOptions } from './rule.ts';

/** Every rule, in the order their findings are shown where they share a place. */
export const rules: readonly Rule[] = [
  wholeModel,
  featureArguments,
  featureBothSides,
  towerChannel,
  throughTower,
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

export function checkRules(resolution: Resolution, options: RuleOptions): readonly Diagnostic[] {
  const { report, diagnostics } = makeCollector();
  for (const rule of rules) rule.check(resolution, report, options);
  return diagnostics;
}
