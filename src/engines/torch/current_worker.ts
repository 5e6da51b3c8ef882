/** The process that the `torch` engine asks now: another one where it is gone, so that a server goes on. */
import type { TorchSettings } from './settings.ts';
import { SharedMemory } from './shared_memory.ts';
import { type Hello, TorchWorker } from './worker.ts';

/** So many starts in `period` milliseconds: a process that cannot live is not started for ever. */
const mostStarts = 5;
const period = 600_000;

export class CurrentWorker {
  #worker: TorchWorker;
  readonly #starts: number[] = [];
  #starting: Promise<void> | undefined;
  /** In a group of workers another process could not take the place of this one. */
  #isOne = false;

  constructor(private readonly settings: TorchSettings) {
    this.#worker = this.#start();
  }

  ready(): Promise<Hello> {
    return this.#worker.ready();
  }

  get(): TorchWorker {
    return this.#worker;
  }

  /** For a group: it stays this one. */
  keep(): TorchWorker {
    this.#isOne = true;
    return this.#worker;
  }

  /** Starts a process in the place of one that is gone, and does not wait until it answers. */
  renew(): void {
    const now = performance.now();
    const recent = this.#starts.filter((start) => now - start < period);
    const isGone = this.#worker.ended !== undefined;
    if (!isGone || this.#isOne || this.#starting || recent.length >= mostStarts) return;
    const next = this.#start();
    this.#starting = next
      .ready()
      .then(
        () => {
          this.#worker.memory.close();
          this.#worker = next;
        },
        () => {
          next.stop();
          next.memory.close();
        },
      )
      .finally(() => {
        this.#starting = undefined;
      });
  }

  /** The process that answers, once one that is starting does. */
  async renewed(): Promise<TorchWorker> {
    this.renew();
    await this.#starting;
    return this.#worker;
  }

  #start(): TorchWorker {
    this.#starts.push(performance.now());
    return new TorchWorker(this.settings, new SharedMemory());
  }
}
