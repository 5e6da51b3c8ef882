/** The report of a run as a view of VS Code shows it. Nothing here needs VS Code. */

/** Of the style that VS Code gives each page before its own: code is light on a dark ground there, which the report does not expect. */
const own = '<style>code, kbd, pre { color: inherit; background: none; padding: 0; }</style>';

/** A report takes its paper from the system of the reader, and a window of VS Code has a theme of its own. */
export function onPaper(page: string, theme: 'light' | 'dark'): string {
  return page
    .replaceAll('@media (prefers-color-scheme: dark)', theme === 'dark' ? '@media all' : '@media not all')
    .replaceAll('color-scheme: light dark', `color-scheme: ${theme}`)
    .replace('</head>', `${own}</head>`);
}
