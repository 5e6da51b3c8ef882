/** Takes the newest run of a folder that can be served, whenever there is a newer one. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Failure } from '../../diagnostics/failure.ts';
import { type Candidate, candidatesIn, type KnownManifests } from './candidates.ts';

export interface Watched {
  readonly folder: string;
  /** One more file of each run: a run that could not be served is tried again when it changes. */
  readonly besides?: string;
  /** Checksums of what answers now: nothing older is taken. */
  answering(): readonly string[];
  /** Checksums of what is never taken. */
  readonly rejected: ReadonlySet<string>;
  /** @throws Failure for a run that cannot be served */
  take(folder: string): Promise<void>;
  /** Gets a line for each run that cannot be served, once for each of its states. */
  say(line: string): void;
}

export interface Watch {
  /** Looks now. Resolves to how many runs could not be served, when a newer one answers or there is none. */
  look(): Promise<number>;
  /** Looks again, also at what could not be served. */
  again(): Promise<number>;
  /** Looks every second until the signal. */
  follow(signal: AbortSignal): Promise<void>;
}

const everyMilliseconds = 1000;

export function makeWatch({ folder, besides, answering, rejected, take, say }: Watched): Watch {
  const manifests: KnownManifests = new Map();
  /** By folder: the state that could not be served. */
  const failed = new Map<string, string>();
  let before = new Map<string, string>();
  let isUnreadable = false;

  /** One that is not whole may be on its way: it is tried when nothing has changed since the look before. */
  const mayBeTaken = ({ checksum, isWhole, signature, folder: at }: Candidate): boolean =>
    failed.get(at) !== signature &&
    !(checksum !== undefined && rejected.has(checksum)) &&
    (isWhole || before.get(at) === signature);

  const tryEach = async (candidates: readonly Candidate[]): Promise<number> => {
    let refused = 0;
    for (const candidate of candidates) {
      const { checksum, folder: at, signature } = candidate;
      if (checksum !== undefined && answering().includes(checksum)) break;
      if (!mayBeTaken(candidate)) continue;
      try {
        await take(at);
        failed.delete(at);
        break;
      } catch (error) {
        if (isAbort(error)) break;
        refused++;
        failed.set(at, signature);
        say(`${at} is not served: ${reasonOf(error)}`);
      }
    }
    return refused;
  };
  const look = async (): Promise<number> => {
    const candidates = await candidatesIn(folder, manifests, besides);
    const refused = await tryEach(candidates);
    before = new Map(candidates.map(({ folder: at, signature }) => [at, signature]));
    return refused;
  };

  return {
    look,
    again() {
      failed.clear();
      return look();
    },
    async follow(signal) {
      while (!signal.aborted) {
        try {
          await pause(everyMilliseconds, undefined, { signal, ref: false });
          await look();
          isUnreadable = false;
        } catch (error) {
          if (signal.aborted) return;
          if (!isUnreadable) say(`${folder} cannot be looked at: ${reasonOf(error)}`);
          isUnreadable = true;
        }
      }
    },
  };
}

const isAbort = (error: unknown): boolean => (error as Error | undefined)?.name === 'AbortError';

/** In one line. What is ours has its name only: the trace is no line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  const [first] = error.diagnostics as readonly [Diagnostic];
  return `${first.message} [${first.code}]`;
}
