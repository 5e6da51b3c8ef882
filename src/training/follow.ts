/** A worker that is not the first: it takes its share of each step, and writes nothing. */
import { invariant } from '../base/diagnostics/diagnostic.ts';
import type { WorkerGroup } from '../engines/group.ts';
import { restoreState } from './artifact/checkpoint.ts';
import { identify } from './artifact/identity.ts';
import { beginFrom } from './base.ts';
import { roundsOf } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import { ratesAt } from './learning_rates.ts';
import type { TrainOptions } from './train_options.ts';
import { beginState, closeState, type InitialState, tablesOf, takeStep } from './training_step.ts';
import { beginEpoch, CurrentTowers } from './validation.ts';
import { answerOrder, receiveEpochStart } from './workers/table_wire.ts';
import { agreeOnRun, receiveFirst, sharedStep, type WorkerOrder } from './workers/talk.ts';

type FollowOptions = TrainOptions & { readonly group: WorkerGroup };

/** Follows the orders of the first worker until it ends the run, or until a worker is asked to stop. */
export async function follow(options: FollowOptions): Promise<void> {
  const { plan, dataset, engine, group, folder, tower, from, sharesTables } = options;
  sharedStep(planWithFittedStep(plan, dataset.corpus.rows).step);
  const precision = await agreeOnRun(group, { ...identify(plan, dataset, engine.name), tower, from: from?.lineage });
  let state: InitialState | undefined;
  let currentTowers: CurrentTowers | undefined;
  try {
    for (;;) {
      const order = await receiveFirst<WorkerOrder>(group);
      if (order.do === 'end') return;
      if (order.do === 'begin') {
        state = await beginState(options, precision, tablesOf(options), group);
        currentTowers = new CurrentTowers(plan, dataset, engine, state);
        if (order.with !== 'first values') await group.note('reads the checkpoint');
        if (order.with === 'checkpoint') await restoreState(folder, state);
        if (order.with === 'earlier run') {
          invariant(options.from, 'all workers have read the earlier run');
          const { base, lineage } = options.from;
          await beginFrom(base, state, { plan, dataset, steps: lineage.steps });
        }
        continue;
      }
      invariant(state, 'workers begin before they take steps');
      if (order.do !== 'steps') await answerOrder(order, state.tables, group);
      // Workers that share tables stay after the last step, because the files of the run need their rows.
      else if ((await takeRoundSteps(options, state, currentTowers!, order)) && !sharesTables) return;
    }
  } finally {
    await currentTowers?.close();
    if (state) await closeState(state);
  }
}

/** Takes the steps of one round. Returns true if a worker was asked to stop. */
async function takeRoundSteps(
  { plan, dataset, signal, group, sharesTables }: FollowOptions,
  state: InitialState,
  towers: CurrentTowers,
  round: Extract<WorkerOrder, { readonly do: 'steps' }>,
): Promise<boolean> {
  const { before: earlierRuns } = round;
  const rounds = roundsOf(plan.train, state.order, earlierRuns.epochs);
  const ownRound = rounds.round(round.step - round.stepOfEpoch);
  let { step } = round;
  for (let index = round.stepOfEpoch; index < ownRound.steps; index++) {
    const drawnEpoch = earlierRuns.epochs + step / state.order.steps + 1;
    if (step % state.order.steps === 0) {
      if (sharesTables) await receiveEpochStart(state.feeder, state.tables, group);
      else await beginEpoch(state, towers, dataset, drawnEpoch);
    }
    step++;
    const rows = await ownRound.batch(index);
    const rates = ratesAt(plan.train, step, rounds.total);
    const { stops } = await takeStep(plan, state, { rows, number: earlierRuns.steps + step, rates, signal });
    if (stops) return true;
  }
  return false;
}
