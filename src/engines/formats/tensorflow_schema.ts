/**
 * The part of TensorFlow's protocol buffers that a graph needs, with TensorFlow's own field numbers
 * (tensorflow/core/protobuf/saved_model.proto, meta_graph.proto; tensorflow/core/framework/*.proto).
 */
export const tensorflowSchema = `
syntax = "proto3";

message SavedModel {
  int64 saved_model_schema_version = 1;
  repeated MetaGraphDef meta_graphs = 2;
}
message MetaGraphDef {
  message MetaInfoDef {
    repeated string tags = 4;
    string tensorflow_version = 5;
  }
  MetaInfoDef meta_info_def = 1;
  GraphDef graph_def = 2;
  map<string, SignatureDef> signature_def = 5;
}
message GraphDef {
  repeated NodeDef node = 1;
  VersionDef versions = 4;
}
message VersionDef {
  int32 producer = 1;
  int32 min_consumer = 2;
}
message NodeDef {
  string name = 1;
  string op = 2;
  repeated string input = 3;
  map<string, AttrValue> attr = 5;
}
message AttrValue {
  oneof value {
    bytes s = 2;
    int64 i = 3;
    float f = 4;
    bool b = 5;
    DataType type = 6;
    TensorShapeProto shape = 7;
    TensorProto tensor = 8;
  }
}
message TensorProto {
  DataType dtype = 1;
  TensorShapeProto tensor_shape = 2;
  bytes tensor_content = 4;
}
message TensorShapeProto {
  message Dim {
    int64 size = 1;
  }
  repeated Dim dim = 2;
}
message SignatureDef {
  map<string, TensorInfo> inputs = 1;
  map<string, TensorInfo> outputs = 2;
  string method_name = 3;
}
message TensorInfo {
  string name = 1;
  DataType dtype = 2;
  TensorShapeProto tensor_shape = 3;
}
enum DataType {
  DT_INVALID = 0;
  DT_FLOAT = 1;
  DT_INT32 = 3;
  DT_BOOL = 10;
  DT_BFLOAT16 = 14;
  DT_RESOURCE = 20;
}
`;
