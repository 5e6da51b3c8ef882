/** A study at a tracking server: a run for the study, and in it a run for each trial. */
import { dirname } from 'node:path';
import { defined } from '../defined.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { authorizationOf, destinationOf } from '../tracking/mlflow/address.ts';
import { makeClient } from '../tracking/mlflow/client.ts';
import type { RunStatus } from '../tracking/mlflow/runs.ts';
import type { Study } from '../tune/trial.ts';
import { makeBackground } from './track/background.ts';
import { commitOf } from './track/facts.ts';
import type { Tracked } from './track/sender.ts';
import { StudySender } from './track/study_sender.ts';
import type { TrackerRequest } from './track.ts';
import type { Tuned, TuneEvent } from './tune.ts';

export interface StudyTracker {
  /** Of `onEvent` of `tune`. It does not wait for the server. */
  event(event: TuneEvent): void;
  /**
   * Sends the rest, for a few seconds at most. Undefined where the server does not have all.
   * @param tuned what `tune` came to, where it has ended
   */
  end(status: RunStatus, tuned?: Tuned): Promise<Tracked | undefined>;
}

/**
 * Sends a study while it goes on. Everything that is sent is in the log of the study: what a server missed is sent when the study is
 * tracked again, as `resume` does.
 * @param address such as `mlflow:http://host:5000#experiment`
 * @throws Failure `track-address`
 */
export function openStudyTracker(address: string, request: Omit<TrackerRequest, 'settings'>): StudyTracker {
  const { url, experiment } = destinationOf(address, process.env);
  const ending = new AbortController();
  const client = makeClient(url, authorizationOf(process.env), ending.signal);
  const { out: folder, model: source, onWarning } = request;
  let sender: Promise<StudySender> | undefined;
  const background = makeBackground({
    onFailure: (reason) => onWarning?.(diagnose('track-behind', undefined, { url, reason, study: true })),
    abort: () => ending.abort(),
    patience: request.patience,
  });
  const begin = async (study: Study): Promise<StudySender> => {
    const commit = await commitOf(dirname(source));
    return new StudySender(client, { folder, study, source, began: Date.now(), ...defined({ experiment, commit }) });
  };
  return {
    event(event) {
      if (event.kind === 'began') {
        const begun = begin(event.study);
        sender = begun;
        background.begin(async () => (await begun).send());
      }
      if (event.kind === 'began' || event.kind === 'job') background.kick();
    },
    end: (status, tuned) => background.end(async () => (await sender!).end(status, tuned)),
  };
}
