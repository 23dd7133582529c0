import type { Predicate } from './predicate.js';
import type { ReadyAction } from './ready-actions.js';
import type { Problem } from './yaml.js';

/** An application folder as the turn engine uses it. Everything here is read-only and shared by all conversations. */

export interface Located {
  readonly file: string;
  readonly line: number;
}

export type SlotType = 'text' | 'bool' | 'categorical' | 'float' | 'list' | 'any';

export interface MappingCondition {
  /** Form or flow that must be active; null = none may be. */
  readonly activeLoop: string | null;
  readonly requestedSlot?: string;
}

interface MappingBase {
  readonly intents: readonly string[];
  readonly notIntents: readonly string[];
  readonly conditions: readonly MappingCondition[];
}

export type SlotMapping = MappingBase &
  (
    | { readonly type: 'from_entity'; readonly entity: string; readonly role?: string; readonly group?: string }
    | { readonly type: 'from_text' }
    | { readonly type: 'from_intent' | 'from_trigger_intent'; readonly value: unknown }
    | { readonly type: 'custom'; readonly action?: string }
    /** Rasa's `from_llm` and slots without mappings: filled by an entity of the slot's name, or by type when it is asked for. */
    | { readonly type: 'by_name' }
  );

/** How a slot is asked for where the answer is spoken or keyed: the `voice` key of a slot, our addition to the domain. */
export interface SlotVoice {
  /** Expectation type: `digits`, `phone_number`, `date`, `amount`, `confirm`, `text`, … */
  readonly type: string;
  /** The application says so itself. */
  readonly typed: boolean;
  /** Lengths a digit string may have, ascending; empty = any. */
  readonly lengths: readonly number[];
  /** `auto`: by confidence. */
  readonly confirm: 'auto' | 'always' | 'never';
  /** At least this sure: implicit. */
  readonly implicitFrom: number;
  /** Less sure than this: ask again. */
  readonly askAgainBelow: number;
  /** What keys stand for, where they are more than the digits of the answer: `{"1": "broken", "2": "late"}`. */
  readonly keypad: ReadonlyMap<string, unknown>;
}

/** What the person who takes a conversation over is told of a slot: the `agent` key, our addition to the domain. */
export interface SlotForAgent {
  readonly told: boolean;
  /** By language (BCP 47); `''` is the application's own. */
  readonly words: ReadonlyMap<string, { readonly label?: string; readonly values: ReadonlyMap<string, string> }>;
}

export interface SlotDefinition extends Located {
  readonly name: string;
  readonly type: SlotType;
  readonly initialValue: unknown;
  readonly influenceConversation: boolean;
  readonly values: readonly unknown[];
  readonly minValue: number | undefined;
  readonly maxValue: number | undefined;
  readonly mappings: readonly SlotMapping[];
  readonly voice: SlotVoice;
  /** Slots whose change makes this one unknown again. */
  readonly dependsOn: readonly string[];
  /** It has a `voice:` key: meant to be asked for on the phone. */
  readonly spoken: boolean;
  /** Kept about the caller beyond the conversation, once they have agreed (slot `profile_consent`). */
  readonly profile: boolean;
  readonly agent: SlotForAgent;
}

export interface Button {
  readonly title: string;
  readonly payload: string;
}

export interface ResponseVariation {
  readonly text: string;
  /** For the ears, where the variation itself says it differently (`metadata.speech`). */
  readonly speech: string | undefined;
  /** BCP 47, or undefined = the application's own language. */
  readonly language: string | undefined;
  readonly channel: string | undefined;
  /** All must hold; a condition on the slot `language` is kept as `language`. */
  readonly conditions: readonly { readonly slot: string; readonly value: unknown }[];
  readonly buttons: readonly Button[];
  readonly bargeIn: boolean;
  readonly custom: unknown;
}

export interface ResponseDefinition extends Located {
  readonly name: string;
  readonly variations: readonly ResponseVariation[];
}

export interface FormDefinition extends Located {
  readonly name: string;
  readonly requiredSlots: readonly string[];
  readonly ignoredIntents: readonly string[];
  /** 2.x shape: mappings inside the form, valid while it is active. */
}

export interface IntentDefinition {
  readonly name: string;
  /** Undefined = all. */
  readonly useEntities: readonly string[] | undefined;
  readonly ignoreEntities: readonly string[];
}

export interface Domain {
  readonly intents: ReadonlyMap<string, IntentDefinition>;
  readonly entities: ReadonlySet<string>;
  readonly slots: ReadonlyMap<string, SlotDefinition>;
  readonly forms: ReadonlyMap<string, FormDefinition>;
  readonly responses: ReadonlyMap<string, ResponseDefinition>;
  readonly actions: ReadonlySet<string>;
  readonly sessionExpiryMs: number;
  readonly carryOverSlots: boolean;
}

/** One step of a rule or story, alternatives of `or` already multiplied out. */
export type Step = Located &
  (
    | {
        readonly kind: 'user';
        readonly intent: string;
        readonly entities: readonly { readonly entity: string; readonly value?: unknown; readonly role?: string }[];
        /** The words said; without an intent in stories that are written end to end. */
        readonly text?: string;
      }
    /** `says`: the words of the bot, in stories that are written end to end. */
    | { readonly kind: 'action'; readonly action: string; readonly says?: string }
    | { readonly kind: 'slots'; readonly slots: Readonly<Record<string, unknown>>; readonly any: readonly string[] }
    | { readonly kind: 'loop'; readonly loop: string | null }
    | { readonly kind: 'checkpoint'; readonly checkpoint: string; readonly slots: Readonly<Record<string, unknown>> }
  );

export interface Rule extends Located {
  readonly name: string;
  readonly conversationStart: boolean;
  /** False: after the last step the next action is predicted by others at once. */
  readonly waitForUserInput: boolean;
  readonly conditions: readonly Step[];
  readonly steps: readonly Step[];
}

export interface Story extends Located {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface NextBranch {
  /** Undefined = else. */
  readonly when: Predicate | undefined;
  /** The condition as written, for diagrams. */
  readonly label: string;
  /** Step id, or undefined = END. */
  readonly to: string | undefined;
}

export type FlowStep = Located & {
  readonly id: string;
  /** Undefined: the end of the flow. */
  readonly next: readonly NextBranch[];
} & (
    | {
        readonly kind: 'collect';
        readonly slot: string;
        readonly utter: string | undefined;
        readonly askBeforeFilling: boolean;
        /** Where any words are the answer, questions are too. */
        readonly forceFilling: boolean;
        readonly resetAfterFlowEnds: boolean;
        readonly rejections: readonly { readonly when: Predicate; readonly utter: string }[];
        /** Action instead of the hand-off when the caller stays silent. */
        readonly silence: string | undefined;
      }
    | { readonly kind: 'action'; readonly action: string }
    | { readonly kind: 'set_slots'; readonly slots: readonly { readonly name: string; readonly value: unknown }[] }
    | { readonly kind: 'link' | 'call'; readonly flow: string }
    | { readonly kind: 'noop' }
  );

export interface Flow extends Located {
  readonly id: string;
  readonly name: string;
  /** Its name in other languages (BCP 47). */
  readonly names: ReadonlyMap<string, string>;
  readonly description: string;
  readonly guard: Predicate | undefined;
  readonly triggers: readonly { readonly intent: string; readonly confidence: number }[];
  readonly persistedSlots: readonly string[];
  /** Flows that are given up for this one where both are about the same. */
  readonly insteadOf: readonly string[];
  readonly first: string;
  readonly steps: ReadonlyMap<string, FlowStep>;
}

export interface Thresholds {
  /** Below: the utterance was not understood. */
  readonly nlu: number;
  /** The best two are closer than this: not understood either. */
  readonly ambiguity: number;
}

export interface Endpoints {
  /** Rasa action server. */
  readonly actionUrl: string | undefined;
  /** Its actions that only look something up (`lookups:` of the action endpoint). */
  readonly lookups: ReadonlySet<string>;
  /** Every entry of endpoints.yml, for the application's own actions. */
  readonly all: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Application {
  readonly folder: string;
  readonly domain: Domain;
  readonly rules: readonly Rule[];
  readonly stories: readonly Story[];
  readonly flows: ReadonlyMap<string, Flow>;
  readonly readyActions: ReadonlyMap<string, ReadyAction>;
  readonly thresholds: Thresholds;
  readonly endpoints: Endpoints;
  /** The language of variations that name none. */
  readonly language: string;
  readonly languages: readonly string[];
  /** IANA name of the clock that callers and the business live by. */
  readonly timeZone: string;
  /** Files below `actions/`. */
  readonly actionFiles: readonly string[];
  readonly maxHistory: number;
  /** By intent the built-in commands that are among its examples, word for word; absent where the examples are not known. */
  readonly ownCommands?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
}

export interface LoadedApplication {
  readonly application: Application;
  readonly problems: readonly Problem[];
}
