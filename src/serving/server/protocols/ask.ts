/** Answers the rows of a request of a protocol: selects the version, makes the bodies, and maps errors to positions in the protocol's request. */
import { basename } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { unknownFacts } from '../../serve/top_request.ts';
import type { AnswerOptions } from '../answers.ts';
import { type Reader, shortenedName } from '../body.ts';
import type { Limits } from '../limits.ts';
import { errorDetailOf, RequestError } from '../refused.ts';
import type { ActiveVersions, Version, Versions } from '../versions/versions.ts';
import {
  bodyOf,
  type InputRow,
  type RowOutputs,
  type RowPosition,
  rowPositionOf,
  type ServingSignature,
} from './signatures.ts';

export interface ProtocolContext {
  readonly tower: string;
  readonly limits: Limits;
  readonly readers: Readonly<Record<'Recommend' | 'Similar' | 'Predict' | 'Infer', Reader>>;
  readonly versions: Pick<Versions, 'current'>;
  isStopping(): boolean;
  /**
   * Waits for its turn, and answers all bodies, or refuses them with the errors of each.
   * @throws RequestError
   */
  answer<T>(request: FastifyRequest, bodies: readonly InputRow[], choose: ChooseVersion<T>): Promise<readonly T[]>;
  answered(route: string, version: string, items: number): void;
}

export type ChooseVersion<T> = (sides: ActiveVersions) => (body: InputRow, options: AnswerOptions) => Promise<T>;

/** The part of a path that names a model and a version. Without a version or label, the share of `canary` decides. */
export interface ModelPath {
  readonly model: string;
  readonly version?: string;
  readonly label?: string;
}

/** Returns the name of a version: a number if the folder is named by one, as TensorFlow Serving requires, otherwise its checksum. */
export function versionName({ folder, id }: Version): string {
  const name = basename(folder);
  return /^\d{1,18}$/.test(name) ? name : id;
}

/** Returns the version that the path names; undefined if it names none. @throws RequestError 404 */
export function versionIn(sides: ActiveVersions, { version, label }: ModelPath): Version | undefined {
  if (label !== undefined) {
    const labelled = label === 'stable' ? sides.stable : label === 'canary' ? sides.canary : undefined;
    if (labelled === undefined) throw unknownName('label', label, sides.canary ? ['stable', 'canary'] : ['stable']);
    return labelled;
  }
  if (version === undefined) return undefined;
  const named = sides.all.find((each) => version === versionName(each) || version === each.id);
  if (named === undefined) throw unknownName('version of the model', version, sides.all.map(versionName));
  return named;
}

/** If the canary is another model, the name of a model selects a version. Undefined if both versions have the name. @throws RequestError 404 */
function onlyOf({ all }: ActiveVersions, model: string): Version | undefined {
  const ownVersions = versionsOf(all, model);
  return ownVersions.length === 1 ? ownVersions[0] : undefined;
}

/** Returns the versions of a model. @throws RequestError 404 */
export function versionsOf(all: readonly Version[], model: string): readonly Version[] {
  const names = all.map(({ answers }) => answers.about().query.model);
  refuseOtherModel(model, [...new Set(names)]);
  return all.filter((_, at) => names[at] === model);
}

/** @throws RequestError 404 */
export function refuseOtherModel(model: string, known: readonly string[]): void {
  if (!known.includes(model)) throw unknownName('model', model, known);
}

export function unknownName(what: string, name: string, known: readonly string[], status = 404, at = ''): RequestError {
  const facts = { ...unknownFacts(what, name, known), name: shortenedName(name) };
  return new RequestError(status, [errorDetailOf(diagnose('unknown-name', undefined, facts), at)]);
}

export interface RowsRequest {
  /** Name of the route in the metrics. */
  readonly route: string;
  readonly target: ModelPath;
  readonly model: string;
  readonly signature: ServingSignature;
  readonly rows: readonly InputRow[];
  /** Returns the JSON pointer to a position. */
  at(place: RowPosition): string;
}

export interface RowsAnswer {
  /** The version that answered each row. */
  readonly versions: readonly Version[];
  readonly rows: readonly RowOutputs[];
}

/**
 * Routes each row to a version by the share of `canary`, like a single request, so a user always gets the same version.
 * @throws RequestError
 */
export async function answerRows(
  desk: ProtocolContext,
  request: FastifyRequest,
  asked: RowsRequest,
): Promise<RowsAnswer> {
  const { route, target, model, signature, rows, at } = asked;
  const listOfInput = new Map(
    desk.versions.current.all.flatMap(({ answers }) =>
      answers
        .about()
        .query.features.flatMap(({ name, along: list }) => (list === undefined ? [] : [[name, list] as const])),
    ),
  );
  const bodies = rows.map((row) => bodyOf(row, listOfInput));
  try {
    desk.readers[signature.schema](bodies);
    const answers = await desk.answer(request, bodies, (sides) => {
      const named = versionIn(sides, target) ?? onlyOf(sides, model);
      return async (body, options) => {
        const version = named ?? sides.of(signature.topic(body));
        return { version, row: await signature.ask(version.answers, body as never, options) };
      };
    });
    for (const { version, row } of answers) {
      desk.answered(route, version.id, Array.isArray(row.keys) ? row.keys.length : 0);
    }
    return { versions: answers.map(({ version }) => version), rows: answers.map(({ row }) => row) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const details = error.mistakes.map((mistake) => {
      const place = rowPositionOf(mistake);
      return place === undefined ? mistake : { ...mistake, at: at(place) };
    });
    throw new RequestError(error.status, details, error.headers);
  }
}
