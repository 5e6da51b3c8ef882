/** A process of `tower serve --processes`: it answers requests, opens and assigns the versions that the primary has loaded, and follows the primary's log. */
import type { EngineName } from '../../../engines/engine.ts';
import type { EventWrite } from '../../../serving/live/event_writes.ts';
import { type Listener, makeListener } from '../../../serving/server/door.ts';
import { makeRehearsal, type PreviousVersion } from '../../../serving/server/versions/swaps.ts';
import { makeVersions, type Version, type Versions } from '../../../serving/server/versions/versions.ts';
import type { LoadRequest } from '../run.ts';
import {
  type ListeningServer,
  listen,
  makeLogLines,
  type OpenedLogs,
  type ServeRequest,
  type ServerLogs,
  takeWrites,
} from '../serve.ts';
import { readLoaded, runOf } from '../versions/load_beside.ts';
import { openVersion } from '../versions/serve_versions.ts';
import {
  type Calls,
  connectCalls,
  type FollowerCalls,
  type LogCalls,
  type ProcessCall,
  type ProcessChannel,
  remoteLogs,
} from './calls.ts';

/** Plain data: everything that a process needs to open versions and to answer. */
export interface ProcessRequest
  extends Omit<ServeRequest, 'items' | 'events' | 'say' | 'log' | 'door'>,
    Pick<LoadRequest, 'data' | 'allow' | 'unfinished' | 'cache' | 'asOf'> {
  readonly host: string;
  readonly port: number;
  readonly engine: EngineName;
  readonly takesItems: boolean;
  /** Name of the log of events, if they are taken. */
  readonly eventLog?: string;
  /** True if the primary writes a line for each request. */
  readonly logsRequests: boolean;
  readonly hasChanges: boolean;
}

/** A version that the primary has loaded. The key is unique in the primary's life, other than the checksum. */
interface LoadedVersion {
  readonly key: number;
  readonly folder: string;
  readonly path: string;
}

/** The version that answers. */
export interface AssignedVersion {
  readonly key: number;
  readonly before?: PreviousVersion;
}

export type ServingProcessCalls = FollowerCalls & {
  /** Takes the address, and answers with 503 until `answer`. Resolves to the URL. */
  takeAddress: ProcessCall<ProcessRequest, string>;
  /** Prepares for versions, without the address: other processes answer there. */
  prepare: ProcessCall<ProcessRequest, void>;
  /** Opens a version, which does not answer yet. Resolves to its checksum, and to notes for the user. */
  open: ProcessCall<LoadedVersion, OpenedVersion>;
  rehearse: ProcessCall<{ readonly key: number; readonly isKnown: boolean }, string>;
  /** Frees a version that does not answer. */
  drop: ProcessCall<number, void>;
  /** Resolves when the version answers every later request. */
  assign: ProcessCall<AssignedVersion, void>;
  /** Resolves when the versions that do not answer are freed. */
  freed: ProcessCall<undefined, void>;
  answer: ProcessCall<ProcessRequest, string>;
  metrics: ProcessCall<undefined, object>;
  close: ProcessCall<{ readonly grace: number; readonly drain: number }, void>;
};

export interface OpenedVersion {
  readonly id: string;
  readonly notes: readonly string[];
}

export type PrimaryCalls = LogCalls & {
  /** The process takes calls from now on. */
  connected: ProcessCall<undefined, void>;
  /** Events up to this position are in the data of all versions of the process. */
  forget: ProcessCall<number, void>;
  rollback: ProcessCall<string | undefined, void>;
  /** Metrics of all processes. */
  allMetrics: ProcessCall<undefined, string>;
  say: ProcessCall<string, void>;
  /** Writes whole lines of the log of requests. */
  writeLog: ProcessCall<string, void>;
};

// The primary decides when this process ends, because it gets the same signals of the terminal. If the primary has ended, cluster ends this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
serveForPrimary(process as ProcessChannel);

/** The function is long because all calls share the versions and the server. */
function serveForPrimary(channel: ProcessChannel): void {
  const openedVersions = new Map<number, Version>();
  let request: ProcessRequest;
  let hasBegun = false;
  let door: Listener | undefined;
  let logs: OpenedLogs = {};
  let versions: Versions | undefined;
  let before: PreviousVersion | undefined;
  let server: ListeningServer | undefined;
  let freeing: Promise<void> = Promise.resolve();

  const startServing = async (processRequest: ProcessRequest): Promise<void> => {
    request = processRequest;
    door ??= makeListener(true);
    if (hasBegun) return;
    hasBegun = true;
    const { takesItems, eventLog: id } = request;
    const close = async (): Promise<void> => {};
    const events = id === undefined ? undefined : Object.assign(remote.logOf<EventWrite[]>('events'), { id });
    const ownLogs: ServerLogs = {
      items: takesItems ? { log: remote.logOf('items'), close } : undefined,
      events: events && { log: events, forget, close },
    };
    logs = await takeWrites(ownLogs, say);
  };
  const versionOf = (key: number): Version => openedVersions.get(key)!;

  const remote = remoteLogs(() => primary);
  const forget = (position: number): void => void primary.call('forget', position).catch(() => {});
  const primary: Calls<PrimaryCalls> = connectCalls<ServingProcessCalls, PrimaryCalls>(channel, {
    ...remote.handlers,
    async takeAddress(addressRequest) {
      await startServing(addressRequest);
      return door!.listen(request.host, request.port);
    },
    prepare: startServing,
    async open({ key, folder, path }) {
      const run = await runOf(await readLoaded(path), request.engine, request);
      const { index, table, userVectors } = request;
      const version = await openVersion(run, folder, { logs, index, table, userVectors });
      openedVersions.set(key, version);
      return { id: version.id, notes: await run.notes() };
    },
    rehearse: ({ key, isKnown }) => makeRehearsal(versions!)(versionOf(key), isKnown),
    async drop(key) {
      await openedVersions.get(key)?.close();
      openedVersions.delete(key);
    },
    assign(assigned) {
      ({ before } = assigned);
      if (versions === undefined) {
        versions = makeVersions(versionOf(assigned.key));
        return;
      }
      const leavingKeys = [...openedVersions.keys()].filter(
        (key) => key !== assigned.key && versions!.current === versionOf(key),
      );
      freeing = versions.assign(versionOf(assigned.key));
      for (const key of leavingKeys) openedVersions.delete(key);
    },
    freed: () => freeing,
    async answer(processRequest) {
      await startServing(processRequest);
      const versionChanges = {
        get before() {
          return before;
        },
        rollback: (version?: string) => primary.call('rollback', version),
      };
      server = await listen(
        {
          versions: versions!,
          allMetrics: () => primary.call('allMetrics'),
          versionChanges: request.hasChanges ? versionChanges : undefined,
          logs,
        },
        { ...request, door: door!, log: request.logsRequests ? logLines.write : undefined } as ServeRequest,
      );
      return server.url;
    },
    metrics: () => server?.metrics() ?? [],
    async close({ grace, drain }) {
      await server?.close(grace, drain);
      await door?.close();
      logLines.flush();
    },
  });
  void primary.call('connected');
  const say = (line: string): void => void primary.call('say', line).catch(() => {});
  const logLines = makeLogLines((text) => void primary.call('writeLog', text).catch(() => {}));
}
