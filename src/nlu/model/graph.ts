import type { MlpModel } from '../train/mlp.js';
import type { LinearModel } from '../train/svm.js';
import { encodeOnnx, type OnnxNode, type Tensor } from './onnx-writer.js';

/**
 * The graph that answers one utterance. It gathers only the rows of the features the utterance has, so the work is
 * (features × labels) multiplications, whatever the vocabulary's size. Weights are int8 with one scale a row in the file;
 * onnxruntime multiplies them once, when it opens the model.
 *
 * in: `ids` int32 [n], `values` float [n]; n ≥ 1. out: `margins` float [labels] (SVM), and `logits` float [labels] when there is a net.
 */
export function buildGraph(svm: LinearModel, mlp: MlpModel | undefined): Uint8Array {
  const initializers: Tensor[] = [];
  const nodes: OnnxNode[] = [];
  const svmRows = quantizeRows(transpose(svm.weights, svm.labels, svm.columns), svm.columns, svm.labels);
  addGatheredProduct('svm', svmRows, svm.columns, svm.labels, initializers, nodes);
  initializers.push({ name: 'svm_bias', dims: [svm.labels], data: svm.bias });
  nodes.push({ op: 'Add', inputs: ['svm_sum', 'svm_bias'], outputs: ['margins'] });
  if (mlp) addNet(mlp, initializers, nodes);
  return encodeOnnx({
    name: 'hearken-intent',
    inputs: [
      { name: 'ids', type: 'int32', dims: ['n'] },
      { name: 'values', type: 'float', dims: ['n'] },
    ],
    outputs: [
      { name: 'margins', type: 'float', dims: [svm.labels] },
      ...(mlp ? [{ name: 'logits', type: 'float' as const, dims: [svm.labels] }] : []),
    ],
    initializers,
    nodes,
  });
}

function addNet(mlp: MlpModel, initializers: Tensor[], nodes: OnnxNode[]): void {
  addGatheredProduct(
    'net',
    quantizeRows(mlp.embedding, mlp.columns, mlp.hidden),
    mlp.columns,
    mlp.hidden,
    initializers,
    nodes,
  );
  const out = quantizeRows(mlp.output, mlp.labels, mlp.hidden);
  initializers.push(
    { name: 'net_hidden_bias', dims: [mlp.hidden], data: mlp.hiddenBias },
    { name: 'net_out', dims: [mlp.hidden, mlp.labels], data: transpose(out.quantized, mlp.labels, mlp.hidden) },
    { name: 'net_out_scales', dims: [mlp.labels], data: out.scales },
    { name: 'net_out_bias', dims: [mlp.labels], data: mlp.outputBias },
  );
  nodes.push(
    { op: 'Add', inputs: ['net_sum', 'net_hidden_bias'], outputs: ['net_pre'] },
    { op: 'Relu', inputs: ['net_pre'], outputs: ['net_hidden'] },
    ...weights('net_out'),
    { op: 'MatMul', inputs: ['net_hidden', 'net_out_weights'], outputs: ['net_score'] },
    { op: 'Add', inputs: ['net_score', 'net_out_bias'], outputs: ['logits'] },
  );
}

/** `sum_i values[i] * scale[ids[i]] * rows[ids[i]]` as `<name>_sum`. */
function addGatheredProduct(
  name: string,
  rows: { quantized: Int8Array; scales: Float32Array },
  columns: number,
  width: number,
  initializers: Tensor[],
  nodes: OnnxNode[],
): void {
  initializers.push(
    { name, dims: [columns, width], data: rows.quantized },
    { name: `${name}_scales`, dims: [columns, 1], data: rows.scales },
  );
  nodes.push(
    ...weights(name),
    { op: 'Gather', inputs: [`${name}_weights`, 'ids'], outputs: [`${name}_own`], ints: { axis: 0 } },
    { op: 'MatMul', inputs: ['values', `${name}_own`], outputs: [`${name}_sum`] },
  );
}

/** `<name>_weights` from int8 and scales: of constants alone, so it is worked out once. */
function weights(name: string): OnnxNode[] {
  return [
    { op: 'Cast', inputs: [name], outputs: [`${name}_float`], ints: { to: 1 } },
    { op: 'Mul', inputs: [`${name}_float`, `${name}_scales`], outputs: [`${name}_weights`] },
  ];
}

/** Symmetric int8, one scale a row. */
function quantizeRows(
  values: Float32Array,
  rows: number,
  width: number,
): { quantized: Int8Array; scales: Float32Array } {
  const quantized = new Int8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let at = row * width; at < (row + 1) * width; at++)
      largest = Math.max(largest, Math.abs(values[at] as number));
    const scale = largest / 127;
    scales[row] = scale;
    if (scale === 0) continue;
    for (let at = row * width; at < (row + 1) * width; at++) quantized[at] = Math.round((values[at] as number) / scale);
  }
  return { quantized, scales };
}

function transpose<T extends Float32Array | Int8Array>(values: T, rows: number, columns: number): T {
  const out = (values instanceof Float32Array ? new Float32Array(rows * columns) : new Int8Array(rows * columns)) as T;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column] as number;
  }
  return out;
}
