/**
 * Reads the pages of codes, `docs/errors/CODE.md`: the meaning of a message, a file that causes it, and the corrected file. The pages are written by
 * hand, and tests check their examples. Links lead to sections of the specification.
 */
import { readFileSync } from 'node:fs';
import { type Code, codes } from '../../base/diagnostics/codes.ts';
import { findPackageFile } from '../../base/storage/package_file.ts';
import { aboutIgnores } from '../lint/ignores.ts';

export interface ErrorPage {
  readonly code: Code;
  readonly severity: 'error' | 'warning';
  /** A few simple sentences: what is wrong, and why Tower does not accept it. */
  readonly means: string;
  /** A file that causes the message, the output of `tower check` for it, and the corrected file: all three or none. */
  readonly wrong?: string;
  readonly printed?: string;
  readonly right?: string;
  /** The fix, if the error is not in a `.tower` file. The first sentence is an imperative. */
  readonly remedy?: string;
}

/** Reads the page of a code from the package. */
export function readErrorPage(code: Code): ErrorPage {
  const page = readFileSync(findPackageFile(`docs/errors/${code}.md`), 'utf8');
  const [head = '', ...sections] = page.replace(/^\[Specification, .*/m, '').split(/^## /m);
  const section = (title: string): string | undefined =>
    sections
      .find((text) => text.startsWith(`${title}\n`))
      ?.slice(title.length)
      .trim();
  const fence = (title: string, info: string): string | undefined =>
    new RegExp(`^(\`\`\`|~~~~)${info}\\n([\\s\\S]*?)^\\1$`, 'm').exec(section(title) ?? '')?.[2];
  return {
    code,
    severity: codes[code].severity,
    means: head.trim().split('\n\n').slice(2).join('\n\n'),
    wrong: fence('Wrong', 'tower wrong'),
    printed: fence('Wrong', 'text'),
    right: fence('Right', 'tower'),
    remedy: section('What to do'),
  };
}

/** Warnings about a whole run, which belong to no line. */
const placeless: ReadonlySet<Code> = new Set<Code>(['ranks-below-popularity', 'ranks-below-a-task', 'track-behind']);

/** Describes the severity in a sentence. */
export function severityText(code: Code, severity: ErrorPage['severity']): string {
  if (severity === 'error') return 'An error.';
  if (aboutIgnores.has(code) || placeless.has(code)) return 'A warning.';
  return `A warning: \`// tower-ignore ${code}: reason\` silences it on one line.`;
}

const generated = '<!-- Written by `npm run generate` from the pages of the codes: change those, not this. -->';

/** Returns the list of all codes, by its path in the project. */
export function errorIndex(): ReadonlyMap<string, string> {
  const codeRows = (Object.keys(codes) as Code[]).map((code) => {
    const { severity, means } = readErrorPage(code);
    return `| [${code}](${code}.md) | ${severity} | ${firstSentence(means)} |`;
  });
  const list = [
    generated,
    '# Messages',
    'Each message ends with a code in brackets. `tower explain CODE` prints the page of the code in the terminal.',
    ['| code | | |', '|---|---|---|', ...codeRows].join('\n'),
  ];
  return new Map([['docs/errors/README.md', `${list.join('\n\n')}\n`]]);
}

export const firstSentence = (text: string): string =>
  (/^.*?[.:](?= [A-Z`]|$)/s.exec(text)?.[0] ?? text).replace(/:$/, '.').replaceAll('|', '\\|');

/** The sections of the specification. The number of a section is its index in the list, from 1. */
export const specSections = [
  'Lexis',
  'Grammar',
  'Files, names and scopes',
  'Values and their shapes',
  'Features, labels and groups',
  'Flows and blocks',
  'Towers',
  'Scores',
  'Tasks and losses',
  'Objective and retrieval',
  'Training',
  'Data',
  'Determinism',
  'Evaluation',
  'Artifacts',
  'Versions',
] as const;

/** Makes a link for a page in a folder of `docs`: `[Specification, 9.3: Tasks and losses](../spec.md#9-tasks-and-losses)`. */
export function specLink(paragraph: string): string {
  const number = Number.parseInt(paragraph, 10);
  const title = specSections[number - 1]!;
  return `[Specification, ${paragraph}: ${title}](../spec.md#${anchorOf(`${number} ${title}`)})`;
}

/** Returns the anchor that GitHub gives a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
