export type Theme = 'light' | 'dark';

const colours: Readonly<Record<Theme, string>> = {
  light: `--paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d4d9df; --card: #f5f7f9; --accent: #0b62c4;
  --c0: #0b62c4; --c1: #b4470a; --c2: #18794e; --c3: #8a3ab9; --c4: #946200; --c5: #b3245a;`,
  dark: `--paper: #14181d; --ink: #e8ebef; --soft: #a3adb8; --line: #38414b; --card: #1d2329; --accent: #6cb2ff;
  --c0: #6cb2ff; --c1: #ff9d5c; --c2: #5fd39b; --c3: #cf9bf5; --c4: #e6c04d; --c5: #ff86ae;`,
};

/** What a reader's system asks for: light or dark. */
export const palette = `
:root { color-scheme: light dark; ${colours.light} }
@media (prefers-color-scheme: dark) { :root { ${colours.dark} } }
`;

/** One of the two, for a picture in a window that has a theme of its own. */
export const paletteOf = (theme: Theme | undefined): string =>
  theme === undefined ? palette : `\n:root { color-scheme: ${theme}; ${colours[theme]} }\n`;

/** Of the boxes and arrows of a model. */
export const pictureStyle = `
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .box { fill: var(--card); stroke: var(--line); }
svg .box.channel { stroke: var(--accent); stroke-width: 2; }
svg .box.task { stroke: var(--ink); }
svg .box.features { stroke-dasharray: 4 3; }
svg .name, svg .tower { font-weight: 600; }
svg .tower { font-size: 14px; }
svg .gives { fill: var(--soft); }
svg .arrow { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .head { fill: var(--soft); }
`;
