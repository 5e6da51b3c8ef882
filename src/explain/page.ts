/** The page of each code in docs/errors, and the list of all codes. */
import { type Code, codes, formerCodes } from '../diagnostics/codes.ts';
import { aboutIgnores } from '../lint/ignores.ts';
import { type Explained, explain } from './examples.ts';
import { paragraphOf, specLink } from './specification.ts';

const generated = '<!-- Written by `npm run generate` from src/diagnostics/codes: change that, not this. -->';

function errorPage({ code, severity, means, wrong, printed, right, remedy }: Explained): string {
  const parts = [generated, `# ${code}`, severityText(code, severity), means];
  if (wrong !== undefined && printed !== undefined && right !== undefined) {
    parts.push('## Wrong', fence('tower wrong', wrong), '`tower check` prints:', fence('text', printed));
    parts.push('## Right', fence('tower', right));
  }
  if (remedy !== undefined) parts.push('## What to do', remedy);
  const paragraph = paragraphOf(code);
  if (paragraph !== undefined) parts.push(`${specLink(paragraph)}.`);
  return `${parts.join('\n\n')}\n`;
}

/** A page for links to a former name. */
const formerPage = (former: string, code: Code): string =>
  `${generated}\n\n# ${former}\n\nThis code is now called [${code}](${code}.md).\n`;

/** How serious it is, in a sentence. */
export function severityText(code: Code, severity: Explained['severity']): string {
  if (severity === 'error') return 'An error.';
  if (aboutIgnores.has(code)) return 'A warning.';
  return `A warning: \`// tower-ignore ${code}: reason\` silences it on one line.`;
}

const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\`\`\``;

/** Path from the root of the project → the text of the file, for each code and each former name. */
export function errorPages(): ReadonlyMap<string, string> {
  const pages = (Object.keys(codes) as Code[]).map(explain);
  const rows = pages.map(
    (page) => `| [${page.code}](${page.code}.md) | ${page.severity} | ${firstSentence(page.means)} |`,
  );
  const list = [
    generated,
    '# Messages',
    'Each message ends with a code in brackets. `tower explain CODE` prints the page of the code in the terminal.',
    ['| code | | |', '|---|---|---|', ...rows].join('\n'),
  ];
  return new Map([
    ['docs/errors/README.md', `${list.join('\n\n')}\n`],
    ...pages.map((page) => [`docs/errors/${page.code}.md`, errorPage(page)] as const),
    ...[...formerCodes].map(([former, code]) => [`docs/errors/${former}.md`, formerPage(former, code)] as const),
  ]);
}

export const firstSentence = (text: string): string =>
  (/^.*?[.:](?= [A-Z`]|$)/s.exec(text)?.[0] ?? text).replace(/:$/, '.').replaceAll('|', '\\|');
