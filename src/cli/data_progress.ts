/** One progress bar for the rows of a set on stderr. Without a terminal: nothing. */
import { SingleBar } from 'cli-progress';

export interface DataProgress {
  rows(done: number, of: number): void;
  end(): void;
}

export function makeDataProgress(): DataProgress {
  const bar = new SingleBar({
    format: '{bar} {percentage}% · {value} of {total} rows · {eta_formatted} left',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  let isDrawn = false;
  return {
    rows(done, of) {
      if (!process.stderr.isTTY) return;
      if (!isDrawn) bar.start(of, 0);
      isDrawn = true;
      bar.update(done);
    },
    end() {
      if (isDrawn) bar.stop();
      isDrawn = false;
    },
  };
}
