/** Files that features name: vocabularies, and vectors with their keys. Paths start from the folder of the data block, as all data does. */
import { open, stat } from 'node:fs/promises';
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import type { DataDescription } from '../../model/model.ts';
import type { FeaturePlan } from '../../plan/plan.ts';
import type { Span } from '../../text/source.ts';
import { strangeLine } from '../columns/encoders/piece_list.ts';
import type { Access } from './access.ts';
import { findFile } from './files.ts';
import { NpyError, openNpy } from './npy.ts';
import { readValueList, ValueListError } from './value_list.ts';

/** What the files of one feature hold. */
export interface FeatureFile {
  /** Values of its vocabulary, in order. */
  readonly values?: readonly string[];
  readonly vectors?: KeyedVectors;
  /** The file of the values, or of the keys, and the feature that names it. */
  readonly list: { readonly path: string; readonly span: Span };
}

/** Vectors by the key of each. */
interface KeyedVectors {
  readonly keys: readonly string[];
  readonly width: number;
  /** float32 [wanted.length, width], of these places among the keys. */
  read(wanted: readonly number[]): Promise<Float32Array>;
}

/** By feature. With a mistake there is no entry. */
export async function readFeatureFiles(
  description: DataDescription,
  features: readonly FeaturePlan[],
  placeOf: (feature: string) => Span,
  access: Access | undefined,
): Promise<{ readonly output: ReadonlyMap<string, FeatureFile>; readonly diagnostics: readonly Diagnostic[] }> {
  const output = new Map<string, FeatureFile>();
  const diagnostics: Diagnostic[] = [];
  for (const feature of features) {
    const { name, encoder, vectors, encoderOf, width } = feature;
    if (encoderOf !== name) continue;
    const span = placeOf(name);
    const at = <T>(path: string, read: (whole: string, size: number) => Promise<T>): Promise<T> =>
      reading(description, path, span, access, read);
    try {
      if ('file' in encoder && encoder.file !== undefined) {
        const values = await at(encoder.file, readValueList);
        const strange = strangeLine(encoder, values);
        if (strange !== undefined) {
          throw new Failure([diagnose('data-file-unreadable', span, { path: encoder.file, reason: strange })]);
        }
        output.set(name, { values, list: { path: encoder.file, span } });
      } else if (vectors) {
        const keys = await at(vectors.keys, readValueList);
        const shape = await at(vectors.file, async (path, size) => {
          const file = await open(path, 'r');
          try {
            return await openNpy(file, size);
          } finally {
            await file.close();
          }
        });
        const refuse = (reason: string): never => {
          throw new Failure([diagnose('data-file-unreadable', span, { path: vectors.file, reason })]);
        };
        if (shape.rows !== keys.length) {
          refuse(`it has ${shape.rows} rows, and \`${vectors.keys}\` has ${keys.length} keys`);
        }
        if (shape.columns !== width) {
          refuse(
            `its rows have ${shape.columns} numbers, and \`${name}\` has \`dim: ${width}\`: write \`dim: ${shape.columns}\``,
          );
        }
        const read = (wanted: readonly number[]): Promise<Float32Array> =>
          at(vectors.file, (path, size) => readRows(path, size, wanted, width));
        output.set(name, { vectors: { keys, width, read }, list: { path: vectors.keys, span } });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  return { output, diagnostics };
}

/** Ascending places are read in pieces. */
async function readRows(path: string, size: number, wanted: readonly number[], width: number): Promise<Float32Array> {
  const data = new Float32Array(wanted.length * width);
  const file = await open(path, 'r');
  try {
    const array = await openNpy(file, size);
    const order = Array.from(wanted.keys()).sort((a, b) => wanted[a]! - wanted[b]!);
    for (const at of order) await array.row(wanted[at]!, data.subarray(at * width, (at + 1) * width));
  } finally {
    await file.close();
  }
  return data;
}

async function reading<T>(
  description: DataDescription,
  path: string,
  span: Span,
  access: Access | undefined,
  read: (whole: string, size: number) => Promise<T>,
): Promise<T> {
  const whole = findFile(description, { path, span }, access);
  try {
    return await read(whole, (await stat(whole)).size);
  } catch (error) {
    const known = error instanceof NpyError || error instanceof ValueListError;
    const reason = known ? error.message : systemReason(error);
    if (reason === undefined) throw error;
    throw new Failure([diagnose('data-file-unreadable', span, { path, reason })]);
  }
}
