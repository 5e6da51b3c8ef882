/** `overrides` of `train`: the settings of an optimizer for the table of one feature, or the weights of one tower. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { type Diagnostic, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { defined } from '../../base/util/defined.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { TablePlan } from '../../graph/plan/plan.ts';
import { optimizers } from '../library/optimizers/table.ts';
import type { Call, Model, Tower, Training } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import { GraphInputs } from './inputs.ts';
import { lowerTower, makeTowerContext } from './tower.ts';

const settingNames = ['rate', 'l2', 'weight_decay'] as const;

interface Override {
  readonly call: Call;
  readonly name: string;
  readonly settings: Readonly<Record<string, number>>;
}

function overridesOf({ overrides = [] }: Pick<Training, 'overrides'>, kind: 'table' | 'weights'): readonly Override[] {
  return overrides.flatMap((call) => {
    if (call.kind !== kind) return [];
    const { feature, tower, ...settings } = call.arguments;
    const givenSettings = defined(settings) as Record<string, number>;
    return [{ call, name: (feature ?? tower) as string, settings: givenSettings }];
  });
}

/** Checks `overrides` of `train`. */
export function checkOverrides(
  { train, towers }: Pick<Model, 'train' | 'towers'>,
  features: LoweredFeatures,
): Diagnostic[] {
  const { byName } = features;
  const refuse = ({ call }: Override, reason: string): Diagnostic[] => [
    diagnose('arguments-conflict', call.span, { kind: call.kind, reason }),
  ];
  return (['table', 'weights'] as const).flatMap((kind) => {
    const optimizer = kind === 'table' ? train.embeddings.kind : train.dense.kind;
    const seenNames = new Set<string>();
    return overridesOf(train, kind).flatMap((override) => {
      const { name, settings } = override;
      if (seenNames.has(name)) return refuse(override, `overrides \`${name}\` a second time`);
      seenNames.add(name);
      if (Object.keys(settings).length === 0) {
        return refuse(
          override,
          `overrides nothing of \`${name}\`: give it ${settingNames.join(', ')} or several of them`,
        );
      }
      const strange = Object.keys(settings).find((setting) => !(setting in optimizers[optimizer]!.parameters));
      if (strange !== undefined) return refuse(override, `sets \`${strange}\`, which \`${optimizer}\` does not have`);
      if (kind === 'weights') {
        const tower = towers.find((each) => each.name === name);
        if (!tower || hasWeights(tower, features)) return [];
        return refuse(override, `names \`${name}\`, which has no weights but those of tables: use \`table(…)\``);
      }
      const table = byName.get(name)?.plan.table;
      if (table === undefined) return refuse(override, `names \`${name}\`, which has no embedding table in this model`);
      return table === name
        ? []
        : refuse(override, `names \`${name}\`, which has no table of its own: it shares that of \`${table}\``);
    });
  });
}

/** True if a tower has weights of its own: those of a shared block belong to no tower. A tower with an error may have some. */
function hasWeights(tower: Tower, features: LoweredFeatures): boolean {
  const builder = makeBuilder('weights');
  const context = makeTowerContext(new GraphInputs(builder), features, true);
  lowerTower(context, tower, { kind: 'events' });
  const { parameters } = builder.finish();
  return hasErrors(context.diagnostics) || parameters.some((each) => each.name.startsWith(`${tower.name}/`));
}

/** Returns the tables of a plan with their overrides. */
export function withOverrides(train: Training, tables: readonly TablePlan[]): readonly TablePlan[] {
  const byName = new Map(overridesOf(train, 'table').map(({ name, settings }) => [name, settings]));
  return tables.map((table) => {
    const settings = byName.get(table.name);
    if (settings === undefined) return table;
    const { rate, l2, weight_decay: weightDecay } = settings;
    return { ...table, overrides: defined({ rate, l2, weightDecay }) };
  });
}

/** The dense optimizer of a tower that overrides some of its settings. */
export interface TowerOptimizer {
  readonly tower: string;
  readonly call: Call;
  /** In place of the rate of the optimizer. */
  readonly rate?: number;
}

export function towerOptimizers(train: Training): readonly TowerOptimizer[] {
  return overridesOf(train, 'weights').map(({ name, settings }) => ({
    tower: name,
    call: { ...train.dense, arguments: { ...train.dense.arguments, ...settings } },
    ...defined({ rate: settings.rate }),
  }));
}
