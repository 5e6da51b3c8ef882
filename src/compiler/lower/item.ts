/** The item tower: one vector a channel. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';
import type { Vector } from '../library/contract.ts';
import { printValue } from '../library/values.ts';
import type { Tower } from '../model/model.ts';
import type { Channels } from './score.ts';
import { lowerTower, type TowerContext } from './tower.ts';

/** A channel of several vectors is a mistake, and absent. */
export function lowerItem(context: TowerContext, tower: Tower, rows: RowsOf): Channels {
  const channels = new Map<string, Vector>();
  for (const [name, value] of lowerTower(context, tower, rows)) {
    if (value.kind === 'vector') {
      channels.set(name, value);
      continue;
    }
    const { flow, span } = tower.steps.find((step) => step.name === name)!;
    const facts = { channel: `${tower.name}.${name}`, type: printValue(value) };
    context.diagnostics.push(diagnose('item-interests', flow.steps.at(-1)?.span ?? span, facts));
  }
  return channels;
}
