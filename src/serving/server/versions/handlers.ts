/** The routes of versions: which answer, and changes by the people who run the server. */
import type { FastifyRequest } from 'fastify';
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { failure } from '../../../base/diagnostics/failure.ts';
import type { Reader } from '../body.ts';
import { isFromThisMachine } from '../door.ts';
import { refused, throwWithStatus } from '../refused.ts';
import type { VersionsAnswer } from '../schemas.ts';
import type { Swaps } from './swaps.ts';
import type { Version, Versions } from './versions.ts';

export interface VersionRoutes {
  readonly versions: Versions;
  readonly swaps?: Swaps;
  readonly readers: Readonly<Record<'Change' | 'Share', Reader>>;
  /** True if requests without a token do not arrive here. */
  readonly hasToken: boolean;
}

type VersionHandler = (request: FastifyRequest) => Promise<VersionsAnswer>;

export function versionHandlers({ versions, swaps, readers, hasToken }: VersionRoutes) {
  const change = (read: Reader, work: (swaps: Swaps, body: object) => Promise<void>): VersionHandler => {
    return async (request) => {
      if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
      const { bodies, isArray } = read(request.body);
      if (isArray) throw refused(400, diagnose('request-body', undefined, oneChange));
      const [body] = bodies;
      try {
        if (swaps === undefined) {
          const advice = 'start the server with `--watch FOLDER`, or with `--canary RUN`';
          throw failure('version-change', { reason: 'the server has one version', advice });
        }
        await work(swaps, body as object);
      } catch (error) {
        throwWithStatus(409, error);
      }
      return answerOf(versions, swaps);
    };
  };
  return {
    versions: async () => answerOf(versions, swaps),
    promote: change(readers.Change, (own) => own.promote()),
    rollback: change(readers.Change, (own) => own.rollback()),
    share: change(readers.Share, (own, body) => own.share((body as { readonly share: number }).share)),
  } as const satisfies Readonly<Record<string, VersionHandler>>;
}

const oneChange = { reason: 'is an array', advice: 'send one JSON object' };

function answerOf({ current }: Versions, swaps: Swaps | undefined): VersionsAnswer {
  const { stable, canary, share } = current;
  const { before } = swaps ?? {};
  return {
    stable: shown(stable),
    ...(canary ? { canary: { ...shown(canary), share } } : {}),
    ...(before ? { before: { version: before.id, folder: before.folder } } : {}),
  };
}

const shown = ({ id, folder, loaded, answers }: Version) => ({
  version: id,
  folder,
  loaded: loaded.toISOString(),
  items: answers.snapshot.rows,
});
