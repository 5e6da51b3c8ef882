/** A window of VS Code as the extension sees it: what it is asked to do is written down. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { temporaryFolder } from '../../training/temporary_folder.ts';

interface Seen {
  readonly tasks: unknown[];
  readonly panels: { title: string; enableScripts: boolean; html: string }[];
  /** The items of each list that a user chose of. */
  readonly asked: string[][];
  /** What the server was sent. */
  readonly sent: [string, unknown][];
  options: { readonly initializationOptions: () => object } | undefined;
  changeTheme(kind: number): void;
  /** Of the server in a browser: a file is another one now, or is gone. */
  changeFile(path: string, isGone?: boolean): Promise<void>;
  /** Makes what the client speaks through, as it does at each start of a server in a browser. */
  connect: (() => Promise<{ readonly reader: object; readonly writer: object }>) | undefined;
  /** The workers that were started, and whether each was ended. */
  readonly workers: { readonly address: string; isEnded: boolean }[];
  readonly mistakes: string[];
}

interface Window {
  readonly seen: Seen;
  readonly commands: ReadonlyMap<string, (uri?: string) => Promise<void>>;
}

/** The parts of the two modules that the extension calls, over the files of one folder. */
const modules = `
const files = {
  '/w/my models/films.tower': ['tower', 'model films', 1],
  '/w/data/movies.tower': ['tower', 'data movies {\\n}', 1],
  '/w/runs/a/report.html': ['html', 'old', 1],
  '/w/runs/b/report.html': ['html', 'new', 2],
};
const uriOf = (fsPath) => ({ fsPath, scheme: 'file', toString: () => 'file://' + encodeURI(fsPath) });
const seen = globalThis.seen;
const document = { languageId: 'tower', isUntitled: false, uri: uriOf('/w/my models/films.tower'), save: async () => true };
const state = new Map();
export const context = {
  subscriptions: [],
  extensionUri: uriOf('/extension'),
  asAbsolutePath: (path) => '/extension/' + path,
  workspaceState: { get: (key) => state.get(key), update: async (key, value) => void state.set(key, value) },
};
export const commands = {
  executeCommand: async (name, ...values) => seen.sent.push([name, ...values]),
  registerCommand: (name, command) => (globalThis.commands.set(name, command), { dispose() {} }),
};
export const window = {
  activeTextEditor: { document },
  activeColorTheme: { kind: 2 },
  onDidChangeActiveColorTheme: (listener) => {
    seen.changeTheme = (kind) => listener({ kind });
    return { dispose() {} };
  },
  showErrorMessage: async (text) => void seen.mistakes.push(text),
  showInformationMessage: async () => {},
  showQuickPick: async (items) => {
    if (items[0].path) seen.asked.push(items.map(({ label }) => label));
    return items[0];
  },
  createWebviewPanel: (type, title, column, { enableScripts }) => {
    const panel = { title, enableScripts, html: '' };
    seen.panels.push(panel);
    return { webview: { set html(text) { panel.html = text; } } };
  },
};
export const workspace = {
  isTrusted: globalThis.trusted,
  getConfiguration: () => ({ get: (name) => ({ codeLens: true, path: globalThis.program, data: '' })[name] }),
  getWorkspaceFolder: () => ({ uri: uriOf('/w') }),
  workspaceFolders: [{ uri: uriOf('/w') }],
  onDidGrantWorkspaceTrust: () => ({ dispose() {} }),
  onDidChangeConfiguration: () => ({ dispose() {} }),
  openTextDocument: async () => document,
  asRelativePath: (uri) => (uri.fsPath ?? uri).replace('/w/', ''),
  createFileSystemWatcher: () => {
    const on = {};
    seen.changeFile = (path, isGone) => on[isGone ? 'delete' : 'change'](uriOf(path));
    const listen = (name) => (listener) => (on[name] = listener, { dispose() {} });
    return { onDidCreate: listen('create'), onDidChange: listen('change'), onDidDelete: listen('delete'), dispose() {} };
  },
  findFiles: async (glob) => !globalThis.searches ? [] : Object.keys(files).filter((path) => path.endsWith(glob.slice(glob.lastIndexOf(glob.includes('.tower') ? '.' : '/')))).map(uriOf),
  fs: { readFile: async ({ fsPath }) => Buffer.from(files[fsPath][1]), stat: async ({ fsPath }) => ({ mtime: files[fsPath][2], size: 1 }),
    readDirectory: async ({ fsPath }) => {
      const inside = Object.keys(files).filter((path) => path.startsWith(fsPath + '/')).map((path) => path.slice(fsPath.length + 1));
      return [...new Set(inside.map((path) => path.split('/')[0]))].map((name) => [name, inside.includes(name) ? 1 : 2]);
    },
  },
};
export const FileType = { File: 1, Directory: 2 };
export class BrowserMessageReader { constructor(worker) { Object.assign(this, { worker }); } }
export class BrowserMessageWriter { constructor(worker) { Object.assign(this, { worker }); } }
/** As where extensions run in a browser: what it makes is of another class. */
globalThis.Worker = function (address) {
  const worker = { address, isEnded: false, terminate: () => void (worker.isEnded = true) };
  seen.workers.push(worker);
  return worker;
};
export const Uri = { parse: (text) => uriOf(decodeURI(new URL(text).pathname)), joinPath: (base, part) => uriOf(part === '..' ? '/w' : base.fsPath + '/' + part) };
export const ShellQuoting = { Strong: 2 };
export const ColorThemeKind = { Light: 1, Dark: 2, HighContrast: 3, HighContrastLight: 4 };
export const TaskScope = { Workspace: 2 };
export const ViewColumn = { Active: -1 };
export class ShellExecution { constructor(command, args, options) { Object.assign(this, { command, args, options }); } }
export class Task { constructor(definition, scope, name, source, execution) { Object.assign(this, { execution }); } }
export const tasks = {
  executeTask: async ({ execution: { command, args, options } }) => seen.tasks.push([command, args, options]),
};
export const TransportKind = { stdio: 0 };
export class LanguageClient {
  constructor(id, name, server, options) { Object.assign(seen, { options, connect: server }); }
  async start() {}
  async stop() {}
  async restart() {}
  outputChannel = { appendLine() {} };
  async sendNotification(name, value) { seen.sent.push([name, value]); }
}
`;

/** @param entry the extension of an editor on a machine, or in a browser */
export async function activated({
  trusted,
  entry = 'extension',
  program = '',
  searches = true,
}: {
  readonly trusted: boolean;
  /** The setting `tower.path`. */
  readonly program?: string;
  /** Whether the files of the workspace can be searched. */
  readonly searches?: boolean;
  readonly entry?: 'extension' | 'extension_web';
}): Promise<Window> {
  const seen: Seen = {
    tasks: [],
    panels: [],
    asked: [],
    sent: [],
    options: undefined,
    changeTheme() {},
    async changeFile() {},
    connect: undefined,
    workers: [],
    mistakes: [],
  };
  const commands = new Map<string, (uri?: string) => Promise<void>>();
  const folder = temporaryFolder();
  const window = join(folder, 'window.mjs');
  writeFileSync(window, modules);
  const outfile = join(folder, 'extension.mjs');
  await build({
    stdin: {
      contents: `export { activate } from './editors/vscode/${entry}.mts'; export { context } from ${JSON.stringify(window)};`,
      resolveDir: process.cwd(),
    },
    alias: { vscode: window, 'vscode-languageclient/node': window, 'vscode-languageclient/browser': window },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'silent',
  });
  Object.assign(globalThis, { seen, commands, trusted, program, searches });
  const { activate, context } = await import(pathToFileURL(outfile).href);
  await activate(context);
  return { seen, commands };
}
