/** Progress bars on stderr, which look alike. A bar stands on the last line, and what is printed meanwhile stands above it. */
import { SingleBar } from 'cli-progress';
import { setBar } from './report.ts';

/** How long something takes yet. Before anything is done cli-progress gives the words `NULL` and `INF` in place of seconds. */
export function leftWords(given: number | string): string {
  const seconds = Number(given);
  if (!Number.isFinite(seconds)) return '?';
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours}h${minutes}m`;
  return minutes > 0 ? `${minutes}m${Math.floor(seconds % 60)}s` : `${Math.floor(seconds)}s`;
}

/** cli-progress ends at the place where it began. Lines of the user stand there by then, since the bar has moved down. */
const withoutSavedCursor: NodeJS.WriteStream = Object.create(process.stderr, {
  write: { value: (text: string) => ['\x1b7', '\x1b8'].includes(text) || process.stderr.write(text) },
});

/** Without a terminal it draws nothing. @param format as cli-progress reads it */
export function makeBar(format: string): SingleBar {
  const bar = new SingleBar({
    format,
    barsize: 16,
    clearOnComplete: true,
    hideCursor: true,
    stream: withoutSavedCursor,
    noTTYOutput: false,
    // Cuts the bar at the width of the terminal. Without it, the terminal would cut all lines while there is a bar.
    linewrap: true,
    // A line that is printed takes the bar away.
    forceRedraw: true,
    formatTime: leftWords,
  });
  bar.on('start', () => setBar(true));
  bar.on('stop', () => setBar(false));
  return bar;
}

export interface CountBar {
  /** Draws nothing without a terminal. */
  count(done: number, of: number): void;
  end(): void;
}

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
