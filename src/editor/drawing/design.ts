/**
 * The one design of all pages: colours, type, spacing and the mark, as custom properties of CSS. It loads nothing, so fonts are those of the reader's system.
 */

export type Theme = 'light' | 'dark';

/**
 * `ink`, `soft` and `accent` are words on `paper` and on `card`, `line` is a border, `grid` a line of a chart. `c0` to `c5` tell series apart, also as words.
 * `good`, `fair` and `bad` are verdicts, and `quiet` is a bar that needs no attention.
 */
const colours: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  light: {
    paper: '#ffffff',
    card: '#f6f7f9',
    ink: '#15181e',
    soft: '#565e6c',
    line: '#dfe3e8',
    grid: '#e9ecf0',
    accent: '#2554d9',
    wash: '#eaf0fe',
    good: '#12774a',
    fair: '#8a5a00',
    bad: '#b42318',
    quiet: '#a3acb9',
    c0: '#2554d9',
    c1: '#b4470a',
    c2: '#12774a',
    c3: '#8237b4',
    c4: '#8a5a00',
    c5: '#b3245a',
  },
  dark: {
    paper: '#0f1216',
    card: '#171b21',
    ink: '#e9ecf0',
    soft: '#9ea8b5',
    line: '#2b323b',
    grid: '#222830',
    accent: '#83aaff',
    wash: '#1a2440',
    good: '#57cf97',
    fair: '#e3b341',
    bad: '#ff8b80',
    quiet: '#5d6876',
    c0: '#83aaff',
    c1: '#ff9d5c',
    c2: '#57cf97',
    c3: '#cb9bf5',
    c4: '#e3b341',
    c5: '#ff86ae',
  },
};

/** Sizes of type are steps of 1.2, and spaces are multiples of 4 pixels. */
const measures = `
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace;
  --text-small: .8125rem; --text: .9375rem; --text-large: 1.125rem; --text-title: 1.375rem; --text-headline: 2rem;
  --space-1: .25rem; --space-2: .5rem; --space-3: .75rem; --space-4: 1rem; --space-6: 1.5rem; --space-8: 2rem; --space-12: 3rem;
  --radius: 8px; --page: 80rem; --prose: 44rem;`;

const declarations = (theme: Theme): string =>
  Object.entries(colours[theme])
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');

/** Returns the colours of one theme, for a window that has its own; without a theme, those that the reader's system asks for. */
export const coloursCss = (theme?: Theme): string =>
  theme === undefined
    ? `
:root { color-scheme: light dark; ${declarations('light')} }
@media (prefers-color-scheme: dark) { :root { ${declarations('dark')} } }
`
    : `\n:root { color-scheme: ${theme}; ${declarations(theme)} }\n`;

/** The colours of a page in a frame: the page around it says which of the two its reader chose. */
export const chosenColours = (['light', 'dark'] as const)
  .map((theme) => coloursCss(theme).replace(':root', `:root[data-theme="${theme}"]`))
  .join('');

/** Colours, type and spacing, for the style sheet of a page. */
export const tokens = `${coloursCss()}:root {${measures} }\n`;

/** Where every page begins: its letters, headings, links, code, and the ring of what has the focus. */
export const basics = `
*, ::before { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: var(--text)/1.5 var(--sans); }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: var(--text-large); letter-spacing: -.01em; }
code, pre { font-family: var(--mono); font-size: .92em; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
`;

/** The mark: two towers, and the score that joins them. */
export const mark =
  '<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><rect x="2" y="3.5" width="20" height="4" rx="1.2" fill="var(--accent)"/><path fill="currentColor" d="M5 9.5h4.5V21H5zM14.5 9.5H19V21h-4.5z"/></svg>';

/** The mark as a file, white on the accent: it has its own colours, because a tab may be light or dark. */
export const iconFile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5.5" fill="${colours.light.accent}"/><path fill="#fff" d="M6.5 10.8h4V19h-4zM13.5 10.8h4V19h-4z"/><rect x="4.5" y="5.6" width="15" height="3.4" rx="1" fill="#fff"/></svg>`;

/** The address of the icon within a page. */
export const icon = `data:image/svg+xml,${encodeURIComponent(iconFile)}`;

/** Shows the icon before the name of the project, where a page has no markup for it. */
export const brand = `.brand::before { content: ""; display: inline-block; width: 1.25em; height: 1.25em; margin-right: .5em; vertical-align: -.25em; background: url("${icon}") center / contain no-repeat; }\n`;
