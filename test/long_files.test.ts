/** A file or a function has one reason to exist. A file of more than 400 lines, or a function of more than 80, says why it is long. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const longest = 400;
const longestFunction = 80;
/** Files with a long function that is still to be taken apart. */
const unfinished = ['training/evaluation/compare_models.ts', 'training/replay.ts'];
const generated = /\/kernels\//;
/** Tables of messages, which grow by a row a code. */
const tables = 'base/diagnostics/codes/';
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name) && !generated.test(name) && !name.startsWith(tables))
  .map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }))
  .map(({ name, text }) => ({ name, text, lines: text.split('\n').length - 1 }));

const saysWhy = (text: string): boolean => /^\/\*\*(?:(?!\*\/)[\s\S])*\b[Ll]ong because [^.]+\./.test(text);

it('every long file says why, and no other does', () => {
  expect(files.filter(({ text, lines }) => lines > longest && !saysWhy(text)).map(({ name }) => name)).toEqual([]);
  expect(files.filter(({ text, lines }) => lines <= 300 && saysWhy(text)).map(({ name }) => name)).toEqual([]);
});

it('no file only forwards what others export, but the module of the runtime', () => {
  const forwards = files.filter(({ name, text }) => {
    const { statements } = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
    return statements.every((each) => ts.isImportDeclaration(each) || ts.isExportDeclaration(each));
  });
  expect(forwards.map(({ name }) => name)).toEqual(['runtime.ts']);
});

/** A doc comment above a function, or above the declaration that it is the value of. */
function docOf(node: ts.Node, text: string): string {
  for (let at = node; at && !ts.isSourceFile(at); at = at.parent) {
    const comment = ts.getLeadingCommentRanges(text, at.getFullStart())?.at(-1);
    if (comment) return text.slice(comment.pos, comment.end);
    if (ts.isBlock(at.parent) || ts.isClassLike(at.parent)) break;
  }
  return '';
}

function longFunctions(name: string, text: string): { readonly name: string; readonly doc: string }[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const found: { readonly name: string; readonly doc: string }[] = [];
  const visit = (node: ts.Node): void => {
    const lines = lineAt(node.end) - lineAt(node.getStart(source)) + 1;
    // What is short has only short functions inside.
    if (lines <= longestFunction) return;
    if (ts.isFunctionLike(node)) {
      found.push({ name: `${name}:${lineAt(node.getStart(source)) + 1}`, doc: docOf(node, text) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it('every long function says why', () => {
  const long = files
    .filter(({ name, lines }) => lines > longestFunction && !unfinished.includes(name))
    .flatMap(({ name, text }) => longFunctions(name, text));
  expect(long.filter(({ doc }) => !saysWhy(doc)).map(({ name }) => name)).toEqual([]);
});
