import { registerProcessors } from '../../../widget/src/audio/worklet.js';

/** Loaded into the AudioWorklet: the widget's own processors, as a file of the console's. */
registerProcessors();
