/** What the first page and the gallery of the site say is read from the project; a built site works in any folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { highlight } from '../../playground/highlight.ts';
import { galleryModels } from '../../scripts/site/gallery.ts';
import { linkOf } from '../../scripts/site/pages.ts';
import { relativePage, relativeScript } from '../../scripts/site/relative.ts';

describe('the gallery', () => {
  const models = galleryModels();
  const named = (name: string) => models.find((each) => each.name === name)!;

  it('has every file of models, each with what somebody has, a paper and lines', () => {
    expect(models.length).toBe(readdirSync('models').filter((name) => name.endsWith('.tower')).length);
    for (const { name, need, paper, sentence, lines } of models) {
      expect(need, name).not.toBe('');
      expect(paper, name).toMatch(/(19|20)\d\d$/);
      expect(sentence, name).toMatch(/^\p{Lu}.*\.$/u);
      expect(lines, name).toBeGreaterThan(10);
    }
  });

  it('has figures of the results, with the best baseline, also where it wins', () => {
    const row = (name: string) => new RegExp(`^\\| \`?${name}\`? [^|]*\\| (0\\.\\d+)`, 'm');
    const [, section] = readFileSync('docs/results.md', 'utf8').split(/^## MovieLens latest-small, next item$/m);
    for (const name of ['two_tower', 'esmm', 'hstu']) {
      expect(named(name).figure!.value).toBe(row(name).exec(section!)![1]);
      expect(named(name).figure!.baseline).toEqual({ name: 'slim', value: row('slim').exec(section!)![1] });
    }
    // Where the results have no row, a table of its own page has one.
    expect(named('elsa').figure).toMatchObject({ metric: 'recall@20', data: 'Last.fm' });
    expect(named('cml').figure!.value).toBe('0.1307');
    expect(named('mf_bpr').figure).toBeUndefined();
  });

  it('opens a model in the playground by its text', () => {
    const [, code] = named('sasrec').playground.split('#text=');
    expect(inflateRawSync(Buffer.from(code!, 'base64url')).toString()).toBe(
      readFileSync('models/sasrec.tower', 'utf8'),
    );
  });
});

it('an exercise of the tutorial leads to the playground where that finds its mistake, its solution to a file', () => {
  const exercises = readdirSync('docs/tutorial').filter((name) => name.endsWith('.exercise.tower'));
  const opened = exercises.filter((name) => linkOf('docs/tutorial/README.md', name).to!.startsWith('/playground'));
  // The mistake of the histories is in the SQL of a column, which needs the data.
  expect(exercises.filter((name) => !opened.includes(name))).toEqual(['histories.exercise.tower']);
  expect(linkOf('docs/tutorial/3-negatives.md', 'negatives.exercise.tower').to).toMatch(/^\/playground\.html#text=/);
  expect(linkOf('docs/tutorial/3-negatives.md', 'negatives.solution.tower').to).toBe(
    '/files/docs/tutorial/negatives.solution.tower',
  );
});

describe('a site in any folder', () => {
  it('has addresses that begin where the page is', () => {
    const code =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a script, with a place of its own
      'const a="/tower-site-root/x.js",b=`/tower-site-root/${c}/tower-site-root/`,r=/"\'/;f({"/tower-site-root/":\'<a href="/tower-site-root/y">\'})';
    const made = new Function('__towerRoot', 'c', 'f', `${relativeScript(code)};return [a,b]`);
    let given: unknown;
    expect(made('/docs/', 1, (value: unknown) => void (given = value))).toEqual(['/docs/x.js', '/docs/1/docs/']);
    expect(given).toEqual({ '/docs/': '<a href="/docs/y">' });
  });

  it('has pages that say the way up', () => {
    const page = '<html><head></head><body><a href="/tower-site-root/x.html">x</a></body></html>';
    expect(relativePage(page, '../')).toContain('<a href="../x.html">');
    expect(relativePage(page, '../')).toContain('new URL("../",location.href)');
  });
});

describe('the colours of the first page', () => {
  it('mark words, and keep every character of the text', () => {
    const text = 'tower user(x) { channel main = x -> mlp(64, "<a>") } // <b>';
    const html = highlight(text, [{ start: 6, end: 10, kind: 'error' }]);
    expect(html).toContain('<span class="t-keyword">tower</span>');
    expect(html).toMatch(/<span class="[^"]*t-error">user<\/span>/);
    expect(html).not.toContain('<a>');
    const plain = html
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"');
    expect(plain).toBe(text);
  });
});
