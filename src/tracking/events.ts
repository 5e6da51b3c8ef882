/** Events of TensorBoard as bytes: tensorflow/core/util/event.proto and framework/summary.proto, as far as scalars and texts need them. */
import { message } from '../storage/protobuf.ts';
import { recordOf } from './records.ts';

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

export interface At {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
}

const record = ({ seconds, step }: At, what: object): Uint8Array =>
  recordOf(event.encode({ wallTime: seconds, step, ...what }));

/** The first record of a file. */
export const versionRecord = (at: At): Uint8Array => record(at, { fileVersion: 'brain.Event:2' });

/** The run goes on from `step`: readers forget what earlier files have of this step and later ones. */
export const startRecord = (at: At): Uint8Array => record(at, { sessionLog: { status: 'START' } });

/** One number under each name, as float32; names with a `/` are shown in groups. */
export const scalarsRecord = (at: At, scalars: Readonly<Record<string, number>>): Uint8Array =>
  record(at, { summary: { value: Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue })) } });

/** A text under a name, which is shown as Markdown. */
export const textRecord = (at: At, tag: string, text: string): Uint8Array =>
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
