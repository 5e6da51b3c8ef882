/** A feeder over the rows that are in memory. Other rows get a feeder of their own, which takes over what the last one knows. */
import type { Events, TrainingShards } from '../../data/dataset.ts';
import { invariant } from '../../diagnostics/failure.ts';
import type { Feeder } from '../../feed/feeder.ts';
import type { Plan } from '../../plan/plan.ts';
import type { AnyEpoch } from '../batches.ts';
import type { Order } from '../order.ts';
import { ShardStream } from './stream.ts';
import { refuseUnsupported } from './unsupported.ts';

/** @throws Failure `shards-unsupported`, `shards-damaged` */
export async function feedFromShards(
  shards: TrainingShards,
  plan: Plan,
  feederOf: (events: Events) => Feeder,
): Promise<{ readonly order: Order<AnyEpoch>; readonly feeder: Feeder }> {
  refuseUnsupported(plan);
  const { batch, seed } = plan.train;
  // Its state has the same names and lengths before there are rows.
  let current = feederOf(await shards.read([]));
  const stream = new ShardStream(shards, batch, seed, (events) => {
    const state = Object.entries(current.state()).map(([name, values]) => [name, values.slice()] as const);
    current.close();
    current = feederOf(events);
    current.load(Object.fromEntries(state));
  });
  invariant(current.mined.length === 0, 'no negatives are mined in shards');
  const feeder: Feeder = {
    inputs: (...args) => current.inputs(...args),
    ask: (...args) => current.ask(...args),
    rowsOf: (of) => current.rowsOf(of),
    apply: (...args) => current.apply(...args),
    accumulate: (outputs) => current.accumulate(outputs),
    update: (...args) => current.update(...args),
    mined: [],
    state: () => current.state(),
    load: (state) => current.load(state),
    close: () => current.close(),
  };
  return { feeder, order: orderOfStream(stream, batch) };
}

const orderOfStream = (stream: ShardStream, batch: number): Order<AnyEpoch> => ({
  rows: stream.rows,
  steps: stream.steps,
  leftOut: Math.max(0, stream.rows - stream.steps * batch),
  withoutList: 0,
  epoch: (number) => ({ steps: stream.steps, batch: (index) => stream.batch(number, index) }),
});
