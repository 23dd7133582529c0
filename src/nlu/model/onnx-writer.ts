import protobuf from 'protobufjs';

/**
 * Writes the few parts of ONNX that our graphs need. Field numbers are those of onnx.proto3
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), IR version 8, opset 13.
 */

type Writer = InstanceType<typeof protobuf.Writer>;

const IR_VERSION = 8;
const OPSET = 13;
export const ElementType = { float: 1, int8: 3, int32: 6, int64: 7 } as const;
export type ElementTypeName = keyof typeof ElementType;

export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | Int8Array | BigInt64Array;
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integer attributes, e.g. `{ to: 1 }` of Cast. */
  readonly ints?: Readonly<Record<string, number>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementTypeName;
  /** A string names a size that is known only at run time. */
  readonly dims: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly Tensor[];
  readonly nodes: readonly OnnxNode[];
}

/** Tag of a length-delimited field. */
const bytesTag = (field: number) => (field << 3) | 2;
const varintTag = (field: number) => field << 3;

function message(write: (writer: Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
}

/** The bytes of a `.onnx` file. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  return message((w) => {
    w.uint32(varintTag(1)).int64(IR_VERSION);
    w.uint32(bytesTag(2)).string('hearken');
    w.uint32(bytesTag(7)).bytes(encodeGraph(graph));
    w.uint32(bytesTag(8)).bytes(message((o) => o.uint32(bytesTag(1)).string('').uint32(varintTag(2)).int64(OPSET)));
  });
}

function encodeGraph(graph: OnnxGraph): Uint8Array {
  return message((w) => {
    for (const node of graph.nodes) w.uint32(bytesTag(1)).bytes(encodeNode(node));
    w.uint32(bytesTag(2)).string(graph.name);
    for (const tensor of graph.initializers) w.uint32(bytesTag(5)).bytes(encodeTensor(tensor));
    for (const value of graph.inputs) w.uint32(bytesTag(11)).bytes(encodeValue(value));
    for (const value of graph.outputs) w.uint32(bytesTag(12)).bytes(encodeValue(value));
  });
}

function encodeNode(node: OnnxNode): Uint8Array {
  return message((w) => {
    for (const input of node.inputs) w.uint32(bytesTag(1)).string(input);
    for (const output of node.outputs) w.uint32(bytesTag(2)).string(output);
    w.uint32(bytesTag(4)).string(node.op);
    for (const [name, value] of Object.entries(node.ints ?? {})) {
      w.uint32(bytesTag(5)).bytes(
        message((a) =>
          a.uint32(bytesTag(1)).string(name).uint32(varintTag(3)).int64(value).uint32(varintTag(20)).int32(2),
        ),
      );
    }
  });
}

function encodeTensor(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  const type =
    data instanceof Float32Array ? ElementType.float : data instanceof Int8Array ? ElementType.int8 : ElementType.int64;
  return message((w) => {
    for (const dim of tensor.dims) w.uint32(varintTag(1)).int64(dim);
    w.uint32(varintTag(2)).int32(type);
    w.uint32(bytesTag(8)).string(tensor.name);
    // Little-endian as the format wants; every machine that onnxruntime-node runs on is.
    w.uint32(bytesTag(9)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

function encodeValue(value: OnnxValue): Uint8Array {
  const shape = message((s) => {
    for (const dim of value.dims) {
      s.uint32(bytesTag(1)).bytes(
        message((d) =>
          typeof dim === 'number' ? d.uint32(varintTag(1)).int64(dim) : d.uint32(bytesTag(2)).string(dim),
        ),
      );
    }
  });
  const tensorType = message((t) =>
    t.uint32(varintTag(1)).int32(ElementType[value.type]).uint32(bytesTag(2)).bytes(shape),
  );
  const type = message((t) => t.uint32(bytesTag(1)).bytes(tensorType));
  return message((w) => w.uint32(bytesTag(1)).string(value.name).uint32(bytesTag(2)).bytes(type));
}
