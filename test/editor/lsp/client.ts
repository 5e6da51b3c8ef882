/** A real server in a process of its own, asked over stdio. */
import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type InitializeParams,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

export class Client {
  readonly #diagnostics = new Map<string, PublishDiagnosticsParams>();
  readonly #waiting = new Set<() => void>();
  #version = 0;

  private constructor(
    readonly process: ChildProcess,
    readonly connection: ProtocolConnection,
    readonly initialized: InitializeResult,
  ) {}

  static async start(
    folder: string,
    command: readonly string[] = ['dist/cli.js', 'lsp', '--stdio'],
    options: Partial<InitializeParams> = {},
  ): Promise<Client> {
    const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout!),
      new StreamMessageWriter(child.stdin!),
    );
    connection.listen();
    const uri = pathToFileURL(folder).href;
    const initialized = await connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: 'project' }],
      capabilities: {},
      ...options,
    });
    const client = new Client(child, connection, initialized);
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      client.#diagnostics.set(params.uri, params);
      for (const wake of client.#waiting) wake();
    });
    await connection.sendNotification('initialized', {});
    return client;
  }

  async open(uri: string, text: string): Promise<void> {
    const version = ++this.#version;
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'tower', version, text },
    });
  }

  /** The whole text anew; answers its version. */
  async change(uri: string, text: string): Promise<number> {
    const version = ++this.#version;
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
    return version;
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  ask<R>(method: string, params: object): Promise<R> {
    return this.connection.sendRequest<R>(method, params);
  }

  /** The next diagnostics of a file that answer the question. */
  async diagnostics(
    uri: string,
    wanted: (params: PublishDiagnosticsParams) => boolean = () => true,
  ): Promise<PublishDiagnosticsParams> {
    for (;;) {
      const found = this.#diagnostics.get(uri);
      if (found && wanted(found)) return found;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** The last diagnostics of a file. Absent before the first. */
  reported(uri: string): PublishDiagnosticsParams | undefined {
    return this.#diagnostics.get(uri);
  }

  /** Ends as the protocol says; answers the exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once('exit', resolve));
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await ended;
    this.connection.dispose();
    return code;
  }
}
