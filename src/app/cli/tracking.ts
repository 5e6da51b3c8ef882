/** Sends runs to a tracking server for `tower train --track` and `tower runs --track`, and says what came of it. */
import { Failure } from '../../base/diagnostics/diagnostic.ts';
import { quoteForShell } from '../../base/diagnostics/wording.ts';
import type { RunSummary } from '../api/runs.ts';
import { openTracker, type Tracked, type Tracker, track } from '../api/track.ts';
import { printDiagnostic, say } from './report.ts';

/** What a tracking server is told about a run. */
interface TrackingOptions {
  readonly out: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly seed?: number;
}

/** @throws Failure `track-address` */
export async function openTracking(address: string, { out, model, settings, seed }: TrackingOptions): Promise<Tracker> {
  let isBehind = false;
  const tracker = openTracker(address, {
    out,
    model,
    settings: seed === undefined ? settings : { ...settings, seed: String(seed) },
    onWarning(warning) {
      isBehind = true;
      printDiagnostic(warning);
    },
  });
  return {
    ...tracker,
    async end(status) {
      const tracked = await tracker.end(status);
      if (tracked) say(trackedWords(tracked));
      else if (isBehind)
        say(
          `MLflow does not have all of this run: \`tower runs ${quoteForShell(out)} --track ${quoteForShell(address)}\` sends the rest`,
        );
      return tracked;
    },
  };
}

/** Sends the runs that have ended. @throws Failure `track-address`, `track-failed`, … */
export async function trackRuns(runs: readonly RunSummary[], address: string): Promise<Tracked[]> {
  const trackedRuns: Tracked[] = [];
  for (const { folder, status, reason } of runs) {
    if (status === 'running' || status === 'damaged') {
      say(`${folder} is not sent: ${reason ?? 'it trains now'}`);
      continue;
    }
    try {
      const tracked = await track(folder, address);
      say(`${folder}: ${trackedWords(tracked)}`);
      trackedRuns.push(tracked);
    } catch (error) {
      // A folder that cannot be sent does not stop the others; a failure of the server does.
      if (!(error instanceof Failure) || error.diagnostics.some(({ code }) => code.startsWith('track-'))) throw error;
      say(`${folder} is not sent: ${error.message}`);
    }
  }
  if (trackedRuns.length === 0) say('there is no run to send');
  return trackedRuns;
}

function trackedWords({ url, values, artifacts }: Tracked): string {
  const files = typeof artifacts === 'number' ? `${artifacts} files` : `no files: ${artifacts}`;
  return `MLflow has it: ${url} (${values.toLocaleString('en')} values, ${files})`;
}
