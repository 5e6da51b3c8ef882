/** The page as an answer: its text, and what a browser may do with it. */
import { page } from './generated_page.ts';

/** A browser runs the page's own script alone, and asks for the page anew each time: a later version of Tower has another. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': page.policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

export const pageText = page.html;
