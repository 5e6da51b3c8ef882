/**
 * `node scripts/screenshots.mjs RUN [SERVED]`: takes the pictures of README.md and the guide, `docs/pictures/*.png`: the playground with a
 * hover and with an error, the report of an evaluated run, such as `runs/demo`, and the page of `tower serve` over a run of several tasks, such as one of
 * `models/multi_objective.tower`. It needs Chromium: `CHROMIUM=PATH` names another
 * than `chromium`. Pictures differ with the fonts of a machine, so no test takes them again.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , run, served = run] = process.argv;
const report = run === undefined ? undefined : resolve(run, 'report.html');
if (report === undefined || !existsSync(report)) {
  console.error('name an evaluated run: `npm run demo`, then `node scripts/screenshots.mjs runs/demo`');
  process.exit(1);
}
const playground = resolve('build/playground/index.html');
spawnSync(process.execPath, ['scripts/playground.mjs', '--build'], { stdio: 'inherit' });
mkdirSync('docs/pictures', { recursive: true });

const profile = mkdtempSync(join(tmpdir(), 'tower-screenshots-'));
const browser = spawn(
  process.env.CHROMIUM ?? 'chromium',
  [
    '--headless',
    '--disable-gpu',
    '--hide-scrollbars',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    // The pages are this project's own; a container's root has no sandbox.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
  { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
);
browser.on('error', ({ message }) => {
  console.error(`Chromium does not start: ${message}; name it with CHROMIUM=PATH`);
  process.exit(1);
});

/** The DevTools protocol: messages of JSON, each ended by a zero byte, over two pipes. */
const waiting = new Map();
let last = 0;
let rest = '';
let session;
browser.stdio[4].setEncoding('utf8').on('data', (chunk) => {
  const messages = (rest + chunk).split('\0');
  rest = messages.pop();
  for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  }
});
function send(method, params = {}) {
  const id = ++last;
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function evaluate(expression) {
  const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

const open = (file, width, height) => visit(pathToFileURL(file).href, width, height);

async function visit(url, width, height) {
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1.25, mobile: false });
  await send('Page.navigate', { url });
  await pause(1500);
}

/** Starts `tower serve`, gives its address, and ends it after the work. */
async function withServer(run, work) {
  const server = spawn(process.execPath, ['dist/cli.js', 'serve', run, '--port', '0', '--no-log']);
  try {
    const url = await new Promise((resolve, reject) => {
      let text = '';
      server.stderr.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        const found = /on (http:\S+)/.exec(text);
        if (found) resolve(found[1]);
      });
      server.on('exit', () => reject(new Error(`the server ended: ${text}`)));
    });
    await work(url);
  } finally {
    server.kill();
  }
}

/** Nothing beyond the window: that would change its size, and close what a hover opened. */
async function shoot(name, width, height) {
  const clip = { x: 0, y: 0, width, height, scale: 1 };
  const { data } = await send('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: false });
  const path = `docs/pictures/${name}.png`;
  writeFileSync(path, Buffer.from(data, 'base64'));
  console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`);
}

/** The middle of `text` in the line of the editor that begins with `line`. */
const placeOf = (line, text) =>
  evaluate(`(() => {
    const line = [...document.querySelectorAll('.cm-line')].find((one) => one.textContent.trim().startsWith(${JSON.stringify(line)}));
    const from = line.textContent.indexOf(${JSON.stringify(text)});
    const at = (offset) => {
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; offset -= node.length, node = walker.nextNode())
        if (offset <= node.length) return [node, offset];
    };
    const range = document.createRange();
    range.setStart(...at(from));
    range.setEnd(...at(from + ${text.length}));
    const { x, y, width, height } = range.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  })()`);

async function point(place) {
  await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: place.x - 3, y: place.y });
  await send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...place });
  await pause(1500);
}

async function doubleClick(place) {
  for (const clickCount of [1, 2])
    for (const type of ['mousePressed', 'mouseReleased'])
      await send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount });
}

try {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  ({ sessionId: session } = await send('Target.attachToTarget', { targetId, flatten: true }));

  const [width, height] = [1300, 700];
  await open(playground, width, height);
  await point(await placeOf('channel main = profile', 'flatten'));
  await shoot('editor-hover', width, height);

  await open(playground, width, height);
  await doubleClick(await placeOf('channel main = movie', '64'));
  await send('Input.insertText', { text: '32' });
  await pause(1500);
  await point(await placeOf('score', 'cosine'));
  await shoot('editor-error', width, height);

  await withServer(served, async (url) => {
    await visit(url, 1200, 800);
    await evaluate(`(() => {
      const last = [...document.querySelectorAll('.weight input')].at(-1);
      if (last === undefined) return;
      last.value = last.max / 2;
      last.dispatchEvent(new Event('input', { bubbles: true }));
    })()`);
    await pause(1500);
    await shoot('serving', 1200, 800);
  });

  await open(report, 1000, 1200);
  await shoot('report', 1000, 1200);
} finally {
  browser.kill();
  await new Promise((done) => browser.once('exit', done));
  rmSync(profile, { recursive: true, force: true });
}
