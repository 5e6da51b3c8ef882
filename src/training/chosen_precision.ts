/**
 * Chooses the precision in which the steps of a run multiply matrices. `auto` measures both, because the faster one depends on the processor, the shapes of
 * the model and the batch: neither the processor's flags nor the number of operations tell it.
 */
import type { Program } from '../engines/engine.ts';
import { graphInPrecision, operationsInBfloat16, type Precision } from '../graph/in_bfloat16.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { readManifest } from './artifact/load.ts';
import type { Tables } from './embedding/tables.ts';
import { median } from './step_profile.ts';
import type { ChosenPrecision, MeasuredSteps, TrainOptions } from './train_options.ts';
import { beginState, closeState } from './training_step.ts';

type StoredPrecision = { readonly precision?: Precision; readonly measured?: MeasuredSteps };

/** Share of a float32 step that bf16 must save: it rounds, so it is not worth less. */
const neededGain = 0.05;
/** Steps that are measured in each precision, after a first one. Long steps end the measurement sooner. */
const [minSteps, maxSteps, maxMilliseconds] = [4, 30, 3000];

/** Returns undefined if the model does not ask for a precision. @param tables of the new run, which stay as they are */
export async function choosePrecision(
  options: Pick<TrainOptions, 'plan' | 'dataset' | 'engine' | 'sharesTables' | 'from' | 'origin'>,
  tables: () => Tables,
): Promise<ChosenPrecision | undefined> {
  const { plan, engine, sharesTables, from, origin } = options;
  const { precision: asked, batch } = plan.train;
  if (asked === undefined) return undefined;
  if (asked === 'bf16') {
    const slowness = `engine ${engine.name} only rounds to it, and gets no faster`;
    return { precision: 'bf16', asked, because: engine.multipliesBfloat16 ? undefined : slowness };
  }
  const earlierRun =
    from?.base.trained.manifest.training ?? (origin.final && (await readManifest(origin.final.name)).training);
  if (earlierRun?.precision) return precisionOfRun(plan, earlierRun);
  const inFloat32 = (because: string): ChosenPrecision => ({ precision: 'float32', asked, because });
  if (!engine.multipliesBfloat16) return inFloat32(`engine ${engine.name} has no products in bfloat16`);
  if (operationsInBfloat16(plan.step.graph, { sizes: { batch } }) === 0)
    return inFloat32('no product of a step is large');
  // A row of their tables can be read only in a step that all of them take.
  if (sharesTables) return inFloat32('workers that share tables do not measure');
  return fasterOf(await measureSteps(options, tables()));
}

export function fasterOf(measured: MeasuredSteps): ChosenPrecision {
  const precision = measured.bf16 <= (1 - neededGain) * measured.float32 ? 'bf16' : 'float32';
  const [bf16, float32] = [measured.bf16, measured.float32].map((milliseconds) => milliseconds.toPrecision(3));
  const because = `the graph of a step took ${bf16} ms in bf16, ${float32} ms in float32`;
  return { precision, asked: 'auto', because, measured };
}

/** Returns the precision of a run that goes on, or of a repeated step. @param stored what the run's folder says */
export function precisionOfRun({ train }: Plan, stored: StoredPrecision): ChosenPrecision | undefined {
  const { precision: asked } = train;
  if (asked === undefined) return undefined;
  if (asked === 'bf16') return { precision: asked, asked };
  const { precision = 'float32', measured } = stored;
  return { precision, asked, because: 'the run began with it', measured };
}

/** What the folder of a run says of its precision. */
export const storedPrecision = (chosen: ChosenPrecision | undefined): StoredPrecision => ({
  precision: chosen?.precision,
  measured: chosen?.measured,
});

/** Runs the first batches of a training in both precisions, in turn. The rates are 0, and the programs are closed afterwards: the run begins as if this had not been. */
async function measureSteps(
  { plan, dataset, engine }: Pick<TrainOptions, 'plan' | 'dataset' | 'engine'>,
  tables: Tables,
): Promise<MeasuredSteps> {
  const state = await beginState({ plan, dataset, engine }, 'float32', tables);
  let bf16: Program | undefined;
  try {
    const { order, feeder, program: float32 } = state;
    bf16 = await engine.prepare(graphInPrecision(state.graph, 'bf16', plan), await float32.read());
    const programs = [
      { program: float32, times: [] as number[] },
      { program: bf16, times: [] as number[] },
    ];
    const start = performance.now();
    for (let step = 0; step <= maxSteps; step++) {
      if (step > minSteps && performance.now() - start > maxMilliseconds) break;
      const rows = await order.epoch(1 + Math.floor(step / order.steps)).batch(step % order.steps);
      const inputs = feeder.inputs(rows, step + 1, { rate: 0, factor: 0 });
      for (const { program, times } of step % 2 === 0 ? programs : programs.toReversed()) {
        const runStart = performance.now();
        await program.run(inputs);
        // Everything happens for the first time in the first step.
        if (step > 0) times.push(performance.now() - runStart);
      }
    }
    const [inFloat32, inBf16] = programs.map(({ times }) => median(times)) as [number, number];
    return { float32: inFloat32, bf16: inBf16 };
  } finally {
    await bf16?.close();
    await closeState(state);
  }
}
