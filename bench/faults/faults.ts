/**
 * The program under faults. Each command is killed at a random moment of its progress (an operation on a file of its folder, or a piece of its output),
 * looked at, and repeated as a user repeats it. Its files must then be those of a command that nobody disturbs. With `--errors` the disk
 * answers with EIO, or is full: the command must end with a code, and leave whole what was whole. It runs on Linux, with a C compiler.
 *   npm run bench:faults -- [command …] [--kills 60] [--errors 20] [--seed 1] [--keep]
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom } from '../../src/base/random/random.ts';

const program = resolve(process.env.TOWER_PROGRAM ?? 'dist/tower.cjs');
const source = join('bench', 'faults', 'fault.c');

/** Whether this machine can make disks fail. */
export const canFault = (): boolean => {
  try {
    return process.platform === 'linux' && execFileSync('cc', ['--version']).length > 0;
  } catch {
    return false;
  }
};

interface Case {
  readonly name: string;
  /** Puts what the command reads into an empty folder, which is its working folder. */
  arrange(folder: string): void;
  readonly args: readonly string[];
  /** How a user repeats it, given what is there. */
  again(folder: string): readonly string[];
  /** Files that stay from one try to the next: shards are named after the very file that their rows come from. */
  readonly stays?: readonly string[];
  /** What it writes. */
  readonly writes: readonly string[];
  /** Commands that read what it writes: each succeeds over a whole result, and otherwise ends with a code. */
  readonly readers: readonly (readonly string[])[];
  /** A file that says, where it exists, that the others are whole. Default: none is read by another program. */
  readonly whole?: string;
  /** In place of the comparison of bytes: several threads build a graph, so no two are the same. */
  isWhole?(folder: string): 'whole' | 'half' | 'absent';
  /** Of what it writes, files with times in them, such as the report of a training. */
  readonly timed?: RegExp;
}

const model = (batch: number, train: string, more = ''): string => `model small
features { user_id : id(dim: 8), item_id : id(dim: 8) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten -> mlp(16, 8) }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> mlp(16, 8) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1, correction: streaming) }
train { batch = ${batch}, ${train} }
${more}`;

const dataBlock = (held: string): string =>
  `data made { events = "events.csv", time = "at", split = by_time(validation: ${held}, test: ${held}) }\n`;

function eventsText(count: number, users: number): string {
  const random = makeRandom(7);
  const lines = Array.from({ length: count }, (_, at) => `${random.integer(users)},${random.integer(400)},${at}`);
  return `user_id,item_id,at\n${lines.join('\n')}\n`;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

const small = (folder: string): void =>
  write(folder, {
    'model.tower': model(256, 'epochs = 3, validate = every(steps: 5)'),
    'data.tower': dataBlock('5%'),
    'events.csv': eventsText(4000, 200),
  });

/** A run that other commands read: trained once. */
let trainedIn: string | undefined;
function withRun(folder: string): void {
  small(folder);
  if (trainedIn === undefined) {
    trainedIn = join(workFolder(), 'trained');
    small(trainedIn);
    tower(trainedIn, ['train', 'model.tower', '--data', 'data.tower', '--out', 'run']);
  }
  cpSync(join(trainedIn, 'run'), join(folder, 'run'), { recursive: true });
}

const train = ['train', 'model.tower', '--data', 'data.tower', '--out', 'run'];
/** A run that has begun goes on. One that is whole needs nothing more, and says so. */
const resumed = (folder: string): readonly string[] =>
  existsSync(join(folder, 'run', 'run.json')) ? ['--resume'] : [];
/** What `evaluate` adds to a run that is whole, and what has times in it. */
const besideTraining = /report\.html$|evaluation\.json$/;
const readersOfRun = [
  ['runs', '.', '--json'],
  ['evaluate', 'run', '--no-baselines', '--json'],
];

const shop = `train_input_path: "rows_train"
eval_input_path: "rows_test"
train_config { num_steps: 20 }
data_config {
  input_fields { input_name: 'clk' input_type: INT32 }
  input_fields { input_name: 'user' input_type: STRING }
  input_fields { input_name: 'item' input_type: STRING }
  label_fields: 'clk'
  batch_size: 64
  num_epochs: 1
  input_type: CSVInput
}
feature_config: {
  features: { input_names: 'user' feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 100 }
  features: { input_names: 'item' feature_type: IdFeature embedding_dim: 8 hash_bucket_size: 100 }
}
model_config: {
  model_class: "DSSM"
  feature_groups: { group_name: 'user' feature_names: ['user'] wide_deep: DEEP }
  feature_groups: { group_name: 'item' feature_names: ['item'] wide_deep: DEEP }
  dssm {
    user_tower { id: "user" dnn { hidden_units: [8] } }
    item_tower { id: "item" dnn { hidden_units: [8] } }
  }
  loss_type: CLASSIFICATION
}
`;
const shopRows = (count: number): string =>
  Array.from({ length: count }, (_, at) => `${at % 3 === 0 ? 1 : 0},u${at % 997},i${at % 499}`).join('\n');

export const cases: readonly Case[] = [
  {
    name: 'train',
    arrange: small,
    args: train,
    again: (folder) => [...train, ...resumed(folder)],
    writes: ['run'],
    timed: besideTraining,
    readers: readersOfRun,
  },
  {
    name: 'workers',
    arrange: small,
    args: [...train, '--workers', '2'],
    again: (folder) => [...train, '--workers', '2', ...resumed(folder)],
    writes: ['run'],
    timed: besideTraining,
    readers: readersOfRun,
  },
  {
    name: 'shards',
    arrange: (folder) => {
      if (existsSync(join(folder, 'events.csv'))) return;
      write(folder, {
        'model.tower': model(1024, 'epochs = 1, validate = every(steps: 200)'),
        'data.tower': dataBlock('0.2%'),
        'events.csv': eventsText(700_000, 20_000),
      });
    },
    stays: ['model.tower', 'data.tower', 'events.csv'],
    args: [...train, '--memory', '576M'],
    again: (folder) => [...train, '--memory', '576M', ...resumed(folder)],
    writes: ['run', 'tower-shards'],
    timed: /report\.html$|made\.json$/,
    readers: [['runs', '.', '--json']],
  },
  {
    name: 'index',
    arrange: withRun,
    args: ['index', 'run', '--engine', 'javascript'],
    again: () => ['index', 'run', '--engine', 'javascript'],
    writes: ['run/index'],
    readers: [],
    isWhole: (folder) => {
      const path = (name: string): string => join(folder, 'run', 'index', name);
      if (!existsSync(path('index.json'))) return 'absent';
      const { sha256 } = JSON.parse(readFileSync(path('index.json'), 'utf8')).files['lists.safetensors'];
      const isSame =
        existsSync(path('lists.safetensors')) && hashOf(readFileSync(path('lists.safetensors'))) === sha256;
      return isSame ? 'whole' : 'half';
    },
  },
  {
    name: 'export',
    arrange: withRun,
    args: ['export', 'run', '--index', '--out', 'towers'],
    again: () => ['export', 'run', '--index', '--out', 'towers', '--force'],
    writes: ['towers'],
    readers: [],
    whole: 'towers/serving.json',
  },
  {
    name: 'page',
    arrange: withRun,
    args: ['export', 'run', '--browser', '--out', 'page'],
    again: () => ['export', 'run', '--browser', '--out', 'page', '--force'],
    writes: ['page'],
    readers: [],
    whole: 'page/index.json',
  },
  {
    name: 'tune',
    arrange: (folder) => {
      small(folder);
      write(folder, {
        'model.tower': model(
          256,
          'epochs = 2, embeddings = adam(rate: 0.01)',
          'search { embeddings.rate : log 0.001 .. 0.1 }\n',
        ),
      });
    },
    args: [
      'tune',
      'model.tower',
      '--data',
      'data.tower',
      '--out',
      'study',
      '--trials',
      '4',
      '--finalists',
      '1',
      '--seeds',
      '1',
    ],
    again: (folder) => [
      ...['tune', 'model.tower', '--data', 'data.tower', '--out', 'study'],
      ...['--trials', '4', '--finalists', '1', '--seeds', '1'],
      ...(existsSync(join(folder, 'study', 'study.json')) ? ['--resume'] : []),
    ],
    writes: ['study'],
    timed: /report\.html$/,
    readers: [],
  },
  {
    name: 'import',
    arrange: (folder) =>
      write(folder, { 'shop.config': shop, rows_train: shopRows(60_000), rows_test: shopRows(9000) }),
    args: ['import', 'easyrec', 'shop.config', '--out', 'shop'],
    again: (folder) => {
      // As the message says: the files of an import that did not end are removed.
      if (!existsSync(join(folder, 'shop', 'model.tower')))
        rmSync(join(folder, 'shop'), { recursive: true, force: true });
      return ['import', 'easyrec', 'shop.config', '--out', 'shop'];
    },
    writes: ['shop'],
    readers: [['check', 'shop/model.tower', '--json']],
    whole: 'shop/model.tower',
  },
  {
    name: 'report',
    arrange: withRun,
    args: ['report', 'run'],
    again: () => ['report', 'run'],
    writes: ['run'],
    readers: [],
    whole: 'run/report.html',
  },
  {
    name: 'reports',
    arrange: (folder) => {
      withRun(folder);
      cpSync(join(folder, 'run'), join(folder, 'other'), { recursive: true });
    },
    args: ['report', 'run', 'other', '--out', 'both.html'],
    again: () => ['report', 'run', 'other', '--out', 'both.html'],
    writes: ['both.html'],
    readers: [],
    whole: 'both.html',
  },
];

let made: string | undefined;
/** Of this process. The library lies in it. */
export function workFolder(): string {
  if (made === undefined) {
    made = realpathSync(mkdtempSync(join(tmpdir(), 'faults-')));
    execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', join(made, 'fault.so'), source, '-ldl'], { stdio: 'inherit' });
  }
  return made;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Operations on files of the folder, and pieces of output. */
  readonly writes: number;
  readonly reads: number;
  readonly faults: number;
  readonly pieces: number;
}

interface Fault {
  readonly does: 'KILL' | 'EIO' | 'ENOSPC';
  readonly on: 'write' | 'read';
  readonly at: number;
  readonly lasts: 'once' | 'always';
}

const mostMilliseconds = 600_000;

/** Runs the program in a folder; a fault comes at an operation, a kill may also come at a piece of its output. */
async function run(folder: string, args: readonly string[], fault?: Fault, killAtPiece?: number): Promise<Ended> {
  const state = join(workFolder(), 'state');
  writeFileSync(state, new Uint8Array(24));
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  const child: ChildProcess = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      TF_CPP_MIN_LOG_LEVEL: '2',
      TMPDIR: join(folder, 'tmp'),
      LD_PRELOAD: join(workFolder(), 'fault.so'),
      TOWER_FAULT_STATE: state,
      TOWER_FAULT_FOLDER: folder,
      ...(fault === undefined
        ? {}
        : {
            TOWER_FAULT_DO: fault.does,
            TOWER_FAULT_ON: fault.on,
            TOWER_FAULT_AT: String(fault.at),
            TOWER_FAULT_LASTS: fault.lasts,
          }),
    },
  });
  let [stdout, stderr, pieces] = ['', '', 0];
  const end = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const heard = (): void => {
    if (pieces++ === killAtPiece) end();
  };
  child.stdout!.on('data', (bytes: Buffer) => {
    stdout += bytes;
    heard();
  });
  child.stderr!.on('data', (bytes: Buffer) => {
    stderr += bytes;
    heard();
  });
  const timer = setTimeout(end, mostMilliseconds);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.on('close', (...how) => done(how)),
  );
  clearTimeout(timer);
  // Workers that outlive their first process.
  end();
  const counts = readFileSync(state);
  const [writes, reads, faults] = [0, 8, 16].map((at) => Number(counts.readBigUInt64LE(at)));
  return { code, signal, stdout, stderr, writes: writes!, reads: reads!, faults: faults!, pieces };
}

/** Without faults. @throws Error where it fails */
function tower(folder: string, args: readonly string[]): void {
  execFileSync(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What is wrong with how a command ended; undefined: nothing. */
function wrongEnd({ code, signal, stdout, stderr }: Ended): string | undefined {
  const said = stdout + stderr;
  if (/\[internal\]/.test(said)) return 'it reports an error of its own';
  if (/^\s+at .*[(:]\d+:\d+\)?$/m.test(said)) return 'it prints a stack trace';
  if (signal !== null) return `it ended by ${signal}`;
  if (code === 0) return undefined;
  if (/\[[a-z][a-z0-9-]+\]|"code":\s*"[a-z-]+"/.test(said)) return undefined;
  return `it ended with ${code} and no code`;
}

/** Times, and what follows from the clock. */
const clock = [
  /"(milliseconds|seconds|examplesPerSecond|waiting|time|at|started|ended|finished|changed|since|begun|elapsed|trained)":\s*("[^"]*"|[\d.e+-]+|\{[^}]*\})/g,
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00)?/g,
];
/** Files whose content is times, and partial files of shards, which Tower removes after a week. */
const isOfClock = (path: string): boolean => /tfevents|(^|\/)\.lock|\.partial(\/|$)/.test(path);

const hashOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Path and checksum of each file, without the clock. */
function filesIn(folder: string, { writes, timed }: Case): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    const at = join(folder, path);
    if (!existsSync(at)) return;
    if (isOfClock(path) || timed?.test(path)) return;
    let names: string[] | undefined;
    try {
      names = readdirSync(at);
    } catch {
      const bytes = readFileSync(at);
      let body: string | Buffer = bytes;
      if (/\.(jsonl?|html|tower|journal)$/.test(path))
        body = clock.reduce((text, each) => text.replace(each, ''), bytes.toString());
      // It has checksums of files with times.
      if (/(^|\/)manifest\.json$/.test(path))
        body = body.toString().replace(/"(sha256|checksum|bytes)": *("[^"]*"|\d+)/g, '');
      // So has what is before its tensors.
      if (/checkpoint\.safetensors$/.test(path)) body = bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
      found.set(path, hashOf(body));
    }
    for (const name of names?.sort() ?? []) visit(`${path}/${name}`);
  };
  for (const path of writes) visit(path);
  return found;
}

const differences = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path));

export interface Outcome {
  readonly kills: number;
  readonly errors: number;
  /** Commands that a fault did not end: it came too late, or only tidying failed. */
  readonly survived: number;
  readonly codes: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

interface Settings {
  readonly kills: number;
  readonly errors: number;
  readonly seed: number;
  readonly keep?: boolean;
  /** Kills of one result, one after the other, before the command runs to its end. */
  readonly inARow?: number;
  /** Whether two undisturbed commands are compared first. Default: true. */
  readonly isChecked?: boolean;
  readonly say?: (line: string) => void;
}

export async function disturb(
  each: Case,
  { kills, errors, seed, keep, inARow = 3, isChecked = true, say }: Settings,
): Promise<Outcome> {
  const random = makeRandom(seed);
  const root = join(workFolder(), each.name);
  const wrong: string[] = [];
  const codes = new Map<string, number>();
  let [killed, failed, survived, looks] = [0, 0, 0, 0];
  // Runs and jobs name paths: all are made in one place.
  const folder = join(root, 'work');
  const fresh = (): string => {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder))
      if (!each.stays?.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
    each.arrange(folder);
    return folder;
  };
  const undisturbed = async () => {
    fresh();
    const ended = await run(folder, each.args);
    if (ended.code !== 0) throw new Error(`${each.name}: ${ended.stderr}`);
    return { ended, files: filesIn(folder, each) };
  };
  const began = performance.now();
  const one = await undisturbed();
  const seconds = (performance.now() - began) / 1000;
  const { files } = one;
  const before = filesIn(fresh(), each);
  const report = (what: string, fault: object, ended?: Ended): void => {
    const line = `${each.name}: ${what} (${JSON.stringify(fault)})`;
    wrong.push(line);
    if (keep) cpSync(folder, join(root, `wrong-${wrong.length}`), { recursive: true });
    say?.(`WRONG ${line}\n${ended === undefined ? '' : ended.stderr.slice(-1500)}`);
  };
  const other = each.isWhole || !isChecked ? [] : differences(files, (await undisturbed()).files);
  if (other.length > 0) report(`two undisturbed commands differ in ${other}`, {});
  say?.(
    `${each.name}: ${one.ended.writes} writes, ${one.ended.reads} reads, ${one.ended.pieces} pieces of output, ${seconds.toFixed(1)} s`,
  );

  /** What readers make of what is there. */
  const look = async (fault: object): Promise<void> => {
    looks++;
    if (each.isWhole?.(folder) === 'half') report('what is there is taken for whole', fault);
    if (each.whole !== undefined) {
      const now = filesIn(folder, each);
      // What was there before the command is whole, too.
      const isOld = now.get(each.whole) !== undefined && now.get(each.whole) === before.get(each.whole);
      const expected = isOld ? before : files;
      const half = [...now.keys()].filter(
        (path) => !/\/\.[^/]*$/.test(path) && expected.has(path) && now.get(path) !== expected.get(path),
      );
      const lost = [...expected.keys()].filter((path) => !now.has(path));
      if (now.has(each.whole) && half.length + lost.length > 0)
        report(`${each.whole} is there, and ${[...half, ...lost]} are not whole`, fault);
    }
    for (const [nth, args] of each.readers.entries()) {
      // The first of them each time; the others, which take longer, every fourth time.
      if (nth > 0 && looks % 4 !== 0) continue;
      const ended = await run(folder, args);
      const why = wrongEnd(ended);
      if (why !== undefined) report(`${args.join(' ')}: ${why}`, fault, ended);
    }
  };
  const repeat = async (fault: object): Promise<void> => {
    const ended = await run(folder, each.again(folder));
    const why = wrongEnd(ended);
    if (why !== undefined) return report(`repeated: ${why}`, fault, ended);
    if (each.isWhole !== undefined) {
      if (each.isWhole(folder) !== 'whole')
        report(`repeated, it ends with ${ended.code}, and nothing whole is there`, fault, ended);
      return;
    }
    // A command that had done all before it was disturbed may say so.
    const changed = differences(files, filesIn(folder, each));
    if (changed.length > 0) report(`repeated, it ends with ${ended.code}, and ${changed} differ`, fault, ended);
  };

  for (let chain = 0; killed < kills; chain++) {
    fresh();
    let last: object = {};
    for (let turn = 0; turn < inARow && killed < kills; turn++) {
      // Most of the undisturbed command's moments; a command that goes on has fewer, and may end before its kill.
      const isPiece = random.next() < 0.3;
      const at = random.integer(isPiece ? one.ended.pieces : one.ended.writes);
      const fault: Fault = { does: 'KILL', on: 'write', at, lasts: 'once' };
      last = isPiece ? { kill: 'output', at, turn } : { kill: 'write', at, turn };
      const args = turn === 0 ? each.args : each.again(folder);
      const ended = await (isPiece ? run(folder, args, undefined, at) : run(folder, args, fault));
      if (ended.signal !== 'SIGKILL') {
        survived++;
        const why = wrongEnd(ended);
        if (why !== undefined) report(why, last, ended);
        break;
      }
      killed++;
      say?.(`${each.name}: kill ${killed} at ${JSON.stringify(last)}`);
      await look(last);
    }
    await repeat(last);
    if (chain > 3 * kills) break;
  }

  for (let trial = 0; failed < errors && trial < 3 * errors; trial++) {
    fresh();
    const on = trial % 3 === 2 ? 'read' : 'write';
    const fault: Fault = {
      on,
      does: trial % 2 === 0 || on === 'read' ? 'EIO' : 'ENOSPC',
      at: random.integer(on === 'read' ? one.ended.reads : one.ended.writes),
      lasts: trial % 4 < 2 ? 'once' : 'always',
    };
    const ended = await run(folder, each.args, fault);
    if (ended.faults === 0) continue;
    failed++;
    say?.(`${each.name}: error ${failed} of the disk, ${JSON.stringify(fault)}: ended with ${ended.code}`);
    const why = wrongEnd(ended);
    if (why !== undefined) report(why, fault, ended);
    if (ended.code === 0) survived++;
    for (const [, code] of (ended.stdout + ended.stderr).matchAll(/\[([a-z][a-z0-9-]+)\]$/gm))
      codes.set(code!, (codes.get(code!) ?? 0) + 1);
    await look(fault);
    await repeat(fault);
  }
  if (!keep && wrong.length === 0) rmSync(root, { recursive: true, force: true });
  return { kills: killed, errors: failed, survived, codes, wrong };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kills: { type: 'string', default: '60' },
      errors: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
    },
  });
  const chosen = positionals.length === 0 ? cases : cases.filter(({ name }) => positionals.includes(name));
  for (const each of chosen) {
    const { kills, errors, survived, codes, wrong } = await disturb(each, {
      kills: Number(values.kills),
      errors: Number(values.errors),
      seed: Number(values.seed),
      keep: values.keep,
      say: console.log,
    });
    const said = [...codes].map(([code, count]) => `${count} × ${code}`).join(', ');
    console.log(
      `${each.name}: ${kills} kills, ${errors} errors of the disk (${said}); ${survived} ended well; ${wrong.length} wrong`,
    );
    if (wrong.length > 0) process.exitCode = 1;
  }
  if (values.keep || process.exitCode === 1) console.log(`the folders are in ${workFolder()}`);
  else rmSync(workFolder(), { recursive: true, force: true });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === resolve('bench/faults/faults.ts')) await main();
