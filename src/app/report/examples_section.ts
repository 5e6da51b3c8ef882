/** Ten users: what each had, what each held out, what the model puts first. */
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import type { ExampleItem, RankingExample } from '../../training/evaluation/examples.ts';
import { counted, escapeHtml, paragraph, section } from './html.ts';

export function examplesSection(evaluation: Evaluation | undefined): string {
  const examples = evaluation?.examples ?? [];
  if (!evaluation || examples.length === 0) return '';
  const hits = examples.filter(({ answers }) => answers.some(({ isHeld }) => isHeld)).length;
  return section(
    'Example users',
    paragraph(
      `${counted(examples.length, 'user')} of the ${evaluation.part} part, drawn by chance and the same for every run on this data. ${hits} of them ${hits === 1 ? 'has' : 'have'} a held-out item among the first ${Math.max(...examples.map(({ answers }) => answers.length))}, marked ✓.`,
    ),
    cards(examples.slice(0, shownFirst)),
    ...(examples.length > shownFirst
      ? [
          `<details><summary>${counted(examples.length - shownFirst, 'more user')}</summary>${cards(examples.slice(shownFirst))}</details>`,
        ]
      : []),
  );
}

/** The others open: a page of ten histories is long on a phone. */
const shownFirst = 3;

const cards = (examples: readonly RankingExample[]): string =>
  `<div class="examples">${examples.map(exampleCard).join('\n')}</div>`;

function exampleCard({ user, history, had, held, answers }: RankingExample, at: number): string {
  const name = user === undefined ? `query ${at + 1}` : `user ${user}`;
  const hiddenHistory = had - history.length;
  return [
    `<article><h3><bdi>${escapeHtml(name)}</bdi></h3>`,
    list('had, the latest first', 'ul', [
      ...history.map(itemText),
      ...(hiddenHistory > 0 ? [`and ${counted(hiddenHistory, 'earlier item')}`] : []),
    ]),
    list(
      'held out',
      'ul',
      held.map(
        (item) =>
          `${itemText(item)}${item.rank === undefined ? ', not ranked' : `, rank ${item.rank.toLocaleString('en')}`}`,
      ),
    ),
    list(
      'the model puts first',
      'ol',
      answers.map((item) => `${item.isHeld ? '✓ ' : ''}${itemText(item)}`),
      answers.map(({ isHeld }) => isHeld),
    ),
    '</article>',
  ].join('\n');
}

const itemText = ({ key, title }: ExampleItem): string => title ?? key;

function list(title: string, tag: 'ul' | 'ol', lines: readonly string[], marked: readonly boolean[] = []): string {
  if (lines.length === 0) return `<h4>${escapeHtml(title)}</h4><p class="soft">nothing</p>`;
  const items = lines.map((line, at) => `<li${marked[at] ? ' class="hit"' : ''}><bdi>${escapeHtml(line)}</bdi></li>`);
  return `<h4>${escapeHtml(title)}</h4><${tag}>${items.join('')}</${tag}>`;
}
