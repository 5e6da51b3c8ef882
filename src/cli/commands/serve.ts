import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import { stdoutLines } from '../log_lines.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import { allowOption, dataOption, engineOption, unfinishedOption, wholeNumber, withExample } from '../options.ts';
import { say, sayEngine } from '../report.ts';
import { type Ending, signals } from '../signals.ts';

interface Options extends RunOptions {
  readonly host: string;
  readonly port: number;
  readonly index?: string;
  readonly table?: string;
  readonly tokenFile?: string;
  readonly deadline?: number;
  readonly mostItems?: number;
  readonly mostRequests?: number;
  readonly mostBytes?: number;
  readonly waiting?: number;
  readonly log: boolean;
}

const limit = (flag: string, description: string): Option => new Option(flag, description).argParser(wholeNumber);

export function serveCommand(program: Command): void {
  const command = new Command('serve')
    .description('answer requests for recommendations over HTTP')
    .argument('<run>', 'the folder of a trained model')
    .option('--host <address>', 'listen on this address of the machine', '127.0.0.1')
    .addOption(
      new Option('--port <number>', 'listen on this port; 0 takes any that is free').argParser(portOf).default(8321),
    )
    .option('--index <address>', 'search in the index that `tower index` wrote there, and not in the scan')
    .option('--table <name>', 'with --index: search in the index of this name (default: `tower_items`)')
    .option('--token-file <file>', 'answer only requests with the bearer token in this file')
    .addOption(limit('--deadline <milliseconds>', 'give up an answer after this time (default: 2000)'))
    .addOption(limit('--most-items <count>', 'give at most this many items in an answer (default: 1000)'))
    .addOption(limit('--most-requests <count>', 'take at most this many requests in an array (default: 256)'))
    .addOption(limit('--most-bytes <count>', 'take at most this many bytes in a body (default: 1048576)'))
    .addOption(limit('--waiting <count>', 'let this many bodies wait for their turn (default: 256)'))
    .option('--no-log', 'write no line for each request');
  for (const option of [dataOption(), allowOption(), engineOption(), unfinishedOption()]) command.addOption(option);
  command.action(async (folder: string, options: Options) => {
    const { host, port, index, table, tokenFile, deadline, waiting, log, ...others } = options;
    const { mostItems, mostRequests, mostBytes, ...ofRun } = others;
    const { refuseUnsafe, serve, takeAddress } = await import('../../api/serve.ts');
    const token = tokenFile === undefined ? undefined : readToken(tokenFile);
    await refuseUnsafe({ host, token, path: tokenFile });
    // A port in use is known before a run is loaded.
    const lines = log ? stdoutLines() : undefined;
    const door = await takeAddress(host, port);
    try {
      const run = await openRun(folder, ofRun);
      sayEngine(await run.engine());
      const limits = defined({ deadline, k: mostItems, batch: mostRequests, body: mostBytes, waiting });
      const asked = {
        host,
        port,
        door,
        limits,
        ...defined({ token, index, table }),
        ...(lines ? { log: lines.write } : {}),
      };
      const serving = await serve(run, asked);
      for (const note of await run.notes()) say(note);
      if (serving.index !== undefined) say(`searching in ${serving.index}`);
      say(`serving ${folder} on ${serving.url}`);
      await untilSignal();
      say('stopping: requests that have arrived are answered');
      await serving.close();
      await run.close();
    } finally {
      await door.close();
      lines?.flush();
    }
  });
  program.addCommand(
    withExample(
      command,
      'tower serve runs/first',
      'tower serve runs/first --host 0.0.0.0 --port 80 --token-file token.txt',
    ),
  );
}

function portOf(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a number up to 65535.');
  return Number(text);
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : failure('cannot-read', { path, reason });
  }
}

/** Ends at the first signal. A second one ends the process, whatever it is doing. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isEnding = false;
    const end = (signal: Ending): void => {
      if (isEnding) process.exit(128 + constants.signals[signal]);
      isEnding = true;
      resolve();
    };
    for (const signal of signals) process.on(signal, end);
  });
}
