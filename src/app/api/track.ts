/** Sends runs to a tracking server: `openTracker` while a run trains, `track` afterwards. Only MLflow is supported so far. */
import { dirname } from 'node:path';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { RequestRefused } from '../../base/util/http.ts';
import { readManifest } from '../../training/artifact/load.ts';
import {
  authorizationOf,
  destinationOf,
  makeMlflowClient,
  type RunStatus,
} from '../../training/tracking/mlflow/client.ts';
import type { TrainingEvent } from '../../training/training_events.ts';
import { RunSender, type Tracked } from './track/sender.ts';
import { commitOf, openBackground, type RunFacts } from './track/tracked_parts.ts';
import type { TrainReady } from './train.ts';
import { version } from './version.ts';

export type { Tracked } from './track/sender.ts';

export interface TrackerRequest {
  /** The folder of the run, and the file of the model. */
  readonly out: string;
  readonly model: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Called once, at the first failure of the server. Training continues. */
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Milliseconds that `end` waits for the server. Default: 10,000, or 2000 if the server has not answered before. */
  readonly patience?: number;
}

export interface Tracker {
  /** Takes `onReady` and `onEvent` of `train`. Neither waits for the server. */
  ready(ready: Pick<TrainReady, 'plan' | 'dataset' | 'engine'>): void;
  event(event: TrainingEvent): void;
  /** Sends the rest, for a few seconds at most. Undefined if the server does not have everything then. */
  end(status: RunStatus): Promise<Tracked | undefined>;
}

/**
 * Sends a run while it trains. A failed request is repeated, and training never waits.
 * @param address such as `mlflow:http://host:5000#experiment`
 * @throws Failure `track-address`
 */
export function openTracker(address: string, request: TrackerRequest): Tracker {
  const background = openBackground(address, request);
  const { client, experiment } = background;
  const { out: folder, model: source, settings } = request;
  let facts: RunFacts | undefined;
  let sender: Promise<RunSender> | undefined;
  const beginSender = async (steps: number, began: number): Promise<RunSender> => {
    const commit = await commitOf(dirname(source));
    return new RunSender(client, { folder, facts: facts!, steps, source, began, experiment, commit });
  };
  return {
    ready({ plan, dataset, engine }) {
      const { train, validation, test } = dataset.parts;
      facts = {
        ...{ plan, engine, tower: version, seed: plan.train.seed, settings },
        data: { train: train.rows, validation: validation.rows, test: test.rows, items: dataset.corpus.rows },
      };
    },
    event(event) {
      if (event.kind === 'started') {
        const begunSender = beginSender(event.steps, Date.now());
        sender = begunSender;
        background.begin(async () => (await begunSender).send());
      }
      if (event.kind === 'started' || event.kind === 'epoch') background.kick();
    },
    // There is no run before the first step.
    end: (status) => background.end(async () => (await sender!).end(status)),
  };
}

/**
 * Sends the part of an ended run that a tracking server lacks.
 * @param address such as `mlflow:http://host:5000#experiment`
 * @throws Failure `track-address`, `track-failed`, `not-a-run`, `run-in-use`, `damaged-file`, …
 */
export async function track(folder: string, address: string): Promise<Tracked> {
  const { url, experiment } = destinationOf(address, process.env);
  const manifest = await readManifest(folder);
  const client = makeMlflowClient(url, authorizationOf(process.env));
  const { training } = manifest;
  const sender = new RunSender(client, { folder, facts: manifest, steps: training.steps, experiment });
  try {
    return await sender.end('FINISHED');
  } catch (error) {
    if (error instanceof Failure || !(error instanceof RequestRefused)) throw error;
    throw failure('track-failed', { url, reason: error.message });
  }
}
