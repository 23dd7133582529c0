import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { ApiError } from '../api/client.js';
import type { CallKind, CallState, LiveCall, Outcome } from '../api/contract.js';
import { percent } from '../core/format.js';
import { live } from '../core/session.js';
import { settings } from '../core/settings.js';
import type { Rendered } from '../core/view.js';
import { saidInChinese } from '../words/service-zh.js';
import { t } from '../words/words.js';
import { type IconName, icon } from './icons.js';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info' | 'agent' | '';

export function badge(text: string, tone: Tone = '', live = false): TemplateResult {
  return html`<span class="badge ${tone} ${live ? 'live' : ''}">${live ? html`<i></i>` : nothing}${text}</span>`;
}

const STATE_TONES: Readonly<Record<CallState, Tone>> = {
  listening: 'good',
  thinking: 'info',
  speaking: 'info',
  transferring: 'warn',
  queued: 'warn',
  person: 'agent',
  ended: '',
};

export function stateBadge(call: Pick<LiveCall, 'state' | 'agent'>): TemplateResult {
  const words = t().callStates[call.state];
  const text = call.state === 'person' && call.agent !== null ? t().withAgent(call.agent) : words;
  return badge(text, STATE_TONES[call.state], call.state !== 'ended');
}

const OUTCOME_TONES: Readonly<Record<Outcome, Tone>> = {
  transferred: 'agent',
  completed: 'good',
  left: '',
  failed: 'bad',
  open: 'info',
};

export function outcomeBadge(outcome: Outcome): TemplateResult {
  return badge(t().outcomes[outcome], OUTCOME_TONES[outcome]);
}

const KIND_ICONS: Readonly<Record<CallKind, IconName>> = { phone: 'phone', widget: 'globe', text: 'text' };

/** The channel as a drawing with its name for those who can't see it. */
export function kindIcon(kind: CallKind): TemplateResult {
  return html`<span class="kind" title=${t().kinds[kind]}>${icon(KIND_ICONS[kind])}<span class="away">${t().kinds[kind]}</span></span>`;
}

/** Who calls, as far as is known: a number as people know it, without the address of the telephone system around it. */
export function callerName({ caller: given, kind }: { readonly caller: string; readonly kind: CallKind }): string {
  const number = /^(?:sips?|tel):(\+?[\d().*-]+)(?:[@;]|$)/i.exec(given)?.[1];
  const caller = number ?? given.replace(/^sips?:/i, '');
  if (caller !== '' && !(kind === 'widget' && caller === 'web')) return caller;
  return kind === 'phone' ? t().unknownCaller : t().webVisitor;
}

/** Where somebody called, where that tells anything: whoever speaks on a web page called no number. */
export function calledNumber({ callee }: { readonly callee: string }): Rendered {
  return callee === '' || callee === 'web:widget' ? nothing : html`<span>${t().to} ${callee}</span>`;
}

/** Why a person was wanted: the dialogue's own reasons in words, an application's as it gives them. */
export function reasonText(reason: string): string {
  const { reasons } = t();
  return Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : reason;
}

/** An agent as people call them. */
export function agentName(name: string): string {
  return live.agents.get(name)?.displayName ?? name;
}

/** 中文, English: a language by its own name; what is no language stays as it is. */
export function languageName(tag: string): string {
  if (/^zh\b/i.test(tag)) return '中文';
  if (/^en\b/i.test(tag)) return 'English';
  return tag;
}

/** The `lang` of what callers say and bots answer: nothing where it is not known (WCAG 2.2, 3.1.2). */
export function langOf(tag: string): string | typeof nothing {
  return /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/.test(tag) ? tag : nothing;
}

export function empty(name: IconName, title: string, text: string, more: Rendered = nothing): TemplateResult {
  return html`<div class="empty">${icon(name)}<strong>${title}</strong><p>${text}</p>${more}</div>`;
}

export function bones(count = 5): TemplateResult {
  return html`<div class="bones" role="status"><span class="away">${t().loading}</span>${Array.from({ length: count }, () => html`<i></i>`)}</div>`;
}

/** What went wrong, in words for people. */
export function errorText(error: unknown): string {
  const words = t().errors;
  if (!(error instanceof ApiError)) return words.other;
  const known: Readonly<Record<number, string>> = {
    0: words.noAnswer,
    401: words.signedOut,
    403: words.forbidden,
    404: words.notFound,
    409: words.conflict,
    429: words.tooMany,
    503: words.unavailable,
  };
  return known[error.status] ?? (error.message === '' ? words.other : error.message);
}

/** What the service said, in the viewer's language where the page has the words; else as it came. */
export function said(text: string): TemplateResult {
  const own = settings.value.language === 'zh-CN' ? saidInChinese(text) : undefined;
  return own === undefined ? html`<span lang="en">${text}</span>` : html`${own}`;
}

export function problem(error: unknown, again?: () => void): TemplateResult {
  const hint = error instanceof ApiError && error.status !== 401 ? error.hint : undefined;
  return html`<div class="banner bad" role="alert">
    ${icon('alert')}
    <p>${errorText(error)}${hint === undefined ? nothing : html` <span class="small">${said(hint)}</span>`}</p>
    ${again === undefined ? nothing : html`<button type="button" class="button" @click=${again}>${t().tryAgain}</button>`}
  </div>`;
}

/** How full something is, 0 to 1. */
export function bar(share: number, label: string, tone: '' | 'warn' | 'bad' = ''): TemplateResult {
  const width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  return html`<svg class="meter ${tone}" role="img" aria-label=${`${label} ${percent(share)}`} preserveAspectRatio="none">
    <rect class="ground" width="100%" height="6" rx="3"></rect>${svg`<rect class="full" width=${width} height="6" rx="3"></rect>`}
  </svg>`;
}

/** A value of a slot or a trace, as one line of text. Hostile: only ever text. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  try {
    return JSON.stringify(value) ?? '–';
  } catch {
    return '–';
  }
}

/** Slots that have a value. */
export function filled(slots: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(slots).filter(([, value]) => value !== null && value !== undefined && value !== '');
}

export function slotFacts(slots: Readonly<Record<string, unknown>>): TemplateResult {
  const known = filled(slots);
  if (known.length === 0) return html`<p class="soft small">${t().noSlots}</p>`;
  return html`<dl class="facts">${known.map(([name, value]) => html`<dt>${name}</dt><dd>${valueText(value)}</dd>`)}</dl>`;
}

export function sentimentBadge(sentiment: number | null): Rendered {
  if (sentiment === null) return nothing;
  const words = t().sentiments;
  if (sentiment <= -0.6) return badge(words.upset, 'bad');
  if (sentiment < -0.2) return badge(words.displeased, 'warn');
  if (sentiment > 0.4) return badge(words.pleased, 'good');
  return badge(words.calm);
}
