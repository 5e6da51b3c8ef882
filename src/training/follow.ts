/** A worker that is not the first: it takes its share of each step, and writes nothing. */
import { invariant } from '../base/diagnostics/failure.ts';
import type { WorkerGroup } from '../engines/group.ts';
import { restoreState } from './artifact/checkpoint.ts';
import { identify } from './artifact/identity.ts';
import { beginFrom } from './base.ts';
import { type BegunState, beginState, closeState, tablesOf } from './begin_state.ts';
import { ratesAt, roundsOf } from './feed/order.ts';
import { planWithFittedStep } from './fitted_step.ts';
import { takeStep } from './take_step.ts';
import type { TrainOptions } from './train_options.ts';
import { beginEpoch, CurrentTowers } from './validation.ts';
import { answerOrder, takeBegun } from './workers/table_wire.ts';
import { agree, receiveFirst, sharedStep, type WorkerOrder } from './workers/talk.ts';

type FollowOptions = TrainOptions & { readonly group: WorkerGroup };

/** Follows the orders of the first worker until it ends the run, or until a worker is asked to stop. */
export async function follow(options: FollowOptions): Promise<void> {
  const { plan, dataset, engine, group, folder, tower, from, sharesTables } = options;
  sharedStep(planWithFittedStep(plan, dataset.corpus.rows).step);
  const precision = await agree(group, { ...identify(plan, dataset, engine.name), tower, from: from?.lineage });
  let state: BegunState | undefined;
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
      else if ((await stepsOf(options, state, currentTowers!, order)) && !sharesTables) return;
    }
  } finally {
    await currentTowers?.close();
    if (state) await closeState(state);
  }
}

/** Takes the steps of one round. Returns true if a worker was asked to stop. */
async function stepsOf(
  { plan, dataset, signal, group, sharesTables }: FollowOptions,
  state: BegunState,
  towers: CurrentTowers,
  begin: Extract<WorkerOrder, { readonly do: 'steps' }>,
): Promise<boolean> {
  const { before } = begin;
  const rounds = roundsOf(plan.train, state.order, before.epochs);
  const ownRound = rounds.round(begin.step - begin.stepOfEpoch);
  let { step } = begin;
  for (let index = begin.stepOfEpoch; index < ownRound.steps; index++) {
    const drawnEpoch = before.epochs + step / state.order.steps + 1;
    if (step % state.order.steps === 0) {
      if (sharesTables) await takeBegun(state.feeder, state.tables, group);
      else await beginEpoch(state, towers, dataset, drawnEpoch);
    }
    step++;
    const rows = await ownRound.batch(index);
    const rates = ratesAt(plan.train, step, rounds.total);
    const { stops } = await takeStep(plan, state, { rows, number: before.steps + step, rates, signal });
    if (stops) return true;
  }
  return false;
}
