/** One progress bar for the passes over rows on stderr, and one line about where they go. Without a terminal: only the line. */
import { bytesWords } from '../../base/diagnostics/wording.ts';
import { passWords } from '../../data/shards/passes.ts';
import type { MemoryRequest, PassEvent, ShardDecision } from '../api/shards.ts';
import { makeBar } from './bar.ts';
import { say } from './report.ts';

export interface ShardsProgress extends Required<Pick<MemoryRequest, 'onPass' | 'onDecision'>> {
  end(): void;
}

export function makeShardsProgress(): ShardsProgress {
  const bar = makeBar('{pass} {bar} {percentage}% · {eta_formatted} left');
  let drawnPass: PassEvent['pass'] | undefined;
  const endBar = (): void => {
    if (drawnPass) bar.stop();
    drawnPass = undefined;
  };
  return {
    onPass({ pass, done, total }) {
      if (!process.stderr.isTTY) return;
      if (drawnPass !== pass) {
        endBar();
        bar.start(total, done, { pass: passWords[pass] });
        drawnPass = pass;
      }
      bar.update(done);
      if (done === total) endBar();
    },
    onDecision(decision) {
      endBar();
      say(decisionWords(decision));
    },
    end: endBar,
  };
}

export function decisionWords({ rows, needed, memory, folder, reused, continues }: ShardDecision): string {
  const why = needed === undefined ? '' : `about ${bytesWords(needed)} with tables, of ${bytesWords(memory)}`;
  if (rows === 'memory') return `rows: in memory (${why})`;
  if (reused) return `rows: in shards that are there already, in ${folder}`;
  if (continues) {
    return `rows: in shards, in ${folder} (the passes go on where they were stopped: ${continues.done} of ${continues.of} buckets are done)`;
  }
  return `rows: in shards, in ${folder} (in memory they take ${why})`;
}
