/** The prettier plugin: `prettier --plugin tower-lang/prettier`. */
import type { AstPath, Parser, Printer, RequiredOptions, SupportLanguage } from 'prettier';
import { makeSource, positionAt } from '../../base/text/source.ts';
import type { FileNode } from '../syntax/ast.ts';
import { printTree, readForFormat } from './format.ts';
import { defaultLayout } from './layout.ts';

interface PrettierRoot {
  readonly file: FileNode;
  readonly text: string;
}

export const languages: SupportLanguage[] = [
  { name: 'Tower', parsers: ['tower'], extensions: ['.tower'], vscodeLanguageIds: ['tower'] },
];

/** True if a comment above the first token marks the file as formatted, for `requirePragma`. */
function hasPragma(text: string): boolean {
  const sourceLines = text.replace(/^\uFEFF/, '').split('\n');
  const firstCodeLine = sourceLines.findIndex((line) => !/^\s*(?:\/\/.*)?$/.test(line));
  return sourceLines
    .slice(0, firstCodeLine === -1 ? undefined : firstCodeLine)
    .some((line) => /^\s*\/\/\s*@(?:format|prettier)\s*$/.test(line));
}

export const parsers: Record<string, Parser<PrettierRoot>> = {
  tower: {
    astFormat: 'tower',
    parse(text, options) {
      const source = makeSource(options.filepath ?? '<text>', text);
      const { output, diagnostics } = readForFormat(source);
      if (output) return { file: output, text };
      const [first] = diagnostics;
      const errorSpan = first!.at ?? { source, start: 0, end: 0 };
      const loc = { start: positionAt(source, errorSpan.start), end: positionAt(source, errorSpan.end) };
      throw Object.assign(new SyntaxError(`${first!.message} [${first!.code}]`), { loc });
    },
    hasPragma,
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers: Record<string, Printer<PrettierRoot>> = {
  tower: {
    print: ({ node }: AstPath<PrettierRoot>, { printWidth, tabWidth, useTabs }) =>
      printTree(node.file, node.text, { printWidth, tabWidth, useTabs: useTabs ?? false }),
    getVisitorKeys: () => [],
    insertPragma: (text) => `// @format\n\n${text}`,
  },
};

export const defaultOptions: Partial<RequiredOptions> = { ...defaultLayout };
