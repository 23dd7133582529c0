/** The public face of the understanding room. */

export { type AppModelOptions, trainOrLoadForApp } from './app-model.js';
export { loadTrainingData } from './corpus/load.js';
export { extractEntities } from './entities/extract.js';
export type * from './intent-model.js';
export { FALLBACK_INTENT } from './intent-model.js';
export { type LoadOptions, loadIntentModel, OnnxIntentModel } from './model/onnx-intent-model.js';
export { type TrainOptions, type TrainResult, trainIntentModel } from './train/trainer.js';
