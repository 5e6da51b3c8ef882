/** Questions on a terminal, with the likeliest answer first: Enter takes it. */
import { createInterface } from 'node:readline/promises';
import { Interrupted } from './signals.ts';

export interface AskedChoice {
  readonly value: string;
  readonly text: string;
}

/** True if both ends are a terminal. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

const own: Terminal = { input: process.stdin, output: process.stderr };

/**
 * The value of a choice. An answer that is no number of a choice is asked again; the end of the input takes the first.
 * @throws Interrupted at Ctrl-C, which answers nothing
 */
export async function ask(question: string, choices: readonly AskedChoice[], on = own): Promise<string> {
  const lines = [question, ...choices.map(({ text }, at) => `  ${at + 1}  ${text}`)];
  on.output.write(`${lines.join('\n')}\n`);
  for (;;) {
    const text = await answerTo(`1–${choices.length}, Enter for 1: `, on);
    if (text === undefined || text === '') return choices[0]!.value;
    const chosen = choices[Number(text) - 1] ?? choices.find(({ value }) => value.toLowerCase() === text.toLowerCase());
    if (chosen) return chosen.value;
  }
}

/**
 * Numbers of the choices, such as `1 3`; Enter takes all.
 * @throws Interrupted at Ctrl-C
 */
export async function askSome(question: string, choices: readonly string[], on = own): Promise<readonly string[]> {
  on.output.write(`${[question, ...choices.map((text, at) => `  ${at + 1}  ${text}`)].join('\n')}\n`);
  for (;;) {
    const text = await answerTo('numbers such as 1 3, Enter for all: ', on);
    if (text === undefined || text === '') return choices;
    const chosen = text.split(/[\s,]+/).map((number) => choices[Number(number) - 1]);
    if (chosen.every((each) => each !== undefined)) return chosen as string[];
  }
}

/** A line; undefined where the input ends. Readline takes Ctrl-C for an end of the input unless somebody listens. */
async function answerTo(prompt: string, { input, output }: Terminal): Promise<string | undefined> {
  const lines = createInterface({ input, output });
  try {
    const inputEnded = new Promise<undefined>((resolve, reject) => {
      lines.once('SIGINT', () => {
        output.write('\n');
        reject(new Interrupted('SIGINT'));
      });
      lines.once('close', () => resolve(undefined));
    });
    return (await Promise.race([lines.question(prompt), inputEnded]))?.trim();
  } finally {
    lines.close();
  }
}
