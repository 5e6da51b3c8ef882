/** The site of the pages in `docs`. `npm run docs` puts the pages into `site/pages` first. */
import { existsSync, readFileSync } from 'node:fs';
import { createCssVariablesTheme } from 'shiki';
import { accessible } from './accessible.mjs';

const grammar = JSON.parse(readFileSync(new URL('../../grammar/tower.tmLanguage.json', import.meta.url), 'utf8'));
const { sidebar } = JSON.parse(readFileSync(new URL('../pages/.navigation.json', import.meta.url), 'utf8'));
const hasFilms = existsSync(new URL('../pages/public/app/films/index.html', import.meta.url));

// `scripts/site/relative.ts` takes it out again.
const base = process.env.TOWER_SITE_ROOT;

const codeTheme = createCssVariablesTheme({ name: 'tower-design' });
// Words of a command are no strings, though its grammar calls them so.
codeTheme.tokenColors.push({ scope: 'string.unquoted', settings: { foreground: 'var(--shiki-foreground)' } });

export default {
  title: 'Tower',
  description: 'A small declarative language for retrieval models: check, train, evaluate, serve.',
  lang: 'en',
  base,
  srcDir: 'pages',
  outDir: '../build/site',
  cacheDir: '../.cache/site',
  metaChunk: true,
  vite: { plugins: [accessible] },
  // Files that are no page: `scripts/site/check_links.ts` looks for them in the built site.
  ignoreDeadLinks: [/^\/files\//],
  // Every page ends in `.html` on a host without rules, and the links work from a folder as well.
  cleanUrls: false,
  markdown: {
    // Pages are Markdown alone: a `<` in a sentence is a sign.
    html: false,
    // Anchors as on GitHub, where the pages are read too.
    anchor: {
      slugify: (text) =>
        text
          .trim()
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
          .replaceAll(' ', '-'),
    },
    languages: [{ ...grammar, name: 'tower' }],
    languageAlias: { ebnf: 'txt', text: 'txt' },
    // The colours are in theme/style.css: those of the first page and the playground.
    theme: codeTheme,
  },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    notFound: {
      title: 'There is no such page',
      quote: 'The address may be old or mistyped. The search above finds pages by their words.',
      linkText: 'To the first page',
      linkLabel: 'To the first page',
    },
    nav: [
      { text: 'From zero', link: '/tutorial/' },
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'Gallery', link: '/gallery' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Playground', link: '/playground' },
      ...(hasFilms ? [{ text: 'Films', link: '/films' }] : []),
    ],
    sidebar,
  },
};
