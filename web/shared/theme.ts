/**
 * The colours of everything we show in a browser, as CSS custom properties a site may set. Each pair of text and ground below has at least 4.5:1, and what is drawn to be
 * used (borders of fields, the focus ring) at least 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
 */
export const light = `
  --_ground: var(--hearken-ground, #ffffff);
  --_ground-soft: var(--hearken-ground-soft, #f3f5f4);
  --_text: var(--hearken-text, #17211d);
  --_text-soft: var(--hearken-text-soft, #55625c);
  --_line: var(--hearken-line, #dde3e0);
  --_line-strong: var(--hearken-line-strong, #7b8883);
  --_accent: var(--hearken-accent, #0b6b4f);
  --_accent-hover: var(--hearken-accent-hover, #08543e);
  --_on-accent: var(--hearken-on-accent, #ffffff);
  --_accent-soft: var(--hearken-accent-soft, #e3f1ec);
  --_danger: var(--hearken-danger, #b3261e);
  --_on-danger: var(--hearken-on-danger, #ffffff);
  --_warn-ground: var(--hearken-warn-ground, #fdf3dc);
  --_warn-text: var(--hearken-warn-text, #5b4300);
  --_shadow: 0 12px 40px rgb(16 32 26 / 18%), 0 2px 8px rgb(16 32 26 / 10%);
`;
export const dark = `
  --_ground: var(--hearken-ground, #161b19);
  --_ground-soft: var(--hearken-ground-soft, #202725);
  --_text: var(--hearken-text, #e9efec);
  --_text-soft: var(--hearken-text-soft, #a5b2ac);
  --_line: var(--hearken-line, #303a36);
  --_line-strong: var(--hearken-line-strong, #81908a);
  --_accent: var(--hearken-accent, #6fd3ae);
  --_accent-hover: var(--hearken-accent-hover, #93e2c5);
  --_on-accent: var(--hearken-on-accent, #06281d);
  --_accent-soft: var(--hearken-accent-soft, #1d3a30);
  --_danger: var(--hearken-danger, #f2857c);
  --_on-danger: var(--hearken-on-danger, #3a0805);
  --_warn-ground: var(--hearken-warn-ground, #3a2f12);
  --_warn-text: var(--hearken-warn-text, #f5dfa6);
  --_shadow: 0 12px 40px rgb(0 0 0 / 55%), 0 2px 8px rgb(0 0 0 / 40%);
`;

/** For a shadow root: `theme="light"` or `"dark"` on the element wins over the system's wish. */
export const themeCss = `
:host { ${light} color-scheme: light; }
@media (prefers-color-scheme: dark) { :host { ${dark} color-scheme: dark; } }
:host([theme="light"]) { ${light} color-scheme: light; }
:host([theme="dark"]) { ${dark} color-scheme: dark; }
`;
