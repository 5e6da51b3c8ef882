/** The sidebar of the site. Pages of the guide are in an order to read them in, all others by their title. */
import { type Page, titleOf } from './pages.ts';

interface Item {
  readonly text: string;
  readonly link: string;
}

interface Section {
  readonly text: string;
  readonly collapsed?: boolean;
  readonly items: readonly Item[];
}

const guide = [
  'getting-started',
  'own-data',
  'language',
  'data',
  'editor',
  'report',
  'tracking',
  'tuning',
  'daily',
  'engines',
  'scale',
  'audit',
  'serving',
  'deployment',
  'runtime',
  'templates',
  'postgresql',
  'ci',
];
const coming = ['from-easyrec', 'from-tfrs', 'from-torch-rechub'];

export function sidebarOf(pages: readonly Page[]): Section[] {
  const item = ({ from, to }: Page): Item => ({
    text: titleOf(from),
    link: `/${to.replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')}`,
  });
  const named = (names: readonly string[]): Item[] =>
    names.flatMap((name) => pages.filter(({ to }) => to === `guide/${name}.md`)).map(item);
  const inFolder = (folder: string): Item[] =>
    pages
      .filter(({ to }) => to.startsWith(`${folder}/`) && to !== `${folder}/index.md`)
      .map(item)
      .sort((a, b) => (a.text < b.text ? -1 : 1));
  const known = new Set([...guide, ...coming].map((name) => `guide/${name}.md`));
  const rest = pages.filter(({ to }) => to.startsWith('guide/') && !known.has(to)).map(item);
  const judged = pages.filter(({ to }) => ['results.md', 'benchmarks.md'].includes(to)).map(item);
  const project = pages
    .filter(
      ({ to }) =>
        ['architecture.md', 'glossary.md', 'spec.md', 'dependencies.md', 'roadmap.md'].includes(to) ||
        to.startsWith('decisions/') ||
        to.startsWith('project/'),
    )
    .map(item);
  const tutorial = pages.filter(({ to }) => /^tutorial\/\d/.test(to)).map(item);
  return [
    { text: 'Retrieval from zero', items: [{ text: 'Eight short pages', link: '/tutorial/' }, ...tutorial] },
    { text: 'Guide', items: [{ text: 'Overview', link: '/overview' }, ...named(guide), ...rest] },
    { text: 'Coming from', items: named(coming) },
    { text: 'Models', collapsed: true, items: [{ text: 'All models', link: '/models/' }, ...inFolder('models')] },
    {
      text: 'Reference',
      collapsed: true,
      items: [{ text: 'All words', link: '/reference/' }, ...inFolder('reference')],
    },
    { text: 'Results', items: judged },
    // A page for each of more than 300 codes: their list is a page, and the search finds them.
    { text: 'Messages', items: [{ text: 'All messages', link: '/errors/' }] },
    { text: 'Project', collapsed: true, items: project },
  ];
}
