/** Lines of a log, written many at a time: a call of the system for each request would take more than a tenth of its time. */

export interface LogLines {
  write(line: string): void;
  /** Writes what is left. */
  flush(): void;
}

/** Milliseconds that a line waits at most, and characters that wait at most. */
const [longest, most] = [50, 65_536];

export function makeLogLines(output: (text: string) => void): LogLines {
  let lines: string[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    lines = [];
    length = 0;
    output(text);
  };
  return {
    flush,
    write(line) {
      lines.push(line);
      length += line.length;
      if (length >= most) flush();
      else timer ??= setTimeout(flush, longest);
    },
  };
}

/** Lines on stdout. A process that ends without its last step, as by a second signal, still writes them. */
export function stdoutLines(): LogLines {
  const lines = makeLogLines((text) => void process.stdout.write(text));
  process.once('exit', () => lines.flush());
  return lines;
}
