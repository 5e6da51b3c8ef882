/**
 * The language server on a model of fifty lines and on one of two thousand: from launch to its first answer, from a keystroke to fresh diagnostics
 * (in a value; and of a new line, letter by letter, which is broken in between), and its memory after many edits. The server waits for a pause
 * before it checks: that time is no part of the figures. Both clocks are shown, as the wall's says little of a busy machine: time that passed,
 * and time that the server's processor took.
 * `--asks` adds what an editor asks after a keystroke: each question after one of its own.
 * `npm run build && npx tsx bench/editor.ts [--json] [--edits=2000] [--keys=100] [--asks]`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { tableOf } from '../src/app/cli/layout.ts';
import { debounceMs } from '../src/editor/lsp/diagnostics.ts';
import { largeModel } from './editor_model.ts';
import { describeMachine, median } from './machine.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const goals = { ready: 300, memory: 200 };
const edits = Number(option('edits') ?? 2000);
const keys = Number(option('keys') ?? 100);
const root = join(import.meta.dirname, '..');
const uri = pathToFileURL(join(root, 'large.tower')).href;

/** Milliseconds of processor that a process took so far, to the kernel's nearest ten. */
function processorOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const residentOf = ({ pid }: ChildProcess): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);

interface Started {
  readonly child: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly wall: number;
  readonly processor: number;
}

async function start(): Promise<Started> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'lsp', '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout!),
    new StreamMessageWriter(child.stdin!),
  );
  connection.listen();
  await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
  const wall = performance.now() - began;
  return { child, connection, wall, processor: processorOf(child) };
}

async function stop({ child, connection }: Started): Promise<void> {
  await connection.sendRequest('shutdown');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await connection.sendNotification('exit');
  await ended;
  connection.dispose();
}

/** A stretch of about as many lines as a window shows, from half of it before a place. */
const linesAround = ({ line }: Position): Range => ({
  start: { line: Math.max(0, line - 30), character: 0 },
  end: { line: line + 30, character: 0 },
});

/**
 * What an editor asks after a keystroke, at the place of the keystroke.
 * @param before names the last answer about all semantic tokens
 */
type Ask = (at: Position, before: string | undefined) => readonly [method: string, params: object];

const asks: Readonly<Record<string, Ask>> = {
  'semantic tokens': () => ['textDocument/semanticTokens/full', {}],
  'semantic tokens that differ': (_, previousResultId) => [
    'textDocument/semanticTokens/full/delta',
    { previousResultId },
  ],
  'semantic tokens of 60 lines': (at) => ['textDocument/semanticTokens/range', { range: linesAround(at) }],
  'inlay hints of 60 lines': (at) => ['textDocument/inlayHint', { range: linesAround(at) }],
  'code lenses': () => ['textDocument/codeLens', {}],
  'weights of a tower': () => [
    'codeLens/resolve',
    { range: linesAround({ line: 0, character: 0 }), data: { uri, tower: 'user' } },
  ],
  'document symbols': () => ['textDocument/documentSymbol', {}],
  'folding ranges': () => ['textDocument/foldingRange', {}],
  completion: (at) => ['textDocument/completion', { position: at }],
  hover: ({ line, character }) => ['textDocument/hover', { position: { line, character: character - 6 } }],
};

/** A text in the server, changed a letter at a time. */
class Typing {
  version = 1;
  #tokens: string | undefined;
  #answered: (version: number) => void = () => {};

  constructor(
    private readonly server: Started,
    private text: string,
  ) {
    server.connection.onNotification('textDocument/publishDiagnostics', ({ version }: PublishDiagnosticsParams) => {
      if (version !== undefined) this.#answered(version);
    });
  }

  async open(): Promise<void> {
    const answered = this.#answer();
    await this.server.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'tower', version: this.version, text: this.text },
    });
    await answered;
  }

  /** Milliseconds from the keystroke to its diagnostics, without the pause that the server waits for. */
  async key(offset: number, removed: number, text: string): Promise<number> {
    const at = this.#position(offset);
    const end = this.#position(offset + removed);
    this.text = this.text.slice(0, offset) + text + this.text.slice(offset + removed);
    this.version++;
    const answered = this.#answer();
    const began = performance.now();
    await this.server.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: this.version },
      contentChanges: [{ range: { start: at, end }, text }],
    });
    await answered;
    return performance.now() - began - debounceMs;
  }

  #answer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = (version) => {
        if (version === this.version) resolve();
      };
    });
  }

  /** Milliseconds from a question to its answer. */
  async ask(name: string, offset: number): Promise<number> {
    const [method, params] = asks[name]!(this.#position(offset), this.#tokens);
    const began = performance.now();
    const answer = await this.server.connection.sendRequest<{ readonly resultId?: string } | null>(method, {
      textDocument: { uri },
      ...params,
    });
    const took = performance.now() - began;
    this.#tokens = answer?.resultId ?? this.#tokens;
    return took;
  }

  #position(offset: number): Position {
    const before = this.text.slice(0, offset);
    const line = before.split('\n').length - 1;
    return { line, character: offset - (before.lastIndexOf('\n') + 1) };
  }
}

interface Figures {
  readonly wall: number;
  readonly processor: number;
  readonly slowest: number;
}

async function measure(server: Started, keys: readonly (() => Promise<number>)[]): Promise<Figures> {
  const times: number[] = [];
  const before = processorOf(server.child);
  for (const key of keys) times.push(await key());
  return {
    wall: median(times),
    processor: (processorOf(server.child) - before) / keys.length,
    slowest: Math.max(...times),
  };
}

const starts: Started[] = [];
for (let round = 0; round < 7; round++) {
  const server = await start();
  starts.push(server);
  await stop(server);
}

interface Measured {
  readonly lines: number;
  readonly goal: number;
  readonly value: Figures;
  readonly newLine: Figures;
  readonly asked: Readonly<Record<string, Figures>>;
  /** MB at rest after the edits, and while they were made. */
  readonly memory: number;
  readonly busy: number;
}

async function measureModel(text: string, goal: number): Promise<Measured> {
  const server = await start();
  const typing = new Typing(server, text);
  await typing.open();

  /** Where a digit of a width can be put, all over the text; each is taken away again. */
  const places = [...text.matchAll(/dim: (\d+)|mlp\((?:width|\d+), (\d+)|reduction: (\d+)|epochs = (\d+)/g)].map(
    ({ index, 0: found }) => index + found.length,
  );
  const inValue = (count: number): (() => Promise<number>)[] =>
    Array.from({ length: count }, (_, at) => {
      const offset = places[(Math.floor(at / 2) * 37) % places.length]!;
      return () => (at % 2 === 0 ? typing.key(offset, 0, '0') : typing.key(offset, 1, ''));
    });
  const line = '  extra : list(category(dim: 8), max: 12)\n';
  const features = text.indexOf('features {\n') + 'features {\n'.length;
  const middle = Math.max(features, text.indexOf('  item_3_3 :'));
  const newLine: (() => Promise<number>)[] = [
    ...[...line].map((letter, at) => () => typing.key(middle + at, 0, letter)),
    () => typing.key(middle, line.length, ''),
  ];

  await measure(server, [...inValue(60), ...newLine]);
  const value = await measure(server, inValue(keys));
  const whole = await measure(server, newLine);
  /** Each question after a keystroke that is answered already; the processor's time is that of the question alone. */
  const asked: Record<string, Figures> = {};
  for (const name of process.argv.includes('--asks') ? Object.keys(asks) : []) {
    const figures: Figures[] = [];
    for (const [at, key] of inValue(12).entries()) {
      await key();
      figures.push(await measure(server, [() => typing.ask(name, places[(Math.floor(at / 2) * 37) % places.length]!)]));
    }
    asked[name] = {
      wall: median(figures.map(({ wall }) => wall)),
      processor: figures.reduce((sum, { processor }) => sum + processor, 0) / figures.length,
      slowest: Math.max(...figures.map(({ slowest }) => slowest)),
    };
  }
  for (let done = 0; done < edits; done += 200) await measure(server, inValue(200));
  const busy = residentOf(server.child);
  // Nobody types for a moment.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const memory = residentOf(server.child);
  await stop(server);
  return { lines: text.split('\n').length - 1, goal, value, newLine: whole, asked, memory, busy };
}

const models = [
  await measureModel(readFileSync(join(root, 'models/restaurant_objectives.tower'), 'utf8'), 10),
  await measureModel(largeModel(), 100),
];
const ready = {
  wall: median(starts.map(({ wall }) => wall)),
  processor: median(starts.map(({ processor }) => processor)),
};
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine: describeMachine(), goals, debounceMs, ready, models, edits }, null, 2));
} else {
  console.log(describeMachine());
  const ms = (time: number): string => `${time.toFixed(1)} ms`;
  console.log(
    `launch to first answer: ${ms(ready.wall)}, ${ms(ready.processor)} of the processor; the goal is ${goals.ready} ms`,
  );
  console.log(`the server checks ${debounceMs} ms after the last keystroke; the times are without these`);
  for (const { lines, goal, value, newLine, asked, memory, busy } of models) {
    const head = [`${lines} lines`, 'passed', 'processor', 'slowest', 'goal'];
    const rows: string[][] = [];
    const row = (name: string, { wall, processor, slowest }: Figures, wanted: number): string[] => [
      ...[name, ms(wall), ms(processor), ms(slowest), `${wanted} ms`],
    ];
    rows.push(
      row('a keystroke in a value', value, goal),
      row('a keystroke of a new line', newLine, goal),
      ...Object.entries(asked).map(([name, figures]) => row(name, figures, 100)),
      [`memory after ${edits} edits; while typing`, `${memory} MB; ${busy} MB`, '', '', `${goals.memory} MB`],
    );
    console.log(tableOf(head, rows));
  }
}
