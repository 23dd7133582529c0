/** The public face of the understanding room. */

export { type AppModelOptions, LiveModel, trainOrLoadForApp } from './app-model.js';
export { loadTrainingData } from './corpus/load.js';
export { openSentenceEncoder } from './encoder/onnx-encoder.js';
export { extractEntities } from './entities/extract.js';
export type * from './intent-model.js';
export { FALLBACK_INTENT } from './intent-model.js';
export { type HolderEvents, ModelHolder } from './live/model-holder.js';
export { type LoadOptions, loadIntentModel, OnnxIntentModel } from './model/onnx-intent-model.js';
export { SensitiveFilter, SensitiveWords } from './sensitive/sensitive-words.js';
export { ThreadedModel, type ThreadedModelOptions } from './thread/threaded-model.js';
export { type TrainOptions, type TrainResult, trainIntentModel } from './train/trainer.js';
