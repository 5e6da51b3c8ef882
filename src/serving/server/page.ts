/** What a browser gets whether or not a run is loaded: the page and its icon, with what it may do with them. */
import { page } from './generated_page.ts';

interface BrowserFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const browserFiles = {
  page: {
    text: page.html,
    /** A browser runs the page's own script alone, and asks for the page anew each time: a later version of Tower has another. */
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': page.policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    },
  },
  /** The page has its icon inside: browsers ask for this one when they show another address. */
  icon: {
    text: "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='#0b62c4' d='M2 6h5v9H2zM9 1h5v14H9z'/></svg>",
    headers: { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=86400' },
  },
} as const satisfies Readonly<Record<string, BrowserFile>>;
