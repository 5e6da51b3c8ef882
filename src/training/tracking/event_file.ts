/**
 * `events.out.tfevents.…` in the folder of a run has its curves for TensorBoard, readable while it trains. Each call of `train` writes a file of its own, which
 * says at which step it continues: TensorBoard then drops the points that a stopped call wrote after its checkpoint. The file is not part of the model, and
 * nothing reads it back.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitWrite } from '../../base/diagnostics/diagnostic.ts';
import { makeMessageCodec } from '../../base/storage/protobuf.ts';

/** Computes means over windows of steps, so that a curve has about as many points as a page can show. */
export interface StepMeans {
  add(step: number, values: readonly number[]): void;
  endWindow(): void;
}

/** Maximum number of points in a curve. TensorBoard itself shows a thousand. */
export const maxPoints = 2000;

/**
 * @param names names of the values @param steps number of steps in the whole run @param writeMeans receives the last step of each window, and the mean of each value
 * over its steps
 */
export function stepMeans(
  names: readonly string[],
  steps: number,
  writeMeans: (step: number, means: Readonly<Record<string, number>>) => void,
): StepMeans {
  const window = Math.max(1, Math.ceil(steps / maxPoints));
  const sums = new Float64Array(names.length);
  let [count, lastStep] = [0, 0];
  const endWindow = (): void => {
    if (count === 0) return;
    writeMeans(lastStep, Object.fromEntries(names.map((name, i) => [name, sums[i]! / count])));
    sums.fill(0);
    count = 0;
  };
  return {
    add(step, values) {
      for (let i = 0; i < names.length; i++) sums[i]! += values[i]!;
      count++;
      lastStep = step;
      // Windows end at multiples of their length, so that a run that was stopped has the same points.
      if (step % window === 0) endWindow();
    },
    endWindow,
  };
}

// Events of TensorBoard as bytes: the part of tensorflow/core/util/event.proto and framework/summary.proto that scalars and texts need.

/**
 * Returns a record in TensorFlow's format for files (TFRecord): the length as uint64, a checksum of the length, the bytes, and a checksum of the bytes.
 * Checksums are CRC-32C, rotated and offset as https://www.tensorflow.org/tutorials/load_data/tfrecord says. A reader can distinguish a record that a kill cut
 * off from a damaged one.
 */
export function eventRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskChecksum(crc32c(record.subarray(0, 8))), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskChecksum(crc32c(bytes)), true);
  return record;
}

const maskChecksum = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Returns the CRC-32C (Castagnoli). zlib does not have it: its polynomial is another one. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1 ? 0x82f63b78 : 0) ^ (crc >>> 1);
  return crc;
});

const schema = `
syntax = "proto3";
message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what {
    string file_version = 3;
    Summary summary = 5;
    SessionLog session_log = 7;
  }
}
message SessionLog {
  enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; }
  SessionStatus status = 1;
}
message Summary {
  message Value {
    string tag = 1;
    float simple_value = 2;
    TensorProto tensor = 8;
    SummaryMetadata metadata = 9;
  }
  repeated Value value = 1;
}
message SummaryMetadata {
  message PluginData { string plugin_name = 1; }
  PluginData plugin_data = 1;
}
message TensorProto {
  int32 dtype = 1;
  TensorShapeProto tensor_shape = 2;
  repeated bytes string_val = 8;
}
message TensorShapeProto {
  message Dim { int64 size = 1; }
  repeated Dim dim = 2;
}
`;
const event = makeMessageCodec(schema, 'Event');

/** DT_STRING of tensorflow/core/framework/types.proto. */
const stringType = 7;

interface EventTime {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
}

const makeRecord = ({ seconds, step }: EventTime, content: object): Uint8Array =>
  eventRecord(event.encode({ wallTime: seconds, step, ...content }));

/** Returns a record with a text under a name, which is shown as Markdown. */
function textRecord(time: EventTime, tag: string, text: string): Uint8Array {
  const tensor = { dtype: stringType, tensorShape: { dim: [{ size: 1 }] }, stringVal: [Buffer.from(text)] };
  return makeRecord(time, { summary: { value: [{ tag, metadata: { pluginData: { pluginName: 'text' } }, tensor }] } });
}

export const isEventFile = (name: string): boolean => /^events\.out\.tfevents\.\d{10}\.tower\.\d+$/.test(name);

/** @param step number of steps done before @param texts descriptions of the run, as Markdown, by name: written when it begins @throws Failure `cannot-write` */
export async function openEventFile(folder: string, step: number, texts: Readonly<Record<string, string>> = {}) {
  const seconds = Date.now() / 1000;
  const handle = await openNewFile(folder, Math.floor(seconds));
  const time = { seconds, step };
  const unwritten: Uint8Array[] = [makeRecord({ ...time, step: 0 }, { fileVersion: 'brain.Event:2' })];
  // Readers drop this step and later ones of earlier files.
  if (step > 0) unwritten.push(makeRecord({ ...time, step: step + 1 }, { sessionLog: { status: 'START' } }));
  else for (const [tag, text] of Object.entries(texts)) unwritten.push(textRecord(time, tag, text));
  return {
    /** Buffers scalars until the next `write`. Numbers that are not finite are left out. */
    scalars(step: number, scalars: Readonly<Record<string, number>>): void {
      const finiteScalars = Object.entries(scalars).filter(([, value]) => Number.isFinite(value));
      if (finiteScalars.length === 0) return;
      // A record has one float32 number under each name; names with a `/` are shown in groups.
      const summary = { value: finiteScalars.map(([tag, simpleValue]) => ({ tag, simpleValue })) };
      unwritten.push(makeRecord({ seconds: Date.now() / 1000, step }, { summary }));
    },
    /** @throws Failure `cannot-write` */
    async write(): Promise<void> {
      if (unwritten.length === 0) return;
      const bytes = Buffer.concat(unwritten.splice(0));
      await awaitWrite(folder, handle.writeFile(bytes));
    },
    close: (): Promise<void> => awaitWrite(folder, handle.close()),
  };
}

/** Opens a new file. Files are read in the order of their names, and calls within one second are numbered. */
async function openNewFile(folder: string, seconds: number) {
  for (let number = 0; ; number++) {
    const path = join(folder, `events.out.tfevents.${String(seconds).padStart(10, '0')}.tower.${number}`);
    try {
      return await open(path, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return awaitWrite(path, Promise.reject(error));
    }
  }
}
