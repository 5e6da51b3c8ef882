/** One progress bar for the items of an index on stderr, and lines above it. Without a terminal: only the lines. */
import { SingleBar } from 'cli-progress';
import { say } from './report.ts';

export interface IndexProgress {
  items(done: number, of: number): void;
  say(line: string): void;
  end(): void;
}

export function makeIndexProgress(): IndexProgress {
  const bar = new SingleBar({
    format: '{bar} {percentage}% · {value} of {total} items · {eta_formatted} left',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  let isDrawn = false;
  const end = (): void => {
    if (isDrawn) bar.stop();
    isDrawn = false;
  };
  return {
    items(done, of) {
      if (!process.stderr.isTTY) return;
      if (!isDrawn) bar.start(of, 0);
      isDrawn = true;
      bar.update(done);
    },
    say(line) {
      end();
      say(line);
    },
    end,
  };
}
