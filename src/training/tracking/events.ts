/** Events of TensorBoard as bytes: tensorflow/core/util/event.proto and framework/summary.proto, as far as scalars and texts need them. */
import { message } from '../../base/storage/protobuf.ts';

/**
 * Writes one record in a file as TensorFlow does (TFRecord): the length as uint64, a checksum of the length, the bytes, and a checksum of
 * the bytes. Checksums are CRC-32C, rotated and offset as https://www.tensorflow.org/tutorials/load_data/tfrecord says. A reader
 * distinguishes a record that a kill cut off from one that is damaged.
 */
export function recordOf(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, masked(crc32c(bytes)), true);
  return record;
}

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** CRC-32C (Castagnoli), which zlib does not have: its polynomial is another. */
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
const event = message(schema, 'Event');

/** DT_STRING of tensorflow/core/framework/types.proto. */
const stringType = 7;

export interface EventTime {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
}

const record = ({ seconds, step }: EventTime, what: object): Uint8Array =>
  recordOf(event.encode({ wallTime: seconds, step, ...what }));

export const versionRecord = (at: EventTime): Uint8Array => record(at, { fileVersion: 'brain.Event:2' });

/** The run goes on from `step`: readers forget what earlier files have of this step and later ones. */
export const startRecord = (at: EventTime): Uint8Array => record(at, { sessionLog: { status: 'START' } });

/** One number under each name, as float32; names with a `/` are shown in groups. */
export const scalarsRecord = (at: EventTime, scalars: Readonly<Record<string, number>>): Uint8Array =>
  record(at, { summary: { value: Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue })) } });

/** A text under a name, which is shown as Markdown. */
export const textRecord = (at: EventTime, tag: string, text: string): Uint8Array =>
  record(at, {
    summary: {
      value: [
        {
          tag,
          metadata: { pluginData: { pluginName: 'text' } },
          tensor: { dtype: stringType, tensorShape: { dim: [{ size: 1 }] }, stringVal: [Buffer.from(text)] },
        },
      ],
    },
  });
