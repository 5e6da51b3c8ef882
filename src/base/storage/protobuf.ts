/** Encodes protocol buffers from a schema that is kept as text next to the format that uses it. */
import protobuf from 'protobufjs';

export interface MessageCodec {
  encode(fields: object): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Makes an encoder of a message. Fields are given in camelCase, enumerations by name, bytes as Uint8Array. The schema is parsed at the first use. */
export function makeMessageCodec(schema: string, name: string): MessageCodec {
  let type: protobuf.Type | undefined;
  const loadType = (): protobuf.Type => (type ??= protobuf.parse(schema).root.lookupType(name));
  return {
    encode: (fields) => loadType().encode(loadType().fromObject(fields)).finish(),
    decode: (bytes) => loadType().toObject(loadType().decode(bytes), { enums: String, longs: Number }),
  };
}
