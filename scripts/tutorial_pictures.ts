/** `docs/tutorial/pictures`: one picture for each page of the tutorial. The model is drawn as all models are; the others say one idea each. */
import { readFileSync } from 'node:fs';
import { escapeHtml } from '../src/base/text/display.ts';
import { coloursCss } from '../src/editor/drawing/design.ts';
import { modelPicture } from './pictures.ts';

const folder = 'docs/tutorial';
const width = 640;

const style = `
text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.soft { fill: var(--soft); font-size: 12px; }
.strong { font-weight: 600; }
.box { fill: var(--card); stroke: var(--line); }
.chosen { fill: var(--wash); stroke: var(--accent); stroke-width: 1.5; }
.dot { fill: var(--quiet); }
.best { fill: var(--accent); }
.line { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.thick { stroke: var(--accent); stroke-width: 3; }
.good { fill: none; stroke: var(--good); stroke-width: 2; }
.bad { fill: none; stroke: var(--bad); stroke-width: 2; }
.dash { stroke-dasharray: 4 4; }
.tip { fill: context-stroke; }
`;

/** Path from the root of the project → the picture. */
export function tutorialPictures(root: URL): Map<string, string> {
  const towers = modelPicture('towers', readFileSync(new URL(`${folder}/towers.tower`, root), 'utf8'));
  const drawn = { retrieval, towers, negatives, softmax, histories, evaluation: evaluation(root), serving, loop };
  return new Map(
    Object.entries(drawn).map(([name, made]) => [
      `${folder}/pictures/${name}.svg`,
      typeof made === 'string' ? made : made(),
    ]),
  );
}

/** @param left where the picture begins: on a phone there is no room for an empty margin */
function picture(height: number, title: string, parts: readonly string[], left = 0): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width - left}" height="${height}" viewBox="${left} 0 ${width - left} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escapeHtml(title)}</title>`,
    `<style>${coloursCss()}${style}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect width="${width}" height="${height}" rx="8" fill="var(--paper)"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const words = (x: number, y: number, text: string, kind = '', anchor = 'middle'): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(text)}</text>`;

const arrow = (path: string, kind = 'line'): string => `<path class="${kind}" marker-end="url(#tip)" d="${path}"/>`;

function box(x: number, y: number, size: readonly [number, number], lines: readonly string[], kind = 'box'): string {
  const [wide, high] = size;
  const first = y + high / 2 + 5 - (lines.length - 1) * 8;
  const text = lines.map((line, at) => words(x + wide / 2, first + at * 16, line, at === 0 ? 'strong' : 'soft'));
  return [`<rect class="${kind}" x="${x}" y="${y}" width="${wide}" height="${high}" rx="6"/>`, ...text].join('\n');
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

function retrieval(): string {
  const best = new Set([31, 58, 97, 120, 133, 176, 201, 214, 239, 262]);
  const dots = range(300).map((at) => {
    const [x, y] = [190 + (at % 25) * 11, 46 + Math.floor(at / 25) * 13];
    return `<circle class="${best.has(at) ? 'best' : 'dot'}" cx="${x}" cy="${y}" r="${best.has(at) ? 4.5 : 2.5}"/>`;
  });
  const answer = range(10).map(
    (at) => `<rect class="best" x="540" y="${42 + at * 15.5}" width="${84 - at * 5}" height="9" rx="2"/>`,
  );
  return picture(226, 'A question, a corpus of items, and the ten best of them', [
    box(16, 84, [112, 64], ['a person', 'asks']),
    arrow('M134 116H176'),
    ...dots,
    words(322, 28, 'the corpus: all items', 'strong'),
    arrow('M474 116H528'),
    words(582, 28, 'the ten best', 'strong'),
    ...answer,
    words(322, 214, 'every item gets a score, and the highest are the answer', 'soft'),
  ]);
}

function negatives(): string {
  const others = [
    [452, 196],
    [340, 210],
    [236, 184],
    [206, 108],
  ] as const;
  return picture(
    262,
    'The purchased item is pulled towards the person, and the negatives are pushed away',
    [
      arrow('M320 120L438 44', 'line thick'),
      words(446, 36, 'the person', 'strong', 'start'),
      arrow('M320 120L494 96'),
      words(504, 100, 'the purchased item', '', 'start'),
      arrow('M504 84C500 66 488 54 472 48', 'good'),
      words(514, 68, 'closer', 'soft', 'start'),
      ...others.map(([x, y]) => arrow(`M320 120L${x} ${y}`, 'line dash')),
      arrow('M452 208C438 219 420 224 398 223', 'bad'),
      arrow('M226 172C208 156 202 140 201 122', 'bad'),
      words(466, 212, 'away', 'soft', 'start'),
      words(164, 158, 'away', 'soft'),
      words(320, 250, 'negatives: items that were not bought', 'soft'),
    ],
    130,
  );
}

function softmax(): string {
  const [people, items] = [
    ['Ada', 'Ben', 'Cleo', 'Dan'],
    ['tea', 'lamp', 'tea', 'book'],
  ] as const;
  const [x0, y0, wide, high] = [220, 56, 76, 34];
  const cells = people.flatMap((person, row) => [
    words(x0 - 14, y0 + row * high + 22, person, 'strong', 'end'),
    ...items.map((item, column) => {
      const isHit = row !== column && item === items[row];
      const text = row === column ? 'bought' : isHit ? 'left out' : 'negative';
      const [x, y] = [x0 + column * wide, y0 + row * high];
      return `<rect class="${row === column ? 'chosen' : 'box'}" x="${x}" y="${y}" width="${wide}" height="${high}"/>${words(x + wide / 2, y + 21, text, row === column ? 'strong' : 'soft')}`;
    }),
  ]);
  return picture(
    242,
    'Four people and the items they bought: the items of the others are the negatives',
    [
      ...items.map((item, column) => words(x0 + (column + 0.5) * wide, y0 - 12, item, 'strong')),
      words(x0 - 14, y0 - 12, 'a batch of four', 'soft', 'end'),
      ...cells,
      words(
        x0 + 2 * wide,
        218,
        'tea is popular: it stands in two columns of four, and is a negative twice as often',
        'soft',
      ),
    ],
    100,
  );
}

function histories(): string {
  const at = (place: number): number => 70 + place * 56;
  const dots = range(10).map((place) => {
    const kind = place < 6 ? 'best' : 'dot';
    if (place === 6) return `<circle class="chosen" cx="${at(place)}" cy="92" r="11"/>`;
    return `<circle class="${kind}" cx="${at(place)}" cy="92" r="7"/>`;
  });
  return picture(190, 'The history ends before the event, and what comes later is held back', [
    arrow('M36 92H612'),
    ...dots,
    `<path class="line" d="M${at(0) - 12} 64v-10H${at(5) + 12}v10"/>`,
    words((at(0) + at(5)) / 2, 42, 'history: what the model may read', 'strong'),
    words(at(6) - 10, 42, 'the answer', 'strong', 'start'),
    arrow(`M${at(6)} 50V76`),
    `<path class="bad" d="M${at(7) - 12} 120v10H${at(9) + 12}v-10"/>`,
    words(at(8), 154, 'later: never', 'strong'),
    words(612, 80, 'time', 'soft', 'end'),
  ]);
}

/** The figures are those of the table of the page. */
function evaluation(root: URL): () => string {
  const text = readFileSync(new URL(`${folder}/6-evaluation.md`, root), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|]+) \| (\d\.\d+) \| (?:(\d\.\d+) to (\d\.\d+))? ?\|$/gm)].map(
    ([, name, value, low, high]) => ({
      name: name!.replaceAll('`', '').replace(/,.*/, ''),
      value: Number(value),
      low: Number(low ?? value),
      high: Number(high ?? value),
    }),
  );
  const [left, right, top, step] = [190, 600, 44, 32];
  const x = (value: number): number => Math.round(left + ((right - left) * value) / 0.6);
  const bottom = top + rows.length * step;
  return () =>
    picture(bottom + 44, `recall@10: ${rows.map(({ name, value }) => `${name} ${value}`).join(', ')}`, [
      ...[0, 0.2, 0.4, 0.6].flatMap((value) => [
        `<path stroke="var(--grid)" d="M${x(value)} ${top - 18}V${bottom - 6}"/>`,
        words(x(value), bottom + 12, value.toFixed(1), 'soft'),
      ]),
      ...rows.flatMap(({ name, value, low, high }, at) => {
        const y = top + at * step;
        return [
          words(left - 16, y + 5, name, '', 'end'),
          ...(high > low ? [`<path class="line" d="M${x(low)} ${y}H${x(high)}"/>`] : []),
          `<circle class="${name.endsWith('.tower') ? 'best' : 'dot'}" cx="${x(value)}" cy="${y}" r="5"/>`,
        ];
      }),
      words((left + right) / 2, bottom + 32, 'recall@10, with intervals of 95 %', 'soft'),
    ]);
}

function serving(): string {
  return picture(
    236,
    'Item vectors are computed once; a question passes the query tower, and a scan finds its best items',
    [
      words(76, 30, 'before anybody asks', 'soft'),
      box(16, 42, [120, 52], ['all items', '500 rows']),
      arrow('M140 68H176'),
      box(180, 42, [120, 52], ['item tower', 'once']),
      arrow('M304 68H340'),
      box(344, 42, [120, 52], ['vectors', '500 × 16']),
      words(76, 146, 'for each question', 'soft'),
      box(16, 158, [120, 52], ['a person', 'and a history']),
      arrow('M140 184H176'),
      box(180, 158, [120, 52], ['query tower', 'one pass']),
      arrow('M304 184H340'),
      box(344, 158, [120, 52], ['scan', 'all 500 items'], 'chosen'),
      arrow('M404 98V152'),
      arrow('M468 184H504'),
      box(508, 158, [116, 52], ['the ten best', 'exactly']),
    ],
  );
}

function loop(): string {
  const steps = [
    ['serve', 'a version'],
    ['collect', 'events'],
    ['train', 'the next version'],
    ['judge', 'on later events'],
    ['publish', 'if it is better'],
  ] as const;
  const [wide, high] = [112, 52];
  const place = (at: number): readonly [number, number] => [8 + at * 127, 40];
  return picture(172, 'Serve, collect events, train the next version, judge it, publish it, and again', [
    ...steps.map((lines, at) => box(...place(at), [wide, high], lines, at === 3 ? 'chosen' : 'box')),
    ...range(4).map((at) => arrow(`M${place(at)[0] + wide + 1} 66h12`)),
    arrow('M572 96V130H64V98'),
    words(318, 150, 'the next day', 'soft'),
  ]);
}
