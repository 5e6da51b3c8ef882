/**
 * Replaces a version by the next, one swap at a time: load in another process → warm up with recent bodies, and report how much the answers differ → one
 * assignment → drain → free. After a failure before the assignment, the old version stays active.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure, failure } from '../../../base/diagnostics/diagnostic.ts';
import type { LogFormat } from '../../../base/storage/record_log/record_log.ts';
import type { WriteLog } from '../../../base/storage/record_log/write_log.ts';
import { isObject, makeSerialQueue } from '../../../base/util/objects.ts';
import type { Answers } from '../answers.ts';
import { retrySeconds } from '../refused.ts';
import type { RecentBody, SwappedVersion, Version, VersionFile, Versions } from './versions.ts';

/** Changes of versions that operators request. */
export interface VersionChanges {
  readonly before: PreviousVersion | undefined;
  /**
   * Rejects a version, by default the one that answers. If it answers, the last version that is not rejected is opened again. A version that is rejected already
   * changes nothing more.
   * @throws Failure `version-change`, `server-busy`, `log-server`, or of loading
   */
  rollback(version?: string): Promise<void>;
}

/** What was decided on a version, by its checksum. A later decision on the same version replaces it. */
export interface VersionDecision {
  readonly version: string;
  /** A rollback rejects a version. Logs of earlier versions of Tower also have decisions that let a version answer: they lift a rejection. */
  readonly role: 'rejected' | 'stable' | 'canary';
}

/** The log of decisions, by which servers agree on their versions. Its records come from Redis, so they are validated. */
export const decisionLog: LogFormat<readonly VersionDecision[]> = {
  name: 'versions',
  version: 1,
  decode(value) {
    const isDecision = (candidate: unknown): boolean =>
      isObject(candidate) &&
      typeof candidate.version === 'string' &&
      ['rejected', 'stable', 'canary'].includes(candidate.role as string);
    if (!Array.isArray(value) || !value.every(isDecision)) return { reason: 'it is no decision on a version' };
    return { record: value };
  },
};

export const decisionReplacement = {
  subjectOf: ({ version }: VersionDecision): string => version,
  replaces: () => true,
  removedAfter: 1000,
};

export interface SharedDecisions {
  /** The latest decision on each version. Swaps add theirs, and those that they have followed. */
  readonly latest: Map<string, VersionDecision>;
  /** Absent: the decisions are of this server alone. */
  readonly log?: Pick<WriteLog<readonly VersionDecision[]>, 'append'>;
}

/** Returns the versions that a rollback removed. They are not loaded again automatically. */
export const rejectedIn = ({ latest }: SharedDecisions): RejectedVersions => ({
  has: (version) => latest.get(version)?.role === 'rejected',
});

export type RejectedVersions = Pick<ReadonlySet<string>, 'has'>;

export interface Swaps extends VersionChanges {
  readonly rejected: RejectedVersions;
  /** Follows a decision, which may be that of another server. Resolves when the version that answers agrees with it. */
  follow(decision: VersionDecision): Promise<void>;
  /** Loads a folder, whose version then answers, unless it was rejected. @throws Failure of loading */
  loadFolder(folder: string): Promise<void>;
  /** Removes the files of all versions. */
  close(): void;
}

export type PreviousVersion = Pick<Version, 'id' | 'folder'>;

export interface SwapOptions<V extends SwappedVersion> {
  readonly versions: {
    readonly current: V;
    /** Resolves when the version before is freed. */
    assign(version: V): Promise<void>;
  };
  /** @param file of a version that answered before. It may be gone, and is removed after a failure. @throws Failure */
  load(folder: string, signal: AbortSignal, file?: VersionFile): Promise<V>;
  /** Sends requests to a version before clients do. Resolves to a part of a sentence about its answers. @param isKnown the version answered before */
  rehearse(version: V, isKnown: boolean): Promise<string>;
  say(line: string): void;
  readonly decisions?: SharedDecisions;
}

const maxPreviousVersions = 10;

/** The function is long because all changes share the version that answers and those before. */
export function makeSwaps<V extends SwappedVersion>(options: SwapOptions<V>): Swaps {
  const { versions, say } = options;
  const decisions: SharedDecisions = options.decisions ?? { latest: new Map() };
  /** Only the last of them has its file, because a file takes as much of the disk as the version takes memory. */
  let previousVersions: (PreviousVersion & Pick<Version, 'file'>)[] = [];
  const rejected = rejectedIn(decisions);
  /** The version that is being loaded; the id of one that answered before. */
  let loading: { readonly control: AbortController; readonly id?: string } | undefined;
  let isClosed = false;
  const runInTurn = makeSerialQueue();

  /** Assigns a version, and reports when the one before is freed, which may be later. */
  const assignVersion = (version: V): void => {
    const leaving = versions.current;
    void versions.assign(version).then(
      () => {
        const mayAnswer = [previousVersions.at(-1), versions.current];
        if (!mayAnswer.some((answering) => answering?.file === leaving.file)) leaving.file?.remove();
        say(`version ${shortId(leaving)} is freed`);
      },
      (error: Error) => say(`version ${shortId(leaving)} is not freed: ${error.message}`),
    );
  };
  const loadNext = async (folder: string, previous?: Pick<Version, 'id' | 'file'>): Promise<V> => {
    if (isClosed) throw stopping();
    loading = { control: new AbortController(), id: previous?.id };
    try {
      return await loadAndRehearse(options, folder, loading.control.signal, previous);
    } catch (error) {
      throw isClosed ? stopping() : error;
    } finally {
      loading = undefined;
    }
  };
  const switchTo = (version: V): void => {
    const { id, folder, file } = versions.current;
    if (!rejected.has(id)) {
      previousVersions.at(-1)?.file?.remove();
      previousVersions.push({ id, folder, file });
      if (previousVersions.length > maxPreviousVersions) previousVersions.shift();
    }
    assignVersion(version);
    say(`version ${shortId(version)} answers`);
  };
  const discard = async (version: V): Promise<void> => {
    await version.close();
    version.file?.remove();
  };
  /**
   * Goes back to the last version that is not rejected. One that is rejected while it is loaded is passed over.
   * @param beforeSwitch called when nothing can fail any more. If it fails, nothing changes
   */
  const goBack = async (beforeSwitch = async (): Promise<void> => {}): Promise<void> => {
    const { current } = versions;
    for (;;) {
      for (const { id, file } of previousVersions) if (rejected.has(id)) file?.remove();
      previousVersions = previousVersions.filter(({ id }) => !rejected.has(id));
      const previousVersion = previousVersions.at(-1);
      if (previousVersion === undefined)
        throw changeFailure('there is no version before this one', 'start the server with another run');
      const version = await loadNext(previousVersion.folder, previousVersion).catch((error: unknown) => {
        if (!rejected.has(previousVersion.id)) throw error;
      });
      if (version === undefined) continue;
      try {
        if (version.id !== previousVersion.id) {
          const reason = `${previousVersion.folder} holds another version by now`;
          throw changeFailure(reason, 'put the run back into its folder');
        }
        await beforeSwitch();
      } catch (error) {
        await discard(version);
        throw error;
      }
      if (rejected.has(version.id)) await discard(version);
      else {
        previousVersions.pop();
        assignVersion(version);
        return say(`rolled back from ${shortId(current)} to ${shortId(version)}`);
      }
    }
  };
  return {
    get before() {
      const previousVersion = previousVersions.findLast(({ id }) => !rejected.has(id));
      return previousVersion && { id: previousVersion.id, folder: previousVersion.folder };
    },
    rejected,
    loadFolder: (folder) =>
      runInTurn(async () => {
        const version = await loadNext(folder);
        if (rejected.has(version.id)) {
          say(`version ${shortId(version)} does not answer, because it was rolled back from`);
          return discard(version);
        }
        switchTo(version);
      }),
    follow(decision) {
      const { version, role } = decision;
      const isNews = role === 'rejected' && !rejected.has(version);
      decisions.latest.set(version, decision);
      // A version of a folder may be this one. If it is another one, it is loaded again.
      if (isNews && (loading?.id ?? version) === version) loading?.control.abort();
      return runInTurn(async () => {
        const { current } = versions;
        if (!isNews || !rejected.has(current.id)) return;
        await goBack().catch((error: Error) => say(`version ${shortId(current)} still answers: ${error.message}`));
      });
    },
    rollback(version = versions.current.id) {
      const decision: VersionDecision = { version, role: 'rejected' };
      // A newer version that is being loaded is cancelled, so the rollback does not wait for it.
      if (previousVersions.length > 0 && loading?.id === undefined) loading?.control.abort();
      return runInTurn(async () => {
        const decide = async (): Promise<void> => {
          if (rejected.has(version)) return;
          if (isClosed) throw stopping();
          await decisions.log?.append([[decision]]);
          decisions.latest.set(version, decision);
        };
        await (versions.current.id === version ? goBack(decide) : decide());
      });
    },
    close() {
      isClosed = true;
      loading?.control.abort();
      for (const { file } of [...previousVersions, versions.current]) file?.remove();
    },
  };
}

const stopping = (): Error => failure('server-busy', { reason: 'it is stopping', seconds: retrySeconds });

const changeFailure = (reason: string, advice: string): Error => failure('version-change', { reason, advice });

const shortId = ({ id }: Pick<Version, 'id'>): string => id.slice(0, 12);

/** Loads a version and warms it up, before it answers any client. */
async function loadAndRehearse<V extends SwappedVersion>(
  { load, rehearse, say }: SwapOptions<V>,
  folder: string,
  signal: AbortSignal,
  previous?: Pick<Version, 'file'>,
): Promise<V> {
  const start = performance.now();
  const version = await load(folder, signal, previous?.file);
  try {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const warmUpText = await rehearse(version, previous !== undefined);
    signal.throwIfAborted();
    say(`version ${shortId(version)} of ${version.folder}: loaded in ${seconds} s, ${warmUpText}`);
  } catch (error) {
    await version.close();
    version.file?.remove();
    throw error;
  }
  return version;
}

// Replays recent requests on a new version. This warms its graphs and caches, and measures how much its answers differ before a client gets them.

/** Maximum items times queries, so that a large corpus does not delay a start. */
const maxComparisons = 2 ** 23;
/** Maximum number of users. Their lists have several lengths, which use several graphs. */
const maxWarmUpUsers = 64;

/** Number of recent requests for a version that answered before, which somebody waits for. */
const knownVersionBodies = 8;

/**
 * Returns a function that sends recent requests to a new version, and reports the mean share of items that its answers have in common with those of the version
 * before. A version that is known is only warmed up.
 * @throws any error of the new version except refusals: it cannot answer
 */
export function makeRehearsal(versions: Versions): (next: Version, isKnown: boolean) => Promise<string> {
  return async (nextVersion, isKnown) => {
    const overlaps: number[] = [];
    let refusedCount = 0;
    const recentBodies = versions.recent.list().slice(isKnown ? -knownVersionBodies : 0);
    if (recentBodies.length === 0) {
      await warmUp(nextVersion.answers);
      return 'no recent request to warm up with';
    }
    const currentVersion = versions.current;
    for (const recentBody of recentBodies) {
      const nextKeys = await answeredKeys(nextVersion, recentBody);
      const currentKeys = isKnown ? undefined : await answeredKeys(currentVersion, recentBody).catch(() => undefined);
      if (nextKeys === undefined) refusedCount++;
      else if (currentKeys) overlaps.push(overlapShare(nextKeys, currentKeys));
      // Requests of clients get a turn between two of these.
      await nextTurn();
    }
    const overlap = overlaps.reduce((sum, share) => sum + share, 0) / overlaps.length;
    const overlapText = overlaps.length === 0 ? '' : `: ${Math.round(100 * overlap)} % of their items as before`;
    const refusedText = refusedCount === 0 ? '' : `; it refuses ${refusedCount} of them`;
    return `asked ${recentBodies.length} recent requests${overlapText}${refusedText}`;
  };
}

async function answeredKeys({ answers }: Version, { route, body }: RecentBody): Promise<readonly string[] | undefined> {
  try {
    return (await answers[route](body as never)).items.map(({ key }) => key);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function overlapShare(keys: readonly string[], earlierKeys: readonly string[]): number {
  const longerLength = Math.max(keys.length, earlierKeys.length);
  if (longerLength === 0) return 1;
  const otherKeys = new Set(earlierKeys);
  return keys.filter((key) => otherKeys.has(key)).length / longerLength;
}

/** Sends typical requests to a version before clients do, so that graphs are prepared, kernels compiled and directions computed. */
export async function warmUp(answers: Answers): Promise<void> {
  const { snapshot } = answers;
  const limit = Math.max(1, Math.min(maxWarmUpUsers, Math.floor(maxComparisons / Math.max(1, snapshot.rows))));
  const { users } = await answers.users({ limit });
  const warmUpAnswers: Promise<unknown>[] = users.map(({ key }) => answers.recommend({ user: key }));
  warmUpAnswers.push(answers.recommend({ values: {} }));
  if (snapshot.count > 0) {
    warmUpAnswers.push(answers.recommend({ vector: [...snapshot.itemVector(0).subarray(0, snapshot.width)] }));
    warmUpAnswers.push(answers.similar({ item: snapshot.keyAt(0) }));
  }
  for (const { status, reason } of (await Promise.allSettled(warmUpAnswers)) as PromiseRejectedResult[]) {
    // It is no error if a model does not support a request, such as for a user if its tower has no key.
    if (status === 'rejected' && !(reason instanceof Failure)) throw reason;
  }
}
