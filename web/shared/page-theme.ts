import { dark, light } from './theme.js';

/** For a whole page of ours: `data-theme="light"` or `"dark"` on the root element wins over the system's wish. */
export const pageThemeCss = `
:root { ${light} color-scheme: light; }
@media (prefers-color-scheme: dark) { :root { ${dark} color-scheme: dark; } }
:root[data-theme="light"] { ${light} color-scheme: light; }
:root[data-theme="dark"] { ${dark} color-scheme: dark; }
`;
