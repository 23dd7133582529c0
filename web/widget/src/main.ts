import { registerProcessors } from './audio/worklet.js';
import { defineHearkenCall } from './element.js';

// The same script twice: in the page it defines the element, in the AudioWorklet it brings the processors. One address, and no blob: in anybody's policy.
if (typeof document === 'undefined') registerProcessors();
else defineHearkenCall(import.meta.url);
