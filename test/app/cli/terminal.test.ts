/** The command line on a terminal of 80 × 40: progress overwrites nothing that was printed, and lines break between words. */
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../temporary_folder.ts';
import { writeProject } from './project.ts';
import { hasTerminals, linesOnTerminal, screenOf } from './terminal.ts';
import { program } from './tower.ts';

if (!hasTerminals) console.warn('the command line is not tried on a terminal: there is no python3 with `pty`');

const size = { rows: 40, columns: 80 };

it.skipIf(!hasTerminals)(
  'a training leaves the line of each epoch on the terminal, and no line ends inside a word',
  () => {
    const folder = temporaryFolder('tower-terminal-');
    writeProject(folder);
    const words = ['--data', 'data.tower', '--out', 'runs/one', '--engine', 'javascript', '--set', 'epochs=4'];
    const lines = linesOnTerminal([process.execPath, program, 'train', 'films.tower', ...words], size, folder);
    const epochs = lines.flatMap((line) => /^epoch \d+/.exec(line) ?? []);
    expect(epochs, lines.join('\n')).toEqual(['epoch 1', 'epoch 2', 'epoch 3', 'epoch 4']);
    const text = lines.join('\n');
    expect(text.match(/ · recall@50 \S+/g), text).toHaveLength(4);
    expect(text, text).toMatch(/^trained into runs\/one: best .* on validation .*, seen\s+items excluded$/m);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => /[=-]{8}/.test(line))).toEqual([]);
  },
);

it('the screen of the test is that of a terminal', () => {
  expect(screenOf('abcdef\r\nx', { rows: 2, columns: 4 })).toEqual(['abcd', 'ef', 'x']);
  expect(screenOf('\x1b7one\r\ntwo\r\n\x1b8\x1b[2Kend', { rows: 4, columns: 9 })).toEqual(['end', 'two', '']);
  expect(screenOf('\x1b[?7labcdef', { rows: 4, columns: 4 })).toEqual(['abcf']);
});
