import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isAbsolute, normalize } from 'node:path';
import type { Command } from 'commander';
import { throwFileError } from '../../../base/diagnostics/diagnostic.ts';
import { chooseEngine } from '../../../engines/engines.ts';
import { serveProcesses } from '../../api/processes/primary.ts';
import { type LogLines, makeLogLines, refuseUnsafe, type Serving, serve, takeAddress } from '../../api/serve.ts';
import { type ServingVersions, serveVersions, type VersionsRequest } from '../../api/versions/serve_versions.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import {
  allowOption,
  appendTo,
  asOfOption,
  dataOption,
  engineOption,
  noCacheOption,
  portOf,
  unfinishedOption,
  wholeNumber,
  wholeNumberFrom0,
  withExample,
} from '../options.ts';
import { say, sayEngine, sayNotes } from '../report.ts';
import { type EndingSignal, signals, withInterruptSignal } from '../signals.ts';

interface ServeCommandOptions
  extends RunOptions,
    Pick<VersionsRequest, 'watch' | 'index' | 'table' | 'userVectors' | 'items' | 'events'> {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly allowHost?: readonly string[];
  readonly deadline?: number;
  readonly mostItems?: number;
  readonly mostRequests?: number;
  readonly mostBytes?: number;
  readonly waiting?: number;
  readonly log: boolean;
  readonly logShown?: boolean;
  readonly processes: number;
  readonly drain: number;
}

/** The function is long because each option takes a line. */
export function serveCommand(command: Command): void {
  command
    .argument('[run]', 'the folder of a trained model')
    .option('--watch <folder>', 'answer from the newest run of this folder, and take newer ones when they come')
    .option('--host <address>', 'listen on this address of the machine', '127.0.0.1')
    .option('--port <number>', 'listen on this port; 0 takes any that is free', portOf, 8321)
    .option(
      '--index <place>',
      'search in the index that `tower index` wrote there: a folder or an address; with `--watch`, a folder in each run, such as `index`',
    )
    .option('--table <name>', 'with --index: search in the index of this name (default: `tower_items`)')
    .option('--token-file <file>', 'answer only requests with the bearer token in this file')
    .option(
      '--allow-host <name>',
      'allow requests for this host name without a token, such as that of a proxy in front; may be repeated',
      appendTo,
    )
    .option('--deadline <milliseconds>', 'give up an answer after this time (default: 2000)', wholeNumber)
    .option('--most-items <count>', 'give at most this many items in an answer (default: 1000)', wholeNumber)
    .option('--most-requests <count>', 'take at most this many requests in an array (default: 256)', wholeNumber)
    .option('--most-bytes <count>', 'take at most this many bytes in a body (default: 1048576)', wholeNumber)
    .option(
      '--waiting <count>',
      'let this many requests of a burst wait while 16 are answered (default: 64)',
      wholeNumber,
    )
    .option(
      '--user-vectors <MiB>',
      'keep the query vectors of users who have asked in this much memory; 0 keeps none (default: 32)',
      wholeNumberFrom0,
    )
    .option(
      '--items <log>',
      'take items that are added, changed and deleted, and keep them in this folder, or in redis://HOST/NAME for several servers',
    )
    .option(
      '--events <log>',
      'take events of users, answer with them from the next request on, and keep them in this folder, or in redis://HOST/NAME',
    )
    .option(
      '--processes <count>',
      'answer in this many processes, each with a copy of the model (default: 1)',
      wholeNumber,
      1,
    )
    .option(
      '--drain <seconds>',
      'answer for this time after SIGTERM while `/readyz` says 503, so that a load balancer notices first',
      wholeNumberFrom0,
      5,
    )
    .option('--no-log', 'write no line for each request')
    .option('--log-shown', 'write a line for each answer too: user, items, scores and probabilities');
  for (const option of [asOfOption(), noCacheOption(), dataOption(), allowOption(), engineOption(), unfinishedOption()])
    command.addOption(option);
  command.action(async (folder: string | undefined, options: ServeCommandOptions) => {
    const { host, port, watch, index, table, tokenFile, log, processes, engine: requestedEngine } = options;
    const { data, allow, unfinished, cache, asOf, items, events, userVectors, logShown, allowHost: hosts } = options;
    const { deadline, mostItems, mostRequests, mostBytes, waiting, drain } = options;
    const complaint = conflictOf(folder, options);
    if (complaint !== undefined) command.error(`error: ${complaint}`);
    const token = tokenFile === undefined ? undefined : readToken(tokenFile);
    await refuseUnsafe({ host, token, path: tokenFile });
    const limits = { deadline, k: mostItems, batch: mostRequests, body: mostBytes, waiting };
    const lines = log ? stdoutLines() : undefined;
    const logOptions = { items, events, say, log: lines?.write, logShown };
    const serveRequest = { host, port, hosts, limits, token, index, table, userVectors, ...logOptions };
    const readOptions = { data, allow, unfinished, cache, asOf };
    if (processes > 1) {
      const request = { ...serveRequest, ...readOptions, folder, watch, engine: requestedEngine, processes };
      const serving = await withInterruptSignal((signal) =>
        serveProcesses({ ...request, onEngine: sayEngine, signal }),
      );
      say(`serving ${folder ?? watch} on ${serving.url} in ${processes} processes`);
      await untilEnd(serving, drain);
      lines?.flush();
      return;
    }
    // Takes the address first, so that a port in use is reported before a run is loaded.
    const door = await takeAddress(host, port);
    try {
      const choice = await chooseEngine(requestedEngine, 'serving');
      const loadOptions = { ...readOptions, engine: choice.engine.name };
      if (folder !== undefined) {
        const run = await openRun(folder, loadOptions, 'recommender');
        sayEngine(choice);
        const serving = await serve(run, { ...serveRequest, door });
        sayNotes(await run.notes());
        if (serving.index !== undefined) say(`searching in ${serving.index}`);
        say(`serving ${folder} on ${serving.url}`);
        await closeAtSignal(signals, serving, drain);
        await run.close();
        return;
      }
      const request = { ...serveRequest, ...loadOptions, door, watch, onEngine: () => sayEngine(choice) };
      const serving = await withInterruptSignal((signal) => serveVersions({ ...request, signal }));
      say(`serving ${watch} on ${serving.url}`);
      await untilEnd(serving, drain);
    } finally {
      await door.close();
      lines?.flush();
    }
  });
  withExample(
    command,
    'tower serve runs/first',
    'tower serve --watch models/live',
    'tower serve runs/first --host 0.0.0.0 --port 80 --token-file token.txt',
  );
}

/** Returns why options do not fit together. */
function conflictOf(
  folder: string | undefined,
  { watch, index, events, asOf }: ServeCommandOptions,
): string | undefined {
  if (events !== undefined && asOf !== undefined) return "option '--events' does not go with '--as-of'";
  if ((folder === undefined) === (watch === undefined)) {
    return 'give a run, or the folder of runs with `--watch <folder>`';
  }
  if (index === undefined || watch === undefined || /^\w+:\/\//.test(index)) return undefined;
  const isInside = !isAbsolute(index) && !normalize(index).startsWith('..');
  return isInside ? undefined : "with '--watch', '--index' is a folder in each run, such as 'index'";
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    return throwFileError('cannot-read', path, error);
  }
}

/** Resolves when a signal has ended the server. */
async function untilEnd(serving: ServingVersions, drain: number): Promise<void> {
  // By convention SIGHUP makes a daemon reload its files.
  process.on('SIGHUP', () => void serving.look().catch((error: Error) => say(error.message)));
  await closeAtSignal(['SIGINT', 'SIGTERM'], serving, drain);
}

/** Closes a server at a signal: at Ctrl-C at once, and at SIGTERM after `drain` seconds, in which the load balancer of a supervisor notices. */
async function closeAtSignal(endingSignals: readonly EndingSignal[], serving: Serving, drain: number): Promise<void> {
  const seconds = (await untilSignal(endingSignals)) === 'SIGTERM' ? drain : 0;
  const others = seconds === 0 ? '' : `, and others for ${seconds} seconds, in which /readyz answers 503`;
  say(`stopping: requests that have arrived are answered${others}`);
  await serving.close(undefined, seconds * 1000);
}

/** Resolves at the first signal. A second one ends the process immediately. */
function untilSignal(endingSignals: readonly EndingSignal[]): Promise<EndingSignal> {
  return new Promise((resolve) => {
    let isEnding = false;
    const endServer = (signal: EndingSignal): void => {
      if (isEnding) process.exit(128 + constants.signals[signal]);
      isEnding = true;
      resolve(signal);
    };
    for (const signal of endingSignals) process.on(signal, endServer);
  });
}

/** Returns log lines for stdout. They are also written if the process ends early, as by a second signal. */
function stdoutLines(): LogLines {
  const lines = makeLogLines((text) => void process.stdout.write(text));
  process.once('exit', () => lines.flush());
  return lines;
}
