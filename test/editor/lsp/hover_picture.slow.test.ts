/** Pictures in hovers: only where an editor says that it shows them, and never larger than a hover has room for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Hover } from 'vscode-languageserver-protocol';
import { hoverPicture } from '../../../src/editor/lsp/providers/hover_provider.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';
import { factsOf } from './marked.ts';

const address = /!\[([^\]]*)\]\(data:image\/svg\+xml;base64,([\w+/=]+)\)/;
const svgIn = (text: string): string => Buffer.from(address.exec(text)![2]!, 'base64').toString();
const sizeOf = (svg: string): number[] => /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.slice(1).map(Number);

const text = readFileSync('models/two_tower.tower', 'utf8');

/** What the server answers for the name of the model. */
async function hover(options: Parameters<typeof Client.start>[2], theme?: string): Promise<string> {
  const client = await Client.start(temporaryFolder(), undefined, options);
  const uri = pathToFileURL(join(temporaryFolder(), 'two_tower.tower')).href;
  await client.open(uri, text);
  if (theme) await client.connection.sendNotification('tower/pictures', theme);
  const at = text.slice(0, text.indexOf('model two_tower')).split('\n').length - 1;
  const position = { line: at, character: 8 };
  const { contents } = (await client.ask<Hover>('textDocument/hover', { textDocument: { uri }, position }))!;
  await client.stop();
  return (contents as { value: string }).value;
}

const markdown = { textDocument: { hover: { contentFormat: ['markdown' as const, 'plaintext' as const] } } };

describe('the picture in a hover', () => {
  it('is an image on the paper that the editor asks for, after the text', async () => {
    const found = await hover({ capabilities: markdown, initializationOptions: { pictures: 'light' } }, 'dark');
    expect(found).toMatch(/^```tower\nmodel two_tower/);
    expect(address.exec(found)![1]).toBe('The model two_tower');
    expect(svgIn(found)).toContain('color-scheme: dark');
    expect(svgIn(found)).toContain('cosine(user, item)');
  });

  it('is left out for an editor that says nothing of images, or takes no Markdown', async () => {
    const plain = await hover({ capabilities: markdown });
    expect(plain).toMatch(/^```tower\nmodel two_tower/);
    expect(plain).not.toContain('data:');
    // Themes alone ask for nothing.
    expect(await hover({ capabilities: markdown }, 'dark')).toBe(plain);
    const noMarkdown = { textDocument: { hover: { contentFormat: ['plaintext' as const] } } };
    expect(await hover({ capabilities: noMarkdown, initializationOptions: { pictures: 'dark' } })).toBe(plain);
  });

  it('fits a hover, of every model', () => {
    for (const file of readdirSync('models').filter((name) => name.endsWith('.tower'))) {
      const model = readFileSync(`models/${file}`, 'utf8');
      const found = hoverPicture(factsOf(model), model.search(/^model /m) + 7, 'dark')!;
      expect(found.length, file).toBeLessThan(20_000);
      const [width, height] = sizeOf(svgIn(found));
      expect(width, file).toBeLessThanOrEqual(480);
      // Longer ones are scrolled; folded they are no longer than this. The longest has five named steps, one below the other.
      expect(height, file).toBeLessThanOrEqual(1000);
    }
  });

  it('folds a large model, and says of a huge one how to see it', () => {
    const channels = (count: number): string =>
      Array.from(
        { length: count },
        (_, i) => `  channel c${i} = user_id -> flatten -> mlp(64, 32) -> mlp(32, 16) -> dense(4)`,
      ).join('\n');
    const large = (count: number): string =>
      `model large\nfeatures { user_id: id(dim: 16), movie_id: id(dim: 16) }\ntower user(user_id) keyed by user_id {\n${channels(count)}\n}`;
    const at = (count: number): string => hoverPicture(factsOf(large(count)), 7, 'system')!;
    expect(svgIn(at(1))).toContain('mlp(64, 32)');
    const folded = svgIn(at(12));
    expect(folded).toContain('channel c11');
    expect(folded).not.toMatch(/<text[^>]*>mlp\(64, 32\)/);
    expect(at(300)).toBe(
      '*The model large has 301 boxes, too many for a hover.* `tower inspect MODEL --svg` writes the picture.',
    );
  });
});
