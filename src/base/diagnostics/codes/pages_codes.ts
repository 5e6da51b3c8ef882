/** Codes of exports that `tower-lang/runtime` opens. */
import { row } from '../wording.ts';

export const pages = {
  'export-unreachable': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `${url} cannot be fetched: ${reason}`,
    hint: 'copy the whole folder of the export to the server, and give `open` its address',
  }),

  'export-damaged': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `${url} is damaged: ${reason}`,
    hint: 'run `tower export --browser` again, and copy the whole folder to the server',
  }),

  'kernels-refused': row<{ reason: string }>({
    message: ({ reason }) => `this host compiles no WebAssembly: ${reason}`,
    hint: 'allow `wasm-unsafe-eval` as a source of scripts in a page; give `open` the imported `kernels.wasm` as `kernels` in a worker',
  }),

  'page-insecure': row<{ url: string }>({
    message: ({ url }) =>
      `the checksums of ${url} cannot be computed: browsers do that only for pages from https or localhost`,
    hint: 'use https for the page, or localhost',
  }),
} as const;
