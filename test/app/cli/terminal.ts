/** A program on a terminal of its own, and what stands on the screen at its end. */
import { spawnSync } from 'node:child_process';

/** Python has pseudo-terminals, Node.js has none. The child sets the size before it becomes the program. */
const inTerminal = `
import fcntl, os, pty, struct, sys, termios
rows, columns = int(sys.argv[1]), int(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
while True:
    try:
        read = os.read(terminal, 65536)
    except OSError:
        break
    if not read:
        break
    sys.stdout.buffer.write(read)
_, status = os.waitpid(child, 0)
sys.exit(os.WEXITSTATUS(status))
`;

export const hasTerminals = spawnSync('python3', ['-c', 'import fcntl, pty, termios']).status === 0;

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** All lines, from the first that has left the screen. @throws where the program fails */
export function linesOnTerminal(program: readonly string[], { rows, columns }: TerminalSize, cwd: string): string[] {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', inTerminal, `${rows}`, `${columns}`, ...program], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return screenOf(stdout, { rows, columns });
}

/** What a terminal makes of these bytes: the sequences that move the cursor, wrap and erase. */
export function screenOf(bytes: string, { rows, columns }: TerminalSize): string[] {
  const cells: string[][] = [];
  /** The first line of the screen, the others have left it. */
  let top = 0;
  let [row, column] = [0, 0];
  let [savedRow, savedColumn] = [0, 0];
  let wraps = true;
  const down = (): void => {
    row += 1;
    top = Math.max(top, row - rows + 1);
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals read.
  for (const [token, parameters = '', name] of bytes.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|\x1b[78]|[\s\S]/gu)) {
    const count = Number(parameters) || 1;
    const line = (cells[row] ??= []);
    if (name === 'A') row = Math.max(top, row - count);
    else if (name === 'B') row = Math.min(top + rows - 1, row + count);
    else if (name === 'C') column = Math.min(columns - 1, column + count);
    else if (name === 'D') column = Math.max(0, column - count);
    else if (name === 'G') column = count - 1;
    else if (name === 'K' && parameters === '2') cells[row] = [];
    else if (name === 'K') line.length = Math.min(line.length, column);
    else if (name === 'J') cells.length = row + 1;
    else if (parameters === '?7') wraps = name === 'h';
    else if (name !== undefined) continue;
    else if (token === '\x1b7') [savedRow, savedColumn] = [row - top, column];
    else if (token === '\x1b8') [row, column] = [top + savedRow, savedColumn];
    else if (token === '\r') column = 0;
    else if (token === '\n') down();
    else {
      if (column === columns && wraps) {
        column = 0;
        down();
      }
      column = Math.min(column, columns - 1);
      (cells[row] ??= [])[column] = token;
      column += 1;
    }
  }
  return Array.from(cells, (line = []) =>
    Array.from(line, (cell = ' ') => cell)
      .join('')
      .trimEnd(),
  );
}
