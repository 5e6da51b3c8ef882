/** Measures one line of a table: trains a model, or chooses the setting of a baseline, and ranks the test part. */
import { cpus, totalmem } from 'node:os';
import { checkAndLower } from '../../src/app/api/check.ts';
import { load } from '../../src/app/api/run.ts';
import { train } from '../../src/app/api/train.ts';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { chooseEngine } from '../../src/engines/engines.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { differencesOf, evaluationProtocol } from '../../src/training/evaluation/compare_models.ts';
import { chooseBaselines, makeTask } from '../../src/training/evaluation/contestants.ts';
import { makeMeasures, metricValues } from '../../src/training/evaluation/figures.ts';
import { repeatsSentence, seenRule, seenSentence } from '../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../src/training/evaluation/ranks.ts';
import { rankingSentence } from '../../src/training/evaluation/sentences.ts';
import { groupsOf, intervalSentence } from '../../src/training/evaluation/slices.ts';
import { engineProduct } from '../../src/training/scoring/matrix_product.ts';
import { makeRetrieval } from '../../src/training/scoring/retrieval_scorer.ts';
import { modelScorer, type Scorer, type ScoringTask } from '../../src/training/scoring/scorer.ts';
import { checksum } from './decides.ts';
import type { StudySet } from './plan.ts';
import type { Row } from './rows.ts';

/** A set with the rows that the reference model reads: what leaves the ranking, and what baselines know, follow from it. */
export interface OpenSet {
  readonly set: StudySet;
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly task: ScoringTask;
}

export async function openSet(set: StudySet, reference: string): Promise<OpenSet> {
  const { lowered, model, data } = await checkAndLower(`models/${reference}.tower`, { data: set.data });
  const dataset = await readDataset(data!.description, lowered.plan, { model });
  const task = makeTask({ dataset, part: 'test', plan: lowered.plan, by: set.by });
  return { set, plan: lowered.plan, dataset, task };
}

/** What is measured of a line; who measured it, and what decides it, is added by the caller. */
export type Measured = Omit<Row, 'format' | 'set' | 'name' | 'seed' | 'decides' | 'state' | 'seconds'>;

export async function measureScorer(open: OpenSet, task: ScoringTask, scorer: Scorer): Promise<Measured> {
  const { set, dataset } = open;
  const seen = seenRule(dataset);
  const ranks = await rankEvents(task, scorer, seen.removes);
  const measures = makeMeasures(set.metrics);
  return {
    ...(await common(open)),
    values: Object.fromEntries(
      measures.map((measure) => [measure.label, Float32Array.from(metricValues(task, ranks, measure))]),
    ),
    ranksCold: ranks.ranksCold === true,
  };
}

async function common({ dataset, task }: OpenSet): Promise<Omit<Measured, 'values' | 'ranksCold'>> {
  const seen = seenRule(dataset);
  const { unit, group } = groupsOf(task);
  const { sizes: _, ...checksums } = evaluationProtocol(dataset, 'test');
  const { engine } = await chooseEngine();
  return {
    machine: `${cpus().length} cores of ${cpus()[0]!.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${engine.version}`,
    groups: Int32Array.from(group),
    protocol: {
      checksum: checksum(JSON.stringify(checksums)),
      sentences: [
        evaluationProtocol(dataset, 'test').split,
        rankingSentence(task, 'test'),
        seenSentence(seen, dataset, task),
        ...[repeatsSentence(task, seen) ?? []].flat(),
        intervalSentence(unit),
      ],
    },
  };
}

export async function measureBaseline(open: OpenSet, name: string): Promise<Measured> {
  const { dataset, plan, set, task } = open;
  const { engine } = await chooseEngine();
  // `popularity by …` comes with popularity.
  const { rows, leftOut } = chooseBaselines(task, {
    dataset,
    part: 'test',
    plan,
    baselines: [name.split(' ')[0]!],
    removeSeen: seenRule(dataset).removes,
    product: () => engineProduct(engine),
    by: set.by,
  });
  const row = rows.find((each) => each.name === name);
  if (row === undefined) {
    const excluded = leftOut[0] ?? `${name} is excluded`;
    const empty = { ...(await common(open)), groups: new Int32Array() };
    return { ...empty, values: {}, ranksCold: false, excluded };
  }
  const { scorer, setting } = await row.open();
  return { ...(await measureScorer(open, task, scorer)), setting };
}

export interface TrainingOf {
  readonly model: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, number>>;
  readonly folder: string;
  /** The folder holds a run of the same model, data and code, which goes on. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

/** Undefined where the signal ended the training: its folder can go on. */
export async function measureModel(open: OpenSet, training: TrainingOf): Promise<Measured | undefined> {
  const { model, seed, settings, folder, signal } = training;
  const request = { data: open.set.data, out: folder, set: { ...settings, seed }, signal };
  const path = `models/${model}.tower`;
  const fresh = () => train(path, { ...request, force: true });
  const { status } = training.resume
    ? await train(path, { ...request, resume: true }).catch((error: unknown) => {
        const begins = ['nothing-to-resume', 'other-run', 'cannot-read', 'other-data'];
        if (!(error instanceof Failure) || !error.diagnostics.some(({ code }) => begins.includes(code))) throw error;
        return fresh();
      })
    : await fresh();
  if (status === 'interrupted') return undefined;

  const run = await load(folder);
  const { plan, tables, parameters } = run.trained;
  const dataset = await run.dataset();
  const differences = differencesOf(evaluationProtocol(open.dataset, 'test'), evaluationProtocol(dataset, 'test'));
  if (differences.length > 0) throw new Error(`${model} ranks something else: ${differences.join('; ')}`);
  const { engine } = await run.engine();
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus: dataset.corpus, parameters });
  try {
    const { seen, history } = open.task;
    const task: ScoringTask = { ...makeTask({ dataset, part: 'test' }), seen, history };
    return await measureScorer(
      open,
      task,
      modelScorer(retrieval, { plan, events: dataset.parts.test, corpus: dataset.corpus }),
    );
  } finally {
    await retrieval.close();
    await run.close();
  }
}
