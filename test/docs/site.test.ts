/** The pages of the static site: each page of the project has a place in it, and its links lead to pages and files of the site. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenLinks } from '../../scripts/site/check_links.ts';
import { sidebarOf } from '../../scripts/site/navigation.ts';
import { linkOf, pageText, sitePages } from '../../scripts/site/pages.ts';
import { siteHandler } from '../../scripts/site/serve.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const pages = sitePages();

describe('the pages of the site', () => {
  it('are those of docs and of the project, each in a place of its own', () => {
    expect(pages).toContainEqual({ from: 'docs/models/README.md', to: 'models/index.md' });
    expect(pages).toContainEqual({ from: 'CHANGELOG.md', to: 'project/changes.md' });
    expect(new Set(pages.map(({ to }) => to)).size).toBe(pages.length);
  });

  it('link to each other, and to files as they are', () => {
    expect(linkOf('docs/guide/data.md', '../errors/README.md#x')).toEqual({ to: '../errors/index.md#x' });
    expect(linkOf('docs/guide/data.md', 'language.md')).toEqual({ to: './language.md' });
    expect(linkOf('docs/architecture.md', '../CONTRIBUTING.md')).toEqual({ to: './project/contributing.md' });
    expect(linkOf('docs/spec.md', '../grammar/tower.ebnf')).toEqual({
      to: '/files/grammar/tower.ebnf',
      file: 'grammar/tower.ebnf',
    });
    expect(linkOf('docs/guide/ci.md', 'https://example.org')).toEqual({ to: 'https://example.org' });
  });

  it('keep the words of links to folders, and code as it is', () => {
    expect(linkOf('docs/guide/deployment.md', '../../deploy')).toEqual({});
    const { text } = pageText('docs/guide/data.md');
    const fences = (of: string): string[] => of.match(/^```[\s\S]*?^```$/gm) ?? [];
    expect(fences(text)).toEqual(fences(readFileSync('docs/guide/data.md', 'utf8')));
  });

  it('show no comment of a generated file, and lead from a picture to itself', () => {
    for (const { from } of pages)
      expect(pageText(from).text.replaceAll(/^```[\s\S]*?^```$/gm, '')).not.toContain('<!--');
    expect(pageText('docs/errors/loss-not-finite.md').text).toMatch(/^# loss-not-finite\n/);
    const picture = '/files/docs/models/pictures/dssm.svg';
    expect(pageText('docs/models/dssm.md').text).toMatch(
      new RegExp(`^\\[!\\[[^\\]]+\\]\\(${picture}\\)\\]\\(${picture}\\)$`, 'm'),
    );
  });

  it('are in the sidebar, as far as they are not one of the messages', () => {
    const links = sidebarOf(pages).flatMap(({ items }) => items.map(({ link }) => link));
    const wanted = pages.map(({ to }) => `/${to.replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')}`);
    const missing = wanted.filter((link) => !links.includes(link) && !/^\/(errors|examples)\//.test(link));
    expect(missing).toEqual([]);
    expect(links.filter((link) => !wanted.includes(link))).toEqual([]);
  });
});

describe('the links of a built site', () => {
  it('lead to a file, and to an anchor that it has', () => {
    const site = temporaryFolder('tower-site-');
    mkdirSync(join(site, 'guide'));
    writeFileSync(
      join(site, 'index.html'),
      '<h1 id="top">x</h1><a href="/guide/">a</a><a href="./other.html">b</a><a href="#top">c</a><a href="#none">d</a>',
    );
    writeFileSync(
      join(site, 'guide/index.html'),
      '<a href="../index.html#top">a</a><img src="/missing.png"><a href="https://example.org/x">b</a>',
    );
    expect(brokenLinks(site)).toEqual([
      `${site}/guide/index.html: there is no /missing.png`,
      `${site}/index.html: there is no ./other.html`,
      `${site}/index.html: #none has no such anchor`,
    ]);
  });
});

describe('the server of a built site', () => {
  it('answers with the page of the site for what is not there', async () => {
    const site = temporaryFolder('tower-site-');
    writeFileSync(join(site, '404.html'), '<h1>not found</h1>');
    const server = createServer(siteHandler(site));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/no/such/page`);
    expect([answer.status, await answer.text()]).toEqual([404, '<h1>not found</h1>']);
    server.close();
  });
});
