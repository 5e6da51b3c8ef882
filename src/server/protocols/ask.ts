/** Rows of a request in one of the protocols, through the core: which version answers, the bodies, and mistakes in the protocol's places. */
import { basename } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { diagnose } from '../../diagnostics/diagnose.ts';
import { nearest } from '../../text/nearest.ts';
import type { Reader } from '../body.ts';
import type { Limits } from '../limits.ts';
import { mistakeOf, Refused } from '../refused.ts';
import type { AskOptions } from '../together.ts';
import type { Sides, Version, Versions } from '../versions/versions.ts';
import { shortened } from './columns.ts';
import { bodyOf, type Place, placeOf, type Row } from './rows.ts';
import type { Outputs, Signature } from './signatures.ts';

/** What the protocols need of the server. */
export interface Desk {
  /** The version of Tower. */
  readonly tower: string;
  readonly limits: Limits;
  readonly readers: Readonly<Record<'Recommend' | 'Similar' | 'Predict' | 'Infer', Reader>>;
  readonly versions: Pick<Versions, 'current'>;
  isStopping(): boolean;
  /**
   * Waits for its turn, and answers all bodies, or refuses them with the mistakes of each.
   * @throws Refused
   */
  answer<T>(request: FastifyRequest, bodies: readonly Row[], choose: Choose<T>): Promise<readonly T[]>;
  answered(route: string, version: string, items: number): void;
}

export type Choose<T> = (sides: Sides) => (body: Row, options: AskOptions) => Promise<T>;

/** The part of a path that names a version; neither: the one that the share of `canary` gives. */
export interface Target {
  readonly model: string;
  readonly version?: string;
  readonly label?: string;
}

/** A folder that is called by a number, as TensorFlow Serving wants it, gives that number. Others have a checksum. */
export function versionName({ folder, id }: Version): string {
  const name = basename(folder);
  return /^\d{1,18}$/.test(name) ? name : id;
}

/**
 * Undefined where the path names none.
 * @throws Refused 404
 */
export function versionIn(sides: Sides, { version, label }: Target): Version | undefined {
  if (label !== undefined) {
    const found = label === 'stable' ? sides.stable : label === 'canary' ? sides.canary : undefined;
    if (found === undefined) throw unknown('label', label, sides.canary ? ['stable', 'canary'] : ['stable']);
    return found;
  }
  if (version === undefined) return undefined;
  const found = sides.all.find((each) => version === versionName(each) || version === each.id);
  if (found === undefined) throw unknown('version of the model', version, sides.all.map(versionName));
  return found;
}

/** Where a canary is another model, each is asked by its name. Undefined where both versions have it. @throws Refused 404 */
function onlyOf({ all }: Sides, model: string): Version | undefined {
  const names = all.map(({ answers }) => answers.about().query.model);
  refuseOtherModel(model, names);
  const own = all.filter((_, at) => names[at] === model);
  return own.length === 1 ? own[0] : undefined;
}

/** @throws Refused 404 */
export function refuseOtherModel(model: string, known: readonly string[]): void {
  if (!known.includes(model)) throw unknown('model', model, known);
}

export function unknown(what: string, name: string, known: readonly string[], status = 404, at = ''): Refused {
  const facts = { what, name: shortened(name), nearest: nearest(name, known), known };
  return new Refused(status, [mistakeOf(diagnose('unknown-name', undefined, facts), at)]);
}

export interface Asked {
  /** As the metrics name it. */
  readonly route: string;
  readonly target: Target;
  /** What the model is called in its file. */
  readonly model: string;
  readonly signature: Signature;
  readonly rows: readonly Row[];
  /** The JSON pointer of a place. */
  at(place: Place): string;
}

export interface Given {
  /** Of each row. Empty where there is no row. */
  readonly versions: readonly Version[];
  readonly rows: readonly Outputs[];
}

/**
 * Each row goes where the share of `canary` sends it, as it would alone: a user stays on one side.
 * @throws Refused
 */
export async function askRows(desk: Desk, request: FastifyRequest, asked: Asked): Promise<Given> {
  const { route, target, model, signature, rows, at } = asked;
  const along = new Map(
    desk.versions.current.all.flatMap(({ answers }) =>
      answers
        .about()
        .query.features.flatMap(({ name, along: list }) => (list === undefined ? [] : [[name, list] as const])),
    ),
  );
  const bodies = rows.map((row) => bodyOf(row, along));
  try {
    desk.readers[signature.schema](bodies);
    const given = await desk.answer(request, bodies, (sides) => {
      const named = versionIn(sides, target) ?? onlyOf(sides, model);
      return async (body, options) => {
        const version = named ?? sides.of(signature.topic(body));
        return { version, row: await signature.ask(version.answers, body as never, options) };
      };
    });
    for (const { version, row } of given) {
      desk.answered(route, version.id, Array.isArray(row.keys) ? row.keys.length : 0);
    }
    return { versions: given.map(({ version }) => version), rows: given.map(({ row }) => row) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const mistakes = error.mistakes.map((mistake) => {
      const place = placeOf(mistake);
      return place === undefined ? mistake : { ...mistake, at: at(place) };
    });
    throw new Refused(error.status, mistakes, error.headers);
  }
}
