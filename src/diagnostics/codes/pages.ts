/** Codes of exports for browsers. */
import { row } from '../code_row.ts';

export const pages = {
  'export-unreachable': row<{ url: string; reason: string }>({
    severity: 'error',
    message: ({ url, reason }) => `${url} cannot be fetched: ${reason}`,
    means:
      'A page opens the folder that `tower export --browser` wrote. A file of the folder does not arrive in the browser.',
    remedy:
      'Copy the whole folder of the export to the server, and give `open` its address. A server at another address must allow the page by CORS.',
  }),

  'export-damaged': row<{ url: string; reason: string }>({
    severity: 'error',
    message: ({ url, reason }) => `${url} is damaged: ${reason}`,
    means:
      'A file of an export for browsers is cut off or changed, is of another export, or has what no export has. Nothing of it is used.',
    remedy: 'Run `tower export --browser` again, and copy the whole folder to the server.',
  }),

  'page-insecure': row<{ url: string }>({
    severity: 'error',
    message: ({ url }) =>
      `the checksums of ${url} cannot be computed: browsers do that only for pages from https or localhost`,
    means:
      'Files of an export are used only if their SHA-256 is that of its index. Browsers offer SHA-256 to pages from https or localhost alone.',
    remedy: 'Use https for the page, or localhost.',
  }),
} as const;
