/** What the commands say about a tracking server. */
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../base/diagnostics/failure.ts';
import { renderOne } from '../../base/diagnostics/render.ts';
import { shellWord } from '../../base/diagnostics/wording.ts';
import { defined } from '../../base/util/defined.ts';
import type { RunSummary } from '../api/runs.ts';
import type { Tracked, Tracker } from '../api/track.ts';
import type { StudyTracker } from '../api/track_study.ts';
import type { ProgressView } from './progress.ts';
import { colour, say } from './report.ts';

interface TrackingOptions {
  readonly out: string;
  readonly model: string;
  readonly set: Readonly<Record<string, string>>;
  readonly seed?: number;
}

/** @throws Failure `track-address` */
export async function openTracking(
  address: string,
  { out, model, set, seed }: TrackingOptions,
  progress: ProgressView,
): Promise<Tracker> {
  const { openTracker } = await import('../api/track.ts');
  let isBehind = false;
  const tracker = openTracker(address, {
    ...{ out, model },
    settings: { ...set, ...defined({ seed: seed?.toString() }) },
    onWarning(warning) {
      isBehind = true;
      progress.say(renderOne(warning, { colour }));
    },
  });
  return {
    ...tracker,
    async end(status) {
      const tracked = await tracker.end(status);
      if (tracked) say(trackedWords(tracked));
      else if (isBehind)
        say(
          `MLflow does not have all of this run: \`tower runs ${shellWord(out)} --track ${shellWord(address)}\` sends the rest`,
        );
      return tracked;
    },
  };
}

/** @throws Failure `track-address` */
export async function openStudyTracking(
  address: string,
  { out, model }: Pick<TrackingOptions, 'out' | 'model'>,
): Promise<StudyTracker> {
  const { openStudyTracker } = await import('../api/track_study.ts');
  const onWarning = (warning: Diagnostic): void => say(renderOne(warning, { colour }));
  const tracker = openStudyTracker(address, { out, model, onWarning });
  return {
    ...tracker,
    async end(status, tuned) {
      const tracked = await tracker.end(status, tuned);
      if (tracked) say(trackedWords(tracked));
      return tracked;
    },
  };
}

/** Sends the runs that have ended. @throws Failure `track-address`, `track-failed`, … */
export async function trackRuns(runs: readonly RunSummary[], address: string): Promise<Tracked[]> {
  const { track } = await import('../api/track.ts');
  const all: Tracked[] = [];
  for (const { folder, status, reason } of runs) {
    if (status === 'running' || status === 'damaged') {
      say(`${folder} is not sent: ${reason ?? 'it trains now'}`);
      continue;
    }
    try {
      const tracked = await track(folder, address);
      say(`${folder}: ${trackedWords(tracked)}`);
      all.push(tracked);
    } catch (error) {
      // A folder that cannot be sent keeps no other from being sent; a server that fails does.
      if (!(error instanceof Failure) || error.diagnostics.some(({ code }) => code.startsWith('track-'))) throw error;
      say(`${folder} is not sent: ${error.message}`);
    }
  }
  if (all.length === 0) say('there is no run to send');
  return all;
}

function trackedWords({ url, values, artifacts }: Tracked): string {
  const files = typeof artifacts === 'number' ? `${artifacts} files` : `no files: ${artifacts}`;
  return `MLflow has it: ${url} (${values.toLocaleString('en')} values, ${files})`;
}
