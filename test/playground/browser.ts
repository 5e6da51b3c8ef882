/** A headless Chromium, spoken to over two pipes in the DevTools protocol: no package, no port. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The first that is there, `CHROME` before all. */
export const chromium = [process.env.CHROME, 'chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => name !== undefined && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
  /** Of an event, which answers nothing. */
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

function troubleOf({ method, params = {} }: Answer): string | undefined {
  const { exception } = (params.exceptionDetails ?? {}) as { exception?: { description?: string } };
  if (method === 'Runtime.exceptionThrown') return `exception: ${exception?.description ?? 'without a name'}`;
  if (method === 'Runtime.consoleAPICalled' && params.type === 'error')
    return `console: ${JSON.stringify(params.args).slice(0, 400)}`;
  const { level, text, url } = (params.entry ?? {}) as { level?: string; text?: string; url?: string };
  if (method === 'Log.entryAdded' && level === 'error') return `log: ${text} ${url ?? ''}`;
  // A page that is left cancels its requests.
  if (method === 'Network.loadingFailed' && params.canceled !== true) return `request: ${params.errorText as string}`;
  return undefined;
}

export class Page {
  #last = 0;
  #rest = '';
  #session: string | undefined;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #process: ChildProcess;
  readonly #folder: string;
  /** What went wrong in the page since `watch`: errors of its console, exceptions, requests that failed. */
  readonly troubles: string[] = [];

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'tower-browser-'));
    const options = ['--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--no-first-run'];
    // Nothing that calls its maker in the background: the page needs no network.
    options.push(
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-breakpad',
    );
    this.#process = spawn(
      chromium!,
      [...options, '--window-size=1500,1000', `--user-data-dir=${this.#folder}`, 'about:blank'],
      // A group of its own, so that its helpers can be ended with it.
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
    );
    (this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
  }

  static async open(url: string): Promise<Page> {
    const page = new Page();
    const { targetId } = await page.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId as string;
    await page.send('Page.navigate', { url });
    await page.until(`document.readyState === 'complete' && location.href !== 'about:blank'`);
    return page;
  }

  send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {})));
    });
  }

  #take(chunk: string): void {
    const messages = (this.#rest + chunk).split('\0');
    this.#rest = messages.pop()!;
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
      const trouble = troubleOf(answer);
      if (trouble !== undefined) this.troubles.push(trouble);
    }
  }

  /** From now on `troubles` holds what goes wrong. */
  async watch(): Promise<void> {
    await Promise.all(['Runtime', 'Log', 'Network'].map((domain) => this.send(`${domain}.enable`)));
    this.troubles.length = 0;
  }

  /** The value of a JavaScript expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const answer = await this.send('Runtime.evaluate', { expression, returnByValue: true });
    const { result, exceptionDetails } = answer as { result: { value: T }; exceptionDetails?: unknown };
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  /** Waits until an expression is true in the page: 60 s at most. */
  async until(expression: string): Promise<void> {
    const end = Date.now() + 60_000;
    while (!(await this.value<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`never true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Types at the cursor, as a person does. */
  type = (text: string) => this.send('Input.insertText', { text });

  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }

  /** Ends the browser with its helpers, which otherwise go on writing into the folder while it is removed. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    process.kill(-this.#process.pid!, 'SIGKILL');
    await ended;
    // What was killed may take a moment to be gone.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
