import { themeCss } from '../../shared/theme.js';

export const css = `${themeCss}
:host {
  --_radius: var(--hearken-radius, 16px);
  --_font: var(--hearken-font, system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif);
  position: fixed; inset-block-end: var(--hearken-offset-block, 20px); inset-inline-end: var(--hearken-offset-inline, 20px);
  z-index: var(--hearken-z-index, 2147483000);
  display: block; font: 400 15px/1.55 var(--_font); color: var(--_text); text-align: start; letter-spacing: normal;
}
:host([inline]) { position: relative; inset: auto; z-index: auto; }
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer; -webkit-tap-highlight-color: transparent; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
svg { inline-size: 22px; block-size: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.away { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher {
  display: flex; align-items: center; gap: 10px; block-size: 56px; padding-inline: 18px 22px; margin-inline-start: auto;
  border-radius: 28px; background: var(--_accent); color: var(--_on-accent); font-weight: 600; box-shadow: var(--_shadow);
}
.launcher:hover { background: var(--_accent-hover); }
.launcher.live::after { content: ""; inline-size: 10px; block-size: 10px; border-radius: 50%; background: currentColor; animation: pulse 1.6s ease-in-out infinite; }

.panel {
  display: flex; flex-direction: column; inline-size: min(384px, calc(100vw - 40px)); block-size: min(620px, calc(100dvh - 40px));
  background: var(--_ground); border: 1px solid var(--_line); border-radius: var(--_radius); box-shadow: var(--_shadow); overflow: hidden;
}
:host([inline]) .panel { inline-size: 100%; block-size: 100%; min-block-size: 420px; box-shadow: none; }

header { display: flex; align-items: center; gap: 12px; padding: 14px 12px 12px 16px; border-block-end: 1px solid var(--_line); }
.badge { display: grid; place-items: center; inline-size: 40px; block-size: 40px; border-radius: 50%; background: var(--_accent-soft); color: var(--_accent); flex: none; }
.title { flex: 1; min-inline-size: 0; }
h2 { margin: 0; font-size: 16px; line-height: 1.3; font-weight: 650; }
.status { margin: 1px 0 0; font-size: 13px; line-height: 1.4; color: var(--_text-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tool { display: grid; place-items: center; min-inline-size: 40px; block-size: 40px; padding-inline: 8px; border-radius: 10px; color: var(--_text-soft); font-size: 13px; font-weight: 600; }
.tool:hover { background: var(--_ground-soft); color: var(--_text); }

.lines { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex; flex-direction: column; gap: 10px; scrollbar-width: thin; }
.lines:focus-visible { outline-offset: -4px; }
.lines ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 10px; }
.hello { margin: auto; padding: 24px 12px; text-align: center; color: var(--_text-soft); max-inline-size: 26ch; }
.line { max-inline-size: 86%; padding: 9px 13px; border-radius: 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
.line.bot { align-self: flex-start; background: var(--_ground-soft); border-end-start-radius: 4px; }
.line.caller { align-self: flex-end; background: var(--_accent); color: var(--_on-accent); border-end-end-radius: 4px; }
.line.agent { align-self: flex-start; background: var(--_accent-soft); border-end-start-radius: 4px; }
.line.agent .name { display: block; font-size: 12px; line-height: 1.4; font-weight: 600; color: var(--_text-soft); }
.line.system { align-self: center; max-inline-size: 100%; padding: 2px 8px; font-size: 13px; line-height: 1.45; color: var(--_text-soft); text-align: center; }
.line.partial { background: none; color: var(--_text); border: 1.5px dashed var(--_line-strong); }
.rest { color: var(--_text-soft); }
.line.cut .rest { text-decoration: line-through; text-decoration-thickness: 1px; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; margin-block: 8px 2px; }
.choice { min-block-size: 36px; max-inline-size: 100%; padding: 5px 12px; border-radius: 18px; border: 1px solid var(--_line-strong); background: var(--_ground); color: var(--_text); font-size: 14px; font-weight: 600; line-height: 1.4; text-align: start; overflow-wrap: anywhere; }
.choice:hover { background: var(--_accent-soft); }
.choice[aria-disabled="true"] { background: none; border-color: var(--_line); color: var(--_text-soft); font-weight: 400; cursor: default; }
.dots { align-self: flex-start; display: flex; gap: 5px; padding: 14px; border-radius: 14px; background: var(--_ground-soft); }
.dots i { inline-size: 7px; block-size: 7px; border-radius: 50%; background: var(--_text-soft); animation: dot 1.2s ease-in-out infinite; }
.dots i:nth-child(2) { animation-delay: .15s; } .dots i:nth-child(3) { animation-delay: .3s; }

.notice, .handover { display: flex; align-items: center; gap: 10px; margin: 0 16px 12px; padding: 10px 12px; border-radius: 12px; font-size: 14px; line-height: 1.45; }
.notice { background: var(--_warn-ground); color: var(--_warn-text); }
.handover { background: var(--_accent-soft); color: var(--_text); }
.notice p, .handover p { flex: 1; margin: 0; }
.notice.good { background: var(--_accent-soft); color: var(--_text); }
.notice button { flex: none; min-block-size: 32px; padding-inline: 10px; border-radius: 8px; font-weight: 600; border: 1px solid currentColor; }
.handover a { color: var(--_accent); font-weight: 600; }

.stage { padding: 4px 16px 12px; }
.talk { display: flex; align-items: center; justify-content: center; gap: 10px; flex: 1; min-inline-size: 0; block-size: 52px; padding-inline: 12px; border-radius: 26px; background: var(--_accent); color: var(--_on-accent); font-weight: 600; font-size: 16px; }
.begin { display: flex; gap: 8px; }
.ask { display: flex; align-items: center; justify-content: center; gap: 8px; block-size: 52px; padding-inline: 16px; border-radius: 26px; border: 1px solid var(--_line-strong); font-weight: 600; font-size: 14px; }
.ask:only-child, .talk[hidden] + .ask { flex: 1; }
.ask:hover { background: var(--_ground-soft); }
.talk:hover { background: var(--_accent-hover); }
.talk[aria-disabled="true"] { background: var(--_ground-soft); color: var(--_text-soft); cursor: default; }
.spinner { inline-size: 18px; block-size: 18px; border-radius: 50%; border: 2.5px solid currentColor; border-block-start-color: transparent; animation: spin .9s linear infinite; }
.controls { display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px; }
.control { display: flex; flex-direction: column; align-items: center; gap: 4px; padding: 9px 2px 7px; min-block-size: 58px; border-radius: 12px; background: var(--_ground-soft); font-size: 12px; line-height: 1.25; text-align: center; }
.control:hover { background: var(--_accent-soft); }
.control[aria-pressed="true"], .control[aria-expanded="true"] { background: var(--_accent); color: var(--_on-accent); }
.control svg.dotted { stroke-width: 3; }
.control.end { background: var(--_danger); color: var(--_on-danger); }
.control.end:hover { filter: brightness(1.08); }
.meter { display: flex; align-items: center; justify-content: center; gap: 4px; block-size: 34px; margin-block-end: 8px; color: var(--_accent); }
.meter i { inline-size: 4px; block-size: 30px; border-radius: 2px; background: currentColor; transform: scaleY(.12); transition: transform 90ms linear; }
.meter.bot { color: var(--_line-strong); }
.keys { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; margin-block-end: 8px; }
.key { block-size: 44px; border-radius: 10px; background: var(--_ground-soft); font-size: 18px; font-weight: 600; font-variant-numeric: tabular-nums; }
.key:hover { background: var(--_accent-soft); }
.key:active { background: var(--_accent); color: var(--_on-accent); }

form { display: flex; gap: 8px; padding: 12px 16px 16px; border-block-start: 1px solid var(--_line); }
input { flex: 1; min-inline-size: 0; block-size: 44px; padding-inline: 14px; border-radius: 22px; border: 1px solid var(--_line-strong); background: var(--_ground); color: var(--_text); font: inherit; font-size: 16px; }
input::placeholder { color: var(--_text-soft); opacity: 1; }
.send { display: grid; place-items: center; inline-size: 44px; block-size: 44px; border-radius: 50%; background: var(--_accent); color: var(--_on-accent); flex: none; }
.send:hover { background: var(--_accent-hover); }
.send[aria-disabled="true"] { background: var(--_ground-soft); color: var(--_text-soft); cursor: default; }

@keyframes pulse { 50% { opacity: .35; } }
@keyframes dot { 30% { transform: translateY(-4px); } 60% { transform: none; } }
@keyframes spin { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .launcher, .talk, .control, .key, .send, .line { border: 1px solid ButtonText; } .meter i { background: CanvasText; } }
@media (max-width: 480px) {
  :host([open]:not([inline])) { inset: 0; }
  :host(:not([inline])) .panel { inline-size: 100vw; block-size: 100dvh; border: 0; border-radius: 0; }
}
`;
