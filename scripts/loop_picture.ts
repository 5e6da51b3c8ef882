/** `docs/pictures/loop.svg`: a model, what Tower prints of it, and a page that asks it. The lines are those of a file of `models`, and of the output in the README. */
import { readFileSync } from 'node:fs';
import { escapeHtml } from '../src/base/text/display.ts';
import { coloursCss } from '../src/editor/drawing/design.ts';

const model = 'fossil';
const [width, margin, gap, column] = [880, 10, 34, 440];
const [lineHeight, head, padding] = [16, 30, 12];
/** A font of fixed width takes at most 0.61 of its size for a character. */
const most = Math.floor((column - 2 * padding) / (0.61 * 11.5));

const style = `
text { fill: var(--ink); font: 11.5px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; }
.title { font: 600 13px system-ui, sans-serif; }
.soft { fill: var(--soft); }
.word { fill: var(--c3); }
.number { fill: var(--c1); }
.good { fill: var(--c2); font-weight: 600; }
.box { fill: var(--card); stroke: var(--line); }
.arrow { stroke: var(--soft); stroke-width: 1.6; }
.tip { fill: var(--soft); }
`;

interface Panel {
  readonly title: string;
  /** Markup. */
  readonly lines: readonly string[];
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function loopPicture(root: URL): string {
  const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');
  const [output] = /(?<=^```text\n)[^`]*/m.exec(textOf('README.md'))!;
  const file = { title: '1  You write a model', lines: modelLines(textOf(`models/${model}.tower`)) };
  const terminal = { title: '2  Tower trains it, and says what it beats', lines: terminalLines(output) };
  const page = { title: '3  It answers in a page, a worker or Node.js', lines: pageLines(output) };

  const x = width - margin - column;
  const below = margin + heightOf(terminal) + gap;
  const bottom = Math.max(margin + heightOf(file), below + heightOf(page));
  const middle = below - gap / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + margin}" viewBox="0 0 ${width} ${bottom + margin}" role="img" aria-labelledby="title">`,
    '<title id="title">A model in a file, what it beats after training, and a page that asks it for films</title>',
    `<style>${coloursCss()}${style}</style>`,
    `<rect width="${width}" height="${bottom + margin}" rx="8" fill="var(--paper)"/>`,
    panelSvg(file, { x: margin, y: margin, width: x - gap - margin, height: bottom - margin }),
    panelSvg(terminal, { x, y: margin, width: column, height: heightOf(terminal) }),
    panelSvg(page, { x, y: below, width: column, height: bottom - below }),
    `<path class="arrow" d="M${x - gap + 4} ${middle / 2}H${x - 8}"/><path class="tip" d="M${x - 3} ${middle / 2}l-9 -4.5v9z"/>`,
    `<path class="arrow" d="M${x + 20} ${below - gap + 4}V${below - 8}"/><path class="tip" d="M${x + 20} ${below - 3}l-4.5 -9h9z"/>`,
    `<text class="soft" x="${x + 36}" y="${middle + 4}">tower export runs/demo --browser --exact --out model</text>`,
    '</svg>\n',
  ].join('\n');
}

const heightOf = ({ lines }: Panel): number => head + lines.length * lineHeight + padding;

function panelSvg({ title, lines }: Panel, { x, y, width, height }: Place): string {
  const text = lines.map((line, at) =>
    line === '' ? '' : `<text x="${x + padding}" y="${y + head + 12 + at * lineHeight}">${line}</text>`,
  );
  return [
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="${x + padding}" y="${y + 21}">${title}</text>`,
    ...text.filter((line) => line !== ''),
  ].join('\n');
}

/** The declarations of a model, without comments and settings of training, and no longer than the panel is wide. */
function modelLines(text: string): string[] {
  const widest = Math.floor((width - 2 * margin - column - gap - 2 * padding) / (0.61 * 11.5));
  const declarations = text
    .replaceAll(/^\/\/\/.*\n|\s*\/\/ .*$/gm, '')
    .split('\ntrain {')[0]!
    .trim();
  const folded = declarations
    .replaceAll(/^(tower .*) \{ (.*) \}$/gm, '$1 {\n  $2\n}')
    .split('\n')
    .flatMap((line) => {
      if (line.length <= widest) return [line];
      const end = line.lastIndexOf(', ', widest - 1) + 1;
      return [line.slice(0, end), `${' '.repeat(line.indexOf('(') + 1)}${line.slice(end + 1)}`];
    });
  const words = /\b(model|features|tower|keyed by|channel|task)\b|\b\d[\d.]*\b|->/g;
  return folded.map((line) =>
    line.replaceAll(words, (word, keyword) =>
      word === '->' ? marked('soft', word) : marked(keyword === undefined ? 'number' : 'word', word),
    ),
  );
}

/** The commands, two columns of the table, and the verdict. */
function terminalLines(output: string): string[] {
  const rows = output
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  const shown = ['', 'recall@10', 'ndcg@10'].map((name) => rows[0]!.indexOf(name));
  const [top, ...figures] = rows.map((row) =>
    shown.map((at, place) => (place === 0 ? row[at]!.padEnd(12) : row[at]!.padStart(11))).join(''),
  );
  const [verdict] = /^\S.* beats .*\.$/m.exec(output)!;
  return [
    `${marked('soft', '$')} tower train models/${model}.tower \\`,
    '  --data models/data/movielens_next.tower --out runs/demo \\',
    `${marked('soft', '$')} tower evaluate runs/demo --baselines popularity,item_cf,ease`,
    '',
    marked('soft', top!),
    ...figures.map((row) => (row.startsWith(model) ? marked('good', row) : row)),
    '',
    ...foldedWords(verdict),
  ];
}

/** How a page asks the export, and the first films that it answers with. */
function pageLines(output: string): string[] {
  const films = [...output.matchAll(/^ +(\d+) +\d\.\d+ +(.*) \(\d+\)$/gm)];
  return [
    `${marked('word', 'const')} model = ${marked('word', 'await')} open(${marked('number', "'./model'")});`,
    `${marked('word', 'const')} person = model.with(events); ${marked('soft', '// what somebody watched')}`,
    `${marked('word', 'const')} { items } = ${marked('word', 'await')} person.recommend({ k: ${marked('number', '3')} });`,
    '',
    ...films.slice(0, 3).map(([, place, title]) => `${marked('soft', place!)}  ${escapeHtml(title!)}`),
  ];
}

const marked = (kind: string, text: string): string => `<tspan class="${kind}">${escapeHtml(text)}</tspan>`;

function foldedWords(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > most) lines.push('');
    lines.push(`${lines.pop()} ${word}`.trimStart());
  }
  return lines.map(escapeHtml);
}
