/** A report on the paper of VS Code's theme. */
import { expect, it } from 'vitest';
import { onPaper } from '../../../editors/vscode/report_page.mts';
import { shell } from '../../../src/app/report/html.ts';

it('has the paper of the theme, whatever the system of the reader asks for', () => {
  const page = shell({ title: 'films', kind: 'Report' }, '<p>Run <code>tower evaluate</code>.</p>', []);
  for (const theme of ['light', 'dark'] as const) {
    const shown = onPaper(page, theme);
    expect(shown).not.toContain('prefers-color-scheme');
    expect(shown.includes('@media all')).toBe(theme === 'dark');
    expect(shown).toContain(`color-scheme: ${theme};`);
    // After the styles of VS Code, and allowed by the policy of the page.
    expect(shown).toMatch(/code, kbd, pre \{[^}]*background: none[^}]*\}<\/style><\/head>/);
    expect(/style-src ([^;"]*)/.exec(shown)![1]).toContain("'unsafe-inline'");
  }
});
