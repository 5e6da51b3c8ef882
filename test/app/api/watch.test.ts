/** The page of a run that trains: what it shows, to whom, and how it ends. */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, it } from 'vitest';
import { openWatch } from '../../../src/app/api/watch.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { hostile, parts } from '../report/parts.ts';

const answer = (url: string, options: object = {}): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });

const step = (at: number) => ({
  kind: 'step' as const,
  epoch: 1,
  stepOfEpoch: at,
  step: at,
  steps: 2000,
  loss: 1 + 1 / at,
  examplesPerSecond: 1234,
  secondsLeft: 5,
});

it('shows what is known so far, asks for itself again, and runs nothing of a name', async () => {
  const watch = await openWatch(0);
  const { text: begin } = await answer(watch.url);
  expect(begin).toContain('<h2>Reading the data</h2>');
  expect(begin).not.toContain('<h2>Loss</h2>');
  watch.ready({ model: hostile, tasks: [] });
  for (let at = 1; at <= 1500; at++) watch.event(step(at));
  watch.event({ kind: 'epoch', record: { ...parts.curves.epochs[0]!, best: true } });
  const { status, text } = await answer(watch.url);
  expect(status).toBe(200);
  expect(text).toContain('<dd>1,500 of 2,000, epoch 1</dd>');
  expect(text).toContain('<noscript><meta http-equiv="refresh"');
  // One script, which the policy knows by its hash.
  expect(text).toContain("default-src 'none'");
  const [, script, ...others] = text.split(/<\/?script>/);
  expect(others).toHaveLength(1);
  expect(text).toContain(`script-src 'sha256-${createHash('sha256').update(script!).digest('base64')}'`);
  expect(text).toContain('recall@5 0.2500');
  // The first and the last step stay, of 1,500 some hundreds.
  expect(text).toMatch(/<td>2<\/td>/);
  expect(text.length).toBeLessThan(400_000);

  const ending = watch.end('ended', { report: 'runs/first/report.html' });
  const last = await answer(watch.url);
  expect(last.text).toContain('The whole report is in runs/first/report.html.');
  expect(last.text).not.toMatch(/http-equiv="refresh"|<script/);
  await ending;
  await expect(answer(watch.url)).rejects.toThrow();
});

it('answers to its own address, to GET and to its one path alone', async () => {
  const watch = await openWatch(0);
  expect((await answer(watch.url, { headers: { host: 'stranger.example' } })).status).toBe(403);
  expect((await answer(watch.url, { method: 'POST' })).status).toBe(404);
  expect((await answer(`${watch.url}../manifest.json`)).status).toBe(404);
  await answer(watch.url);
  const ending = watch.end('failed', { reason: `the loss became NaN in ${hostile}` });
  const { text } = await answer(watch.url);
  expect(text).toContain('<h2>Training has failed</h2>');
  expect(text).toContain('Reason: the loss became NaN in ');
  expect(text).not.toMatch(/<script/);
  await ending;
});

it('says that a port is taken, with another way', async () => {
  const watch = await openWatch(0);
  const error = await openWatch(Number(new URL(watch.url).port)).catch((found: unknown) => found);
  expect(error).toBeInstanceOf(Failure);
  expect((error as Failure).diagnostics[0]).toMatchObject({
    code: 'cannot-listen',
    hint: 'choose another port with `--watch PORT`',
  });
  await watch.end('failed');
});
