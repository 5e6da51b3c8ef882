/** Looks at a page as four readers do, on a phone and at a desk, by day and at night: a picture of each for people, and what a program can find wrong. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coloursCss, type Theme } from '../../src/editor/drawing/design.ts';
import type { Page } from '../playground/browser.ts';
import { faultsOf, type Wanted } from './faults.ts';

/** Folder of the pictures, which `.ci/run` keeps. */
export const screens = process.env.TOWER_SCREENS ?? 'build/screens';

export interface Reader {
  readonly width: number;
  readonly scheme: Theme;
}

export const readers: readonly Reader[] = [360, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

/** Height of the longest picture in pixels: a page may go on for long. */
const mostPixels = 6000;

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const serious = `judged
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) => nodes.map(({ html, any: [first] }) => [id, html.slice(0, 160), first?.message].join(': ')))`;

const paperOf = (scheme: Theme): string => /--paper: (#\w+)/.exec(coloursCss(scheme))![1]!;

/**
 * Opens a page for each reader and takes its picture.
 * @param visit what opens the page: its address, or what is done to come there
 * @param ready an expression that is true when there is all to see
 * @returns what is wrong, by reader
 */
export async function lookAt(
  page: Page,
  name: string,
  { visit, ready = 'true' }: { readonly visit: string | (() => Promise<void>); readonly ready?: string },
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  mkdirSync(screens, { recursive: true });
  for (const { width, scheme } of readers) {
    const screen = { width, height: width < 600 ? 844 : 800, deviceScaleFactor: 1, mobile: width < 600 };
    await page.send('Emulation.setDeviceMetricsOverride', screen);
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await page.send('Page.navigate', { url: 'about:blank' });
    await page.until(`location.href === 'about:blank'`);
    await page.watch();
    if (typeof visit === 'string') await page.send('Page.navigate', { url: visit });
    else await visit();
    await page.until(`document.readyState === 'complete' && location.href !== 'about:blank' && (${ready})`);
    // What fades in has little contrast on its way.
    await page.until(`document.fonts.status === 'loaded' && document.getAnimations().length === 0`);
    const key = `${name}, ${width}, ${scheme}`;
    const wanted: Wanted = { paper: paperOf(scheme), width };
    const own = await page.value<string[]>(`(${faultsOf.toString()})(${JSON.stringify(wanted)})`);
    // Axe asks for style sheets by itself, which policies refuse.
    const troubles = [...page.troubles];
    await page.send('Runtime.evaluate', { expression: axe });
    await page.value(
      `void (delete window.judged, axe.run({ resultTypes: ['violations'] }).then(({ violations }) => { window.judged = violations; }))`,
    );
    await page.until('window.judged');
    const barriers = await page.value<string[]>(serious);
    await picture(page, join(screens, `${name}-${width}-${scheme}.png`), width);
    const faults = [...own, ...barriers, ...troubles];
    if (faults.length > 0) found[key] = faults;
  }
  return found;
}

async function picture(page: Page, path: string, width: number): Promise<void> {
  const whole = await page.value<number>('document.documentElement.scrollHeight');
  const clip = { x: 0, y: 0, width, height: Math.min(whole, mostPixels), scale: 1 };
  const { data } = await page.send('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
  writeFileSync(path, Buffer.from(data as string, 'base64'));
}
