/**
 * From one version to the next, one change at a time: load in another process → warm up with recent bodies, and say how much the answers differ → one assignment → drain →
 * free. Whatever fails before the assignment leaves the old version as it is.
 */
import { failure } from '../../../base/diagnostics/failure.ts';
import { rehearse } from './rehearse.ts';
import { type ActiveVersions, makeActiveVersions, type Version, type Versions } from './versions.ts';

export interface Swaps {
  readonly before: PreviousVersion | undefined;
  /** Versions that a rollback left: nobody takes them again by themselves. */
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
  /** Sets the share of the queries that `canary` answers. @throws Failure `version-change` */
  share(share: number): Promise<void>;
  close(): void;
}

interface PreviousVersion {
  readonly id: string;
  readonly folder: string;
}

export interface SwapOptions {
  readonly versions: Versions;
  /** @throws Failure */
  load(folder: string, signal: AbortSignal): Promise<Version>;
  say(line: string): void;
  /** New versions begin as `canary` with this share. Absent: they become `stable`. */
  readonly firstShare?: number;
}

/** Versions back to which rollbacks lead. */
const mostBefore = 10;

export function makeSwaps(options: SwapOptions): Swaps {
  const { versions, say, firstShare } = options;
  const previousVersions: PreviousVersion[] = [];
  const rejectedIds = new Set<string>();
  let loadControl = new AbortController();
  let lastChange: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const nextChange = lastChange.then(work, work);
    lastChange = nextChange.catch(() => {});
    return nextChange;
  };

  const assign = (sides: ActiveVersions): void => change(options, sides);
  const loadRehearsed = (folder: string): Promise<Version> => {
    loadControl = new AbortController();
    return rehearsed(options, folder, loadControl.signal);
  };
  const becomeStable = (version: Version): void => {
    const { stable } = versions.current;
    previousVersions.push({ id: stable.id, folder: stable.folder });
    if (previousVersions.length > mostBefore) previousVersions.shift();
    assign(makeActiveVersions(version));
    say(`version ${nameOf(version)} answers`);
  };
  const withCanary = (version: Version, share: number): void => {
    assign(makeActiveVersions(versions.current.stable, version, share));
    say(`version ${nameOf(version)} answers ${percent(share)} as canary`);
  };
  const canaryOf = (): Version => {
    const { canary } = versions.current;
    if (canary === undefined) throw refused('there is no canary', 'start the server with `--share`');
    return canary;
  };

  return {
    get before() {
      return previousVersions.at(-1);
    },
    rejected: rejectedIds,
    take: (folder) =>
      inTurn(async () => {
        const version = await loadRehearsed(folder);
        if (firstShare === undefined) becomeStable(version);
        else withCanary(version, firstShare);
      }),
    promote: () => inTurn(async () => becomeStable(canaryOf())),
    share: (share) => inTurn(async () => withCanary(canaryOf(), share)),
    rollback() {
      // It does not wait for a version that nobody wants.
      if (versions.current.canary || previousVersions.length > 0) loadControl.abort();
      return inTurn(async () => {
        const { stable, canary } = versions.current;
        if (canary) {
          rejectedIds.add(canary.id);
          assign(makeActiveVersions(stable));
          say(`canary ${nameOf(canary)} answers no more`);
          return;
        }
        const previousVersion = previousVersions.at(-1);
        if (previousVersion === undefined)
          throw refused('there is no version before this one', 'start the server with another run');
        const version = await loadRehearsed(previousVersion.folder);
        if (version.id !== previousVersion.id) {
          await version.close();
          throw refused(`${previousVersion.folder} holds another version by now`, 'put the run back into its folder');
        }
        rejectedIds.add(stable.id);
        previousVersions.pop();
        assign(makeActiveVersions(version));
        say(`rolled back from ${nameOf(stable)} to ${nameOf(version)}`);
      });
    },
    close: () => loadControl.abort(),
  };
}

const refused = (reason: string, advice: string): Error => failure('version-change', { reason, advice });

const nameOf = ({ id }: Pick<Version, 'id'>): string => id.slice(0, 12);

const percent = (share: number): string => `${Math.round(1e4 * share) / 100} %`;

/** Says what is freed when it is; the change itself is done before. */
function change({ versions, say }: SwapOptions, sides: ActiveVersions): void {
  const leavingVersions = versions.current.all.filter((each) => !sides.all.includes(each));
  void versions.assign(sides).then(
    () => leavingVersions.forEach((each) => void say(`version ${nameOf(each)} is freed`)),
    (error: Error) => say(`version ${leavingVersions.map(nameOf)} is not freed: ${error.message}`),
  );
}

/** A version that has answered recent requests, and no client yet. */
async function rehearsed({ versions, load, say }: SwapOptions, folder: string, signal: AbortSignal): Promise<Version> {
  const start = performance.now();
  const version = await load(folder, signal);
  try {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const { asked, refused, overlap } = await rehearse(version, versions.current.stable, versions.recent);
    signal.throwIfAborted();
    const overlapText = overlap === undefined ? '' : `: ${Math.round(100 * overlap)} % of their items as before`;
    const refusedText = refused === 0 ? '' : `; it refuses ${refused} of them`;
    const warmUpText =
      asked === 0 ? 'no recent request to warm up with' : `asked ${asked} recent requests${overlapText}${refusedText}`;
    say(`version ${nameOf(version)} of ${version.folder}: loaded in ${seconds} s, ${warmUpText}`);
  } catch (error) {
    await version.close();
    throw error;
  }
  return version;
}
