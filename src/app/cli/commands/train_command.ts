import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../../../base/diagnostics/diagnostic.ts';
import { formatBytes } from '../../../base/diagnostics/wording.ts';
import { freshCount, replayedEvents } from '../../../data/rows/fresh.ts';
import { isReplay } from '../../../training/artifact/identity.ts';
import { type Manifest, reportFile, validationUnit } from '../../../training/artifact/run_manifest.ts';
import { traceFile } from '../../../training/step_profile.ts';
import { type Trained, type TrainReady, type TrainRequest, train } from '../../api/train.ts';
import { openWatch } from '../../api/watch.ts';
import { launchWorkers } from '../../api/workers.ts';
import { stepsWithRun } from '../next_steps.ts';
import { interruptible, writeReportIfPossible } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  memoryOption,
  portOf,
  refuseTwoSeeds,
  seedOption,
  setOption,
  shardsOption,
  tablesOption,
  trackOption,
  withExample,
  workersOption,
} from '../options.ts';
import { makeProgress } from '../progress.ts';
import { answer, answerJson, answerNext, say, sayData, sayDiagnostics, sayEngine } from '../report.ts';
import { Interrupted } from '../signals.ts';
import { profileText } from '../table.ts';
import { openTracking } from '../tracking.ts';

type TrainOutcome = Pick<Trained, 'status' | 'manifest' | 'records' | 'profile'>;

interface TrainCommandOptions extends TrainRequest {
  readonly set: Record<string, string>;
  readonly json?: boolean;
  readonly watch?: number;
  readonly track?: string;
  readonly workers?: number | 'launched';
}

/** Used if another worker got a signal. This worker does not know which one. */
const otherStopped = new Interrupted('SIGTERM');

const reasonsOf = ({ diagnostics }: Failure): string =>
  diagnostics.map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`)).join('. ');

/** Refuses options that need another, or say what another says. */
function refuseOptions(
  command: Command,
  options: Omit<TrainCommandOptions, 'workers'>,
  workers: TrainCommandOptions['workers'] = 1,
): void {
  refuseTwoSeeds(command, options);
  if (options.from === undefined && (options.since !== undefined || options.all || options.replay !== undefined)) {
    command.error("error: options '--since', '--all' and '--replay' need '--from <run>'");
  }
  if (options.tables !== undefined && workers === 1) {
    command.error("error: option '--tables' needs '--workers', with 2 or more");
  }
}

/** Long because it lists all options of the command. */
export function trainCommand(command: Command): void {
  command
    .argument('[model]', 'a `.tower` file; none with `--final`, and to resume such a run')
    .addOption(dataOption())
    .addOption(allowOption())
    .requiredOption('--out <folder>', 'write the run into this folder')
    .addOption(engineOption())
    .addOption(workersOption())
    .addOption(tablesOption())
    .addOption(memoryOption())
    .addOption(shardsOption())
    .addOption(setOption())
    .addOption(
      seedOption(
        'make all random choices with this seed; the same as `--set seed=<number>` (default: the seed of the model, or 1)',
      ),
    )
    .option('--final <run>', 'train the model of this run on all events, with its settings and number of epochs')
    .addOption(fromOption())
    .addOption(sinceOption())
    .option('--all', 'with --from: train on all events of the training part')
    .addOption(replayOption())
    .addOption(resumeOption())
    .addOption(new Option('--finish', 'end the run in the folder without further training').conflicts('force'))
    .option('--force', 'replace the run in the folder; files that Tower did not write remain')
    .addOption(
      new Option('--watch [port]', 'serve the report on this machine while it trains (default: on port 8322)')
        .argParser(portOf)
        .preset(8322),
    )
    .addOption(trackOption())
    .option('--profile', 'measure a sample of steps by block and by op, and write `profile` into the folder')
    .addOption(jsonOption())
    .action(async (path: string | undefined, givenOptions: TrainCommandOptions) => {
      const { json, workers, watch: port, track, ...options } = givenOptions;
      const isOld = options.resume || options.finish;
      if (path === undefined && options.final === undefined && !isOld)
        command.error("error: missing required argument 'model'");
      const model = path ?? options.final ?? options.out;
      refuseOptions(command, options, workers);
      const launched = await launchWorkers(workers);
      const isFirst = (launched.meeting?.rank ?? 0) === 0;
      const watch = port === undefined || !isFirst ? undefined : await openWatch(port, basename(model, '.tower'));
      if (watch) say(`watch it on ${watch.url}`);
      const progress = makeProgress();
      const trackingOptions = { ...options, model, settings: options.set };
      const tracking = track === undefined || !isFirst ? undefined : await openTracking(track, trackingOptions);
      const interrupt = interruptible(() => progress.end());
      const stoppedOutcome: TrainOutcome = { status: 'interrupted', records: [] };
      const { status, manifest, records, profile }: TrainOutcome = await train(path, {
        ...options,
        ...(isFirst ? progress.passes : {}),
        signal: interrupt,
        meeting: launched.meeting,
        onReady: (ready) => {
          // A launcher shows what all workers say.
          if (!isFirst) return;
          sayReady(ready, options.from);
          if (options.final) say(`settings: those of ${options.final}`);
          watch?.ready(ready.plan);
          // A page without the line is better than a training that ends for it.
          watch?.compare(ready).catch(() => {});
          tracking?.ready(ready);
        },
        onEvent: (event) => {
          progress.show(event);
          watch?.event(event);
          tracking?.event(event);
        },
      })
        .catch(async (error: unknown) => {
          const explainedError = error === interrupt.reason ? error : await launched.explain(error);
          launched.kill();
          // The signal came while rows were read.
          if (error === interrupt.reason) return stoppedOutcome;
          await tracking?.end('FAILED');
          await watch?.end('failed', {
            reason: explainedError instanceof Failure ? reasonsOf(explainedError) : String(explainedError),
          });
          throw explainedError;
        })
        .finally(progress.end)
        .finally(launched.end);
      // Only the first worker prints results.
      if (!isFirst) return;
      if (options.profile) await sayProfile(profile, options.out);
      if (manifest) await writeReportIfPossible(options.out);
      const tracked = await tracking?.end(status === 'interrupted' ? 'KILLED' : 'FINISHED');
      await watch?.end('ended', manifest ? { report: join(options.out, reportFile) } : {});
      if (json)
        answerJson({ status, folder: options.out, training: manifest?.training, epochs: records, tracked, profile });
      else if (status === 'interrupted') answer(stoppedWords(path, options, manifest));
      else {
        answer(endedWords(options.out, status, manifest));
        answerNext(stepsWithRun(options.out, manifest?.final !== undefined));
      }
      // Scripts such as `train … && export …` must not continue with an unfinished model.
      if (status === 'interrupted') throw interrupt.aborted ? interrupt.reason : otherStopped;
    });
  withExample(
    command,
    'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/first',
    'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/wide --set epochs=3 --seed 2',
    'tower train models/two_tower.tower --data models/data/movielens.tower --from runs/first --out runs/second --set epochs=1',
    'tower train --final runs/first --out live/1',
  );
}

async function sayProfile(profile: Trained['profile'], folder: string): Promise<void> {
  if (!profile) {
    say('no profile: no step of this call could be sampled');
    return;
  }
  say(profileText(profile));
  say(`trace: ${join(folder, traceFile)} (open it in https://ui.perfetto.dev or chrome://tracing)`);
}

const resumeOption = (): Option =>
  new Option('--resume [when]', 'continue the run in the folder; `--resume=auto`: if there is none, begin one')
    .argParser((when: string): 'auto' => {
      if (when === 'auto') return when;
      throw new InvalidArgumentError('Write `--resume` after the model, or `--resume=auto`.');
    })
    .conflicts(['force', 'finish']);

const fromOption = (): Option =>
  new Option(
    '--from <run>',
    'continue with the weights, codes and optimizers of this run, on the events after its last one',
  ).conflicts(['resume', 'finish']);

const sinceOption = (): Option =>
  new Option(
    '--since <moment>',
    'with --from: train on the events from this moment on, such as 2018-09-01, or a number as in `time`',
  ).conflicts('all');

const replayOption = (): Option =>
  new Option(
    '--replay <times>',
    'with --from: add this many earlier events for each new one, drawn anew each epoch (default: 0)',
  )
    .argParser((text: string): number => {
      const times = Number(text);
      // `Number('')` is 0, but an empty text usually comes from an unset shell variable.
      if (text.trim() !== '' && isReplay(times)) return times;
      throw new InvalidArgumentError('Write a number from 0 on, such as 20.');
    })
    .conflicts('all');

function sayReady({ dataset, plan, warnings, tables, ...choice }: TrainReady, from: string | undefined): void {
  sayDiagnostics(warnings);
  sayEngine(choice);
  const { train: events } = dataset.parts;
  sayData(dataset);
  const newCount = freshCount(events);
  if (newCount === 0) say(`no training event is new: the run keeps the weights of ${from ?? 'the run before it'}`);
  else if (newCount !== undefined)
    say(`new: ${newCount.toLocaleString('en')} of the training events${replayWords(replayedEvents(events))}`);
  for (const line of vocabularyWords(dataset)) say(line);
  say(`seed: ${plan.train.seed}`);
  if (tables) say(layoutWords(tables));
}

function layoutWords({ layout, bytes, isAsked, workers }: NonNullable<TrainReady['tables']>): string {
  const why = isAsked ? '' : layout === 'sharded' ? '; they do not fit on each worker' : '; they fit on each worker';
  if (layout === 'replicated') return `tables: replicated, ${formatBytes(bytes)} on each of ${workers} workers${why}`;
  return `tables: sharded, about ${formatBytes(bytes / workers)} of ${formatBytes(bytes)} on each of ${workers} workers${why}`;
}

const replayWords = (earlier: number): string =>
  earlier === 0 ? '' : `; each epoch adds ${earlier.toLocaleString('en')} earlier ones, drawn anew`;

/** Describes the changes of vocabularies: how many values have a code, how many are too rare so far, and how many left. */
function vocabularyWords({ admissions = new Map(), recoded, encodings }: TrainReady['dataset']): string[] {
  return [...admissions].map(([name, { waiting }]) => {
    const encoding = encodings.get(name);
    const valueCount = encoding?.kind === 'vocabulary' ? encoding.values.length : 0;
    const leftCount = recoded?.get(name)?.filter((code) => code === null).length ?? 0;
    return `${name}: ${valueCount} values have a code, ${waiting.values.length} are too rare as yet${leftCount > 0 ? `, ${leftCount} have left: compaction.json has the new codes` : ''}`;
  });
}

function stoppedWords(
  path: string | undefined,
  { from, out }: TrainCommandOptions,
  manifest: Manifest | undefined,
): string {
  const goOn = `continue with \`tower train ${path === undefined ? `--out ${out}` : `${path} …`} --resume\``;
  if (manifest) return `stopped; ${goOn}, or end the run as it is with \`--finish\``;
  // If the run continues another one, its weights are trained before the first step.
  if (from !== undefined && existsSync(out)) return `stopped before the first step; ${goOn}`;
  return 'stopped before the first step, so there is nothing to resume';
}

function endedWords(out: string, status: TrainOutcome['status'], manifest: Manifest | undefined): string {
  const best = manifest?.training.best;
  const endedText =
    status === 'stopped' ? `ended after ${manifest!.training.steps} steps, as it is, in` : 'trained into';
  const figure = best
    ? `: best ${best.metric} on validation ${best.value.toFixed(4)} in ${validationUnit(manifest!.plan)} ${best.epoch}, seen items ${manifest!.data.seen}`
    : '';
  const { fit } = manifest?.training ?? {};
  return `${endedText} ${out}${figure}${fit ? `: ${fit.words}` : ''}`;
}
