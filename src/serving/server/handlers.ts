/** The routes that change what a server answers: writes of items, and the versions. They are of the people who run it. */
import type { FastifyRequest } from 'fastify';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { failure } from '../../base/diagnostics/failure.ts';
import type { ItemWrite } from '../serve/live/item_writes.ts';
import type { Reader } from './body.ts';
import { isFromThisMachine } from './door.ts';
import type { WritesOfItems } from './items/writes.ts';
import { longestKey } from './limits.ts';
import { refused, throwWithStatus } from './refused.ts';
import type { VersionsAnswer, WriteBody, WriteOutcome, WrittenAnswer } from './schemas.ts';
import type { Swaps } from './versions/swaps.ts';
import type { Version, Versions } from './versions/versions.ts';

interface ItemRoutes {
  /** Absent: the server takes no items. */
  readonly writes?: WritesOfItems;
  readonly readers: Readonly<Record<'Item' | 'Write', Reader>>;
  /** True if requests without a token do not arrive here. */
  readonly hasToken: boolean;
  readonly written: (outcome: WriteOutcome) => void;
}

export function itemHandlers({ writes, readers, hasToken, written }: ItemRoutes) {
  const writeAll = async (
    request: FastifyRequest,
    asked: readonly ItemWrite[],
    isArray: boolean,
  ): Promise<WrittenAnswer[]> => {
    if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
    const outcomes = await (writes
      ? writes.write(asked, isArray).catch((error: unknown) => throwWithStatus(503, error))
      : closed());
    outcomes.forEach(written);
    return outcomes.map((outcome, at) => ({ key: asked[at]!.key, outcome }));
  };
  const writeOne = async (request: FastifyRequest, asked: ItemWrite): Promise<WrittenAnswer> =>
    (await writeAll(request, [asked], false))[0]!;
  return {
    putItem: async (request: FastifyRequest) => {
      const { bodies, isArray } = readers.Item(request.body);
      if (isArray) {
        const facts = { reason: 'has a list in the place of an object', advice: 'send an array to `POST /v1/items`' };
        throw refused(400, diagnose('request-body', undefined, facts));
      }
      return writeOne(request, { key: keyIn(request), columns: bodies[0] as WriteBody['columns'] & object });
    },
    deleteItem: async (request: FastifyRequest) => writeOne(request, { key: keyIn(request), deleted: true }),
    writeItems: async (request: FastifyRequest) => {
      const { bodies, isArray } = readers.Write(request.body);
      const itemWrites = (bodies as readonly WriteBody[]).map(
        ({ key, columns }): ItemWrite =>
          columns === null ? { key: String(key), deleted: true } : { key: String(key), columns },
      );
      const answers = itemWrites.length === 0 ? [] : await writeAll(request, itemWrites, isArray);
      return isArray ? answers : answers[0];
    },
  };
}

function keyIn({ params }: FastifyRequest): string {
  const { key } = params as { readonly key: string };
  if (key.length <= longestKey) return key;
  const facts = { entry: 'key', reason: 'is too long', advice: `give ${longestKey} characters at most` };
  throw refused(400, diagnose('request-value', undefined, facts));
}

function closed(): never {
  const facts = { reason: 'it has no folder to keep them in', advice: 'start the server with `--items FOLDER`' };
  throw refused(403, diagnose('items-closed', undefined, facts));
}

interface VersionRoutes {
  readonly versions: Versions;
  readonly swaps?: Swaps;
  readonly readers: Readonly<Record<'Change' | 'Share', Reader>>;
  /** True if requests without a token do not arrive here. */
  readonly hasToken: boolean;
}

export function versionHandlers({ versions, swaps, readers, hasToken }: VersionRoutes) {
  const change = (read: Reader, work: (swaps: Swaps, body: object) => Promise<void>) => {
    return async (request: FastifyRequest): Promise<VersionsAnswer> => {
      if (!hasToken && !isFromThisMachine(request)) throw refused(403, diagnose('request-local', undefined, {}));
      const { bodies, isArray } = read(request.body);
      const facts = { reason: 'is an array', advice: 'send one JSON object' };
      if (isArray) throw refused(400, diagnose('request-body', undefined, facts));
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
  };
}

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
