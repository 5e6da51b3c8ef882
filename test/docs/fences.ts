/** What the pages for users hold between fences. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Fence {
  /** `docs/guide/data.md:11` */
  readonly name: string;
  readonly page: string;
  readonly language: string;
  /** What follows the language: `wrong` where the text is so on purpose, `part` where a model is not shown whole, `edited` where the page
   * says what to change before the command prints this. */
  readonly mark: string;
  readonly text: string;
}

const fence = /^ *```(\w+)(?: +(.*))?\n([\s\S]*?)^ *```$/gm;

export const pages: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') || name === 'llms.txt')
    .map((name) => join('docs', name).replaceAll('\\', '/'))
    .sort(),
];

const textOfPage = (page: string): string => readFileSync(page, 'utf8');

/** The text outside of fences. */
export const proseOf = (page: string): string => textOfPage(page).replaceAll(fence, '');

export function fences(page: string, language?: string): readonly Fence[] {
  const text = textOfPage(page);
  return [...text.matchAll(fence)]
    .map((match) => ({
      name: `${page}:${text.slice(0, match.index).split('\n').length}`,
      page,
      language: match[1]!,
      mark: match[2] ?? '',
      text: match[3]!,
    }))
    .filter((fence) => language === undefined || fence.language === language);
}
