/** The gallery: what a card says of each file of `models`, read from the file, its page and the results. Nothing of it is written by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { playgroundLink } from './pages.ts';

export interface GalleryModel {
  readonly name: string;
  readonly sentence: string;
  /** What somebody has who takes it, from the table of the page of models. */
  readonly need: string;
  readonly lines: number;
  readonly figure: GalleryFigure | undefined;
  readonly paper: string | undefined;
  /** Path in the site. */
  readonly page: string;
  readonly file: string;
  readonly picture: string;
  readonly playground: string;
}

interface GalleryFigure {
  readonly metric: string;
  readonly value: string;
  readonly data: string;
  /** The best of the baselines there, by the same metric. */
  readonly baseline: { readonly name: string; readonly value: string } | undefined;
}

const baselines = ['popularity', 'item_cf', 'item_knn', 'rp3beta', 'ease', 'slim', 'ials', 'popularity by origin'];
const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const numberIn = (cell = ''): string | undefined => /^\*{0,2}(0\.\d+)/.exec(cell)?.[1];

export function galleryModels(): readonly GalleryModel[] {
  const pages = readdirSync('docs/models').filter((name) => name.endsWith('.md') && name !== 'README.md');
  const texts = new Map(pages.map((page) => [page, readFileSync(`docs/models/${page}`, 'utf8')]));
  const results = readFileSync('docs/results.md', 'utf8').split(/^## /m).slice(1);
  const needs = readFileSync('docs/models/README.md', 'utf8');
  return readdirSync('models')
    .filter((file) => file.endsWith('.tower'))
    .sort()
    .map((file) => {
      const name = file.replace('.tower', '');
      const text = readFileSync(`models/${file}`, 'utf8');
      const [page, pageText] = [...texts].find(([, each]) => each.includes(`\`models/${file}\``))!;
      const need = needs.split('\n').find((row) => row.startsWith('|') && row.includes(`\`${name}\``));
      return {
        name,
        sentence: sentenceOf(text),
        need: need === undefined ? '' : cellsOf(need)[0]!.split(';')[0]!,
        lines: text.trimEnd().split('\n').length,
        figure: results.map((section) => figureIn(name, section)).find(Boolean) ?? figureOnPage(name, pageText),
        paper: paperOf(text, pageText),
        page: `/models/${page.replace('.md', '.html')}`,
        file: `/files/models/${file}`,
        picture: `/files/gallery/${name}.svg`,
        playground: playgroundLink(text),
      };
    });
}

/** The comment that the file begins with, without where its data lies. */
function sentenceOf(text: string): string {
  const comment = text.slice(0, text.search(/^model\s/m)).match(/^\/\/\/.*$/gm) ?? [];
  const words = comment.map((line) => line.replace(/^\/+\s?/, '')).join(' ');
  return words.replace(/ Trained on [^.]+\(models\/data\/\w+\.tower\)\.| \(models\/data\/\w+\.tower\)/, '').trim();
}

function figureIn(name: string, section: string): GalleryFigure | undefined {
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf);
  const row = rows.find(([first]) => first?.split(' ')[0] === `\`${name}\``);
  const value = numberIn(row?.[1]);
  if (value === undefined) return undefined;
  const best = rows
    .filter(([first]) => baselines.includes(first!))
    .map(([first, cell]) => ({ name: first!, value: numberIn(cell) ?? '0' }))
    .sort((a, b) => Number(b.value) - Number(a.value))[0];
  return { metric: rows[0]![1]!, value, data: section.split('\n')[0]!, baseline: best };
}

/** Where the results have no row: the first row of a table of its page that is of the file. */
function figureOnPage(name: string, pageText: string): GalleryFigure | undefined {
  for (const { 0: table, index } of pageText.matchAll(/^\|.*\n\|[-:| ]+\n(?:\|.*\n)+/gm)) {
    const [head, , ...rows] = table.trim().split('\n').map(cellsOf);
    const isOfParts = head![0] === 'test part';
    const row = rows.find(([first]) => isOfParts || first === `\`${name}\`` || first === 'the file');
    const metrics = head!.map((cell) => /(?:recall|ndcg)@\d+/.exec(cell)?.[0]);
    const tested = head!.findIndex((cell, at) => metrics[at] !== undefined && cell.includes('test'));
    const column = tested > 0 ? tested : head!.findIndex((cell, at) => metrics[at] && !cell.includes('validation'));
    const value = numberIn(row?.[column]);
    if (value === undefined) continue;
    const named = [...`${pageText.slice(0, index)} ${head![0]}`.matchAll(/Toys|Last\.fm|MovieLens/g)].at(-1)?.[0];
    const data = isOfParts ? row![0]! : named;
    if (data !== undefined) return { metric: metrics[column]!, value, data, baseline: undefined };
  }
  return undefined;
}

/** Authors, title, venue and year: from the page if it has them all, else from the comment of the file, else what the page names first. */
function paperOf(text: string, pageText: string): string | undefined {
  const whole = /(\p{Lu}[^.*\n]*?(?: et al\.)?), \*([^*]+)\*, ([^.;:]*?\b(?:19|20)\d\d)/u.exec(pageText);
  const short = /\(([^()]*\b(?:19|20)\d\d)\)/;
  const inFile = short.exec(text.slice(0, text.search(/^model\s/m)))?.[1];
  if (whole && !(inFile && !inFile.includes(whole[1]!.split(/[ ,]/)[0]!)))
    return `${whole[1]}, ${whole[2]}, ${whole[3]}`.replaceAll('\n', ' ');
  return (inFile ?? short.exec(pageText)?.[1])?.replaceAll('\n', ' ');
}
