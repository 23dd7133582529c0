/** How the classifiers' scores become probabilities: `softmax(svm · margins + net · logits)`. */
export interface Calibration {
  readonly svm: number;
  readonly net: number;
}

export interface HeldOut {
  readonly margins: Float32Array;
  readonly logits: Float32Array | undefined;
  /** Index of the right label among the scores; -1 when none of them is. */
  readonly label: number;
}

export function probabilities(
  calibration: Calibration,
  margins: ArrayLike<number>,
  logits: ArrayLike<number> | undefined,
): Float32Array {
  const out = new Float32Array(margins.length);
  let max = Number.NEGATIVE_INFINITY;
  for (let label = 0; label < out.length; label++) {
    const z = calibration.svm * (margins[label] as number) + (logits ? calibration.net * (logits[label] as number) : 0);
    out[label] = z;
    if (z > max) max = z;
  }
  let total = 0;
  for (let label = 0; label < out.length; label++) {
    const e = Math.exp((out[label] as number) - max);
    out[label] = e;
    total += e;
  }
  for (let label = 0; label < out.length; label++) out[label] = (out[label] as number) / total;
  return out;
}

/** Temperatures that make held-out data most likely (gradient descent on the negative log-likelihood, in log space so both stay positive). */
export function fitCalibration(rows: readonly HeldOut[]): Calibration {
  const usable = rows.filter((row) => row.label >= 0 && row.margins.length > 1);
  const withNet = usable.some((row) => row.logits !== undefined);
  let logSvm = Math.log(withNet ? 3 : 6);
  let logNet = Math.log(0.5);
  if (usable.length === 0) return { svm: Math.exp(logSvm), net: withNet ? Math.exp(logNet) : 0 };
  const sums = [1e-9, 1e-9];
  for (let iteration = 0; iteration < 120; iteration++) {
    const calibration = { svm: Math.exp(logSvm), net: withNet ? Math.exp(logNet) : 0 };
    let svmSlope = 0;
    let netSlope = 0;
    for (const { margins, logits, label } of usable) {
      const p = probabilities(calibration, margins, logits);
      for (let index = 0; index < p.length; index++) {
        const error = (p[index] as number) - (index === label ? 1 : 0);
        svmSlope += error * (margins[index] as number);
        if (logits) netSlope += error * (logits[index] as number);
      }
    }
    const slopes = [(svmSlope / usable.length) * calibration.svm, (netSlope / usable.length) * calibration.net];
    for (const [index, slope] of slopes.entries()) sums[index] = (sums[index] ?? 0) + slope * slope;
    logSvm -= (0.2 * (slopes[0] ?? 0)) / Math.sqrt(sums[0] ?? 1);
    if (withNet) logNet -= (0.2 * (slopes[1] ?? 0)) / Math.sqrt(sums[1] ?? 1);
  }
  return { svm: Math.exp(logSvm), net: withNet ? Math.exp(logNet) : 0 };
}

/** Expected calibration error over 15 bins of equal width (Guo et al., ICML 2017). */
export function calibrationError(predictions: readonly { confidence: number; right: boolean }[], bins = 15): number {
  if (predictions.length === 0) return 0;
  const count = new Array<number>(bins).fill(0);
  const confidence = new Array<number>(bins).fill(0);
  const right = new Array<number>(bins).fill(0);
  for (const prediction of predictions) {
    const bin = Math.min(bins - 1, Math.floor(prediction.confidence * bins));
    count[bin] = (count[bin] ?? 0) + 1;
    confidence[bin] = (confidence[bin] ?? 0) + prediction.confidence;
    right[bin] = (right[bin] ?? 0) + (prediction.right ? 1 : 0);
  }
  return count.reduce(
    (sum, _, bin) => sum + Math.abs((confidence[bin] ?? 0) - (right[bin] ?? 0)) / predictions.length,
    0,
  );
}
