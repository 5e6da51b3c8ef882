/** The first page of the site: the model of the README with its picture, and a model of flights that answers in the page. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flights } from '../../bench/sets/flights.ts';
import { highlight } from '../../playground/highlight.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import { coloursCss, tokens } from '../../src/editor/drawing/design.ts';
import { drawModel, pictureStyle } from '../../src/editor/drawing/drawing.ts';
import { drawingIn } from '../../src/editor/drawing/file_drawing.ts';
import { FileAnalysis } from '../../src/editor/language/file_analysis.ts';

const flightsFolder = 'site/flights';

/** What the page shows before any script has arrived. */
export function startFacts() {
  const [, text] = /^```tower\n(.*?)^```$/ms.exec(readFileSync('README.md', 'utf8'))!;
  const drawing = drawingIn(new FileAnalysis(checkSource(makeSource('two_tower.tower', text!))));
  const { svg, width, height } = drawModel('two_tower', drawing, { width: 480 });
  return {
    version: (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version,
    text: text!.trimEnd(),
    coloured: highlight(text!.trimEnd()),
    picture: `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${svg}</svg>`,
  };
}

/** Puts the model of flights where the page opens it, with the program of the build beside it. */
export function copyFlights(out: string): void {
  cpSync(flightsFolder, out, { recursive: true });
  copyFileSync('dist/runtime.js', join(out, 'tower.js'));
}

/** Trains the model of flights, and exports it to the folder that the site takes it from. The program beside it comes from the build. */
export async function trainFlights(): Promise<void> {
  await flights.get({ folder: 'models/data/flights', log: console.log });
  const steps = [
    [
      'train',
      'models/two_tower_flights.tower',
      '--data',
      'models/data/flights.tower',
      '--out',
      'runs/flights',
      '--force',
    ],
    [
      'export',
      'runs/flights',
      '--browser',
      '--columns',
      'name,city,state,latitude,longitude',
      '--out',
      flightsFolder,
      '--force',
    ],
  ];
  for (const [command, ...args] of steps) {
    const { status } = spawnSync(process.execPath, ['dist/tower.cjs', command!, ...args], { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 2);
  }
  rmSync(join(flightsFolder, 'tower.js'));
}

/** The one design of all pages, for a page whose reader chooses between light and dark. */
export const siteDesign = (): string =>
  `${tokens}${coloursCss('light')}${coloursCss('dark').replace(':root', ':root.dark')}.model-picture {${pictureStyle}}\n`;
