/** The first training of a starter project, bounded in time, and how it compares with baselines that answer quickly. */
import { defined } from '../../base/util/defined.ts';
import type { Dataset, Part } from '../../data/dataset.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { verdictOf, verdictSentences } from '../../training/evaluation/verdict.ts';
import { writeReport } from './report.ts';
import { evaluate, load } from './run.ts';
import { type TrainRequest, train } from './train.ts';

export interface FirstRunRequest extends Pick<TrainRequest, 'allow' | 'signal' | 'onEvent' | 'onReady'> {
  readonly model: string;
  readonly out: string;
  readonly engine?: EngineName;
  /** A feature of one code: popularity among events of the same value is a baseline as well. */
  readonly by?: string;
  /** Training ends after the step of this second. Default: 45. */
  readonly seconds?: number;
  readonly onEvaluate?: () => void;
}

export interface FirstRun {
  readonly evaluation: Evaluation;
  readonly verdict: string;
  /** Baselines that rank better. */
  readonly better: readonly string[];
  /** Training ended at its limit of time. */
  readonly isCut: boolean;
  readonly report: string;
  /** The key of a user to ask for: with test events, and with training events where there is one with both. */
  readonly user?: string;
}

/** Quick ones: the others choose their settings first, and `tower evaluate` has them. */
const shown = ['random', 'popularity', 'item_cf'];

/** @throws Failure as `train` and `evaluate` do; the reason of `signal` */
export async function firstRun(request: FirstRunRequest): Promise<FirstRun> {
  const { model, out, seconds = 45, signal, onEvaluate } = request;
  const commonOptions = { out, ...defined({ allow: request.allow, engine: request.engine }) };
  const timeLimit = new AbortController();
  let limitTimer: NodeJS.Timeout | undefined;
  let endTime = 0;
  const trained = await train(model, {
    ...commonOptions,
    limit: timeLimit.signal,
    ...defined({ signal, onReady: request.onReady }),
    onEvent(event) {
      if (event.kind === 'started') {
        endTime = performance.now() + seconds * 1000;
        limitTimer = setTimeout(() => timeLimit.abort(), seconds * 1000);
      }
      const remainingSeconds = Math.max(0, (endTime - performance.now()) / 1000);
      request.onEvent?.(
        event.kind === 'step' ? { ...event, secondsLeft: Math.min(event.secondsLeft, remainingSeconds) } : event,
      );
    },
  }).finally(() => clearTimeout(limitTimer));
  signal?.throwIfAborted();
  const isCut = trained.status === 'stopped';
  onEvaluate?.();
  const { dataset } = trained;
  const firstRunLoaded = await load(out, {
    dataset,
    ...defined({ allow: request.allow, engine: request.engine, signal }),
  });
  try {
    const evaluation = await evaluate(firstRunLoaded, { baselines: shown, ...defined({ by: request.by }) });
    const report = await writeReport(out, evaluation);
    const [metric] = evaluation.metrics;
    const [own, ...others] = evaluation.rows;
    const verdict = verdictSentences(verdictOf(evaluation)!).join(' ');
    const better = others.filter(({ all }) => all[metric!]! > own!.all[metric!]!).map(({ name }) => name);
    const user = userToAsk(dataset, evaluation.part);
    return { evaluation, verdict, better, isCut, report, ...defined({ user }) };
  } finally {
    await firstRunLoaded.close();
  }
}

/** The model has no history of a user without training events, and shows little of what it learned. */
export function userToAsk({ users, parts }: Dataset, part: Part): string | undefined {
  const testedUsers = parts[part].user;
  const isKnown = (row: number): boolean => row >= 0 && users.seen.ends[row]! > users.seen.starts[row]!;
  const row = testedUsers.find(isKnown) ?? testedUsers[0];
  return row === undefined || row < 0 ? undefined : users.keys.at(row);
}
