/** Sends runs to MLflow: `openTracker` while a run trains, `track` afterwards. */
import { dirname } from 'node:path';
import type { Destination, Tracked, Tracker, TrackerRequest } from '../../app/api/track.ts';
import { version } from '../../app/api/version.ts';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { FailedRequest } from '../../base/util/http.ts';
import { readManifest } from '../../training/artifact/load.ts';
import { authorizationOf, makeMlflowClient } from './client.ts';
import { RunSender } from './sender.ts';
import { commitOf, openBackground, type RunFacts } from './tracked_parts.ts';

export function openTracker(destination: Destination, request: TrackerRequest): Tracker {
  const background = openBackground(destination, request);
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

export async function track(folder: string, { url, experiment }: Destination): Promise<Tracked> {
  const manifest = await readManifest(folder);
  const client = makeMlflowClient(url, authorizationOf(process.env));
  const { training } = manifest;
  const sender = new RunSender(client, { folder, facts: manifest, steps: training.steps, experiment });
  try {
    return await sender.end('FINISHED');
  } catch (error) {
    if (error instanceof Failure || !(error instanceof FailedRequest)) throw error;
    throw failure('track-failed', { url, reason: error.message });
  }
}
