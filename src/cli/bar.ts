/** Progress bars on stderr, which look alike. */
import { SingleBar } from 'cli-progress';

/** How long something takes yet. Before anything is done cli-progress gives the words `NULL` and `INF` in place of seconds. */
export function leftWords(given: number | string): string {
  const seconds = Number(given);
  if (!Number.isFinite(seconds)) return '?';
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours}h${minutes}m`;
  return minutes > 0 ? `${minutes}m${Math.floor(seconds % 60)}s` : `${Math.floor(seconds)}s`;
}

/** Without a terminal it draws nothing. @param format as cli-progress reads it */
export const makeBar = (format: string): SingleBar =>
  new SingleBar({
    format,
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
    formatTime: leftWords,
  });

export interface CountBar {
  /** Draws the bar with its first value. Without a terminal: nothing. */
  count(done: number, of: number): void;
  end(): void;
}

/** Of things that are counted, such as `rows`. */
export function makeCountBar(what: string): CountBar {
  const bar = makeBar(`{bar} {percentage}% · {value} of {total} ${what} · {eta_formatted} left`);
  let isDrawn = false;
  return {
    count(done, of) {
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
