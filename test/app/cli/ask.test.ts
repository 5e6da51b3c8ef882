/** Questions on a terminal: a number, Enter, the end of the input, and Ctrl-C. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askQuestion, askSome } from '../../../src/app/cli/commands/init_command.ts';
import { Interrupted } from '../../../src/app/cli/signals.ts';

const choices = [
  { value: 'one', text: 'the first' },
  { value: 'two', text: 'the second' },
];

/** Types keys once the question is there, as a person does. */
function terminal(keys: string, end = false) {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = '';
  output.on('data', (piece) => {
    shown += String(piece);
    if (!shown.includes('Enter for')) return;
    output.removeAllListeners('data');
    output.resume();
    input.write(keys);
    if (end) input.end();
  });
  return { input, output };
}

describe('a question', () => {
  it('takes a number, a value, and Enter for the first', async () => {
    expect(await askQuestion('Which?', choices, terminal('2\r'))).toBe('two');
    expect(await askQuestion('Which?', choices, terminal('TWO\r'))).toBe('two');
    expect(await askQuestion('Which?', choices, terminal('\r'))).toBe('one');
    expect(await askQuestion('Which?', choices, terminal('', true))).toBe('one');
    expect(await askSome('Which?', ['a', 'b', 'c'], terminal('3, 1\r'))).toEqual(['c', 'a']);
  });

  it('is not answered by Ctrl-C, which ends the command', async () => {
    await expect(askQuestion('Which?', choices, terminal('\u0003'))).rejects.toBeInstanceOf(Interrupted);
    await expect(askSome('Which?', ['a', 'b'], terminal('\u0003'))).rejects.toBeInstanceOf(Interrupted);
  });
});
