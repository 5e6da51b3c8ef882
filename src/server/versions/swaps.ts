/**
 * From one version to the next, one change at a time: load in another process → warm up with recent bodies, and say how much the answers differ → one assignment → drain →
 * free. Whatever fails before the assignment leaves the old version as it is.
 */
import { failure } from '../../diagnostics/failure.ts';
import { rehearse } from './rehearse.ts';
import { makeSides, type Sides, type Version, type Versions } from './versions.ts';

export interface Swaps {
  /** The version that a rollback goes back to. */
  readonly before: Before | undefined;
  /** Versions that a rollback went back from: nobody takes them again by themselves. */
  readonly rejected: ReadonlySet<string>;
  /**
   * Loads a folder, which then answers in the place of `stable`; or, where new versions begin as `canary`, their share of the questions.
   * @throws Failure of loading
   */
  take(folder: string): Promise<void>;
  /** `canary` becomes `stable`. @throws Failure `version-change` */
  promote(): Promise<void>;
  /** Removes `canary`; without one, loads the version before again. @throws Failure `version-change`, or of loading */
  rollback(): Promise<void>;
  /** Of the questions to `canary`. @throws Failure `version-change` */
  share(share: number): Promise<void>;
  /** Ends a load that is under way. */
  close(): void;
}

interface Before {
  readonly id: string;
  readonly folder: string;
}

export interface SwapOptions {
  readonly versions: Versions;
  /** @throws Failure */
  load(folder: string, signal: AbortSignal): Promise<Version>;
  /** Gets a line for each step. */
  say(line: string): void;
  /** New versions begin as `canary` with this share. Absent: they become `stable`. */
  readonly firstShare?: number;
}

/** Versions back to which rollbacks lead. */
const mostBefore = 10;

export function makeSwaps(options: SwapOptions): Swaps {
  const { versions, say, firstShare } = options;
  const before: Before[] = [];
  const rejected = new Set<string>();
  let control = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };

  const assign = (sides: Sides): void => change(options, sides);
  const loaded = (folder: string): Promise<Version> => {
    control = new AbortController();
    return rehearsed(options, folder, control.signal);
  };
  const becomeStable = (version: Version): void => {
    const { stable } = versions.current;
    before.push({ id: stable.id, folder: stable.folder });
    if (before.length > mostBefore) before.shift();
    assign(makeSides(version));
    say(`version ${nameOf(version)} answers`);
  };
  const withCanary = (version: Version, share: number): void => {
    assign(makeSides(versions.current.stable, version, share));
    say(`version ${nameOf(version)} answers ${percent(share)} as canary`);
  };
  const canaryOf = (): Version => {
    const { canary } = versions.current;
    if (canary === undefined) throw refused('there is no canary', 'start the server with `--share`');
    return canary;
  };

  return {
    get before() {
      return before.at(-1);
    },
    rejected,
    take: (folder) =>
      inTurn(async () => {
        const version = await loaded(folder);
        if (firstShare === undefined) becomeStable(version);
        else withCanary(version, firstShare);
      }),
    promote: () => inTurn(async () => becomeStable(canaryOf())),
    share: (share) => inTurn(async () => withCanary(canaryOf(), share)),
    rollback() {
      // It does not wait for a version that nobody wants.
      if (versions.current.canary || before.length > 0) control.abort();
      return inTurn(async () => {
        const { stable, canary } = versions.current;
        if (canary) {
          rejected.add(canary.id);
          assign(makeSides(stable));
          say(`canary ${nameOf(canary)} answers no more`);
          return;
        }
        const goal = before.at(-1);
        if (goal === undefined)
          throw refused('there is no version before this one', 'start the server with another run');
        const version = await loaded(goal.folder);
        if (version.id !== goal.id) {
          await version.close();
          throw refused(`${goal.folder} holds another version by now`, 'put the run back into its folder');
        }
        rejected.add(stable.id);
        before.pop();
        assign(makeSides(version));
        say(`rolled back from ${nameOf(stable)} to ${nameOf(version)}`);
      });
    },
    close: () => control.abort(),
  };
}

const refused = (reason: string, advice: string): Error => failure('version-change', { reason, advice });

/** As people compare them. */
const nameOf = ({ id }: Pick<Version, 'id'>): string => id.slice(0, 12);

const percent = (share: number): string => `${Math.round(1e4 * share) / 100} %`;

/** Says what is freed when it is; the change itself is done before. */
function change({ versions, say }: SwapOptions, sides: Sides): void {
  const leaving = versions.current.all.filter((each) => !sides.all.includes(each));
  void versions.assign(sides).then(
    () => leaving.forEach((each) => void say(`version ${nameOf(each)} is freed`)),
    (error: Error) => say(`version ${leaving.map(nameOf)} is not freed: ${error.message}`),
  );
}

/** A version that has answered recent requests, and nobody else yet. */
async function rehearsed({ versions, load, say }: SwapOptions, folder: string, signal: AbortSignal): Promise<Version> {
  const start = performance.now();
  const version = await load(folder, signal);
  try {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const { asked, refused, overlap } = await rehearse(version, versions.current.stable, versions.recent);
    signal.throwIfAborted();
    const compared = overlap === undefined ? '' : `: ${Math.round(100 * overlap)} % of their items as before`;
    const wrong = refused === 0 ? '' : `; it refuses ${refused} of them`;
    const warm =
      asked === 0 ? 'no recent request to warm up with' : `asked ${asked} recent requests${compared}${wrong}`;
    say(`version ${nameOf(version)} of ${version.folder}: loaded in ${seconds} s, ${warm}`);
  } catch (error) {
    await version.close();
    throw error;
  }
  return version;
}
