/** The programs of the guide fit the types of the package. */
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { fences, pages } from './fences.ts';

const programs = new Map(
  pages.flatMap((page) =>
    fences(page, 'ts').map(({ name, text }, at) => [resolve(`${page}.${at}.mts`), { name, text }]),
  ),
);

it('each program of a page has no error of types', () => {
  expect(programs.size).toBeGreaterThan(4);
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(ts.readConfigFile('tsconfig.json', ts.sys.readFile).config, ts.sys, '.').options,
    noUnusedLocals: false,
    paths: { 'tower-lang': [join(resolve('.'), 'src/api.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (path) => programs.has(path) || fileExists(path);
  host.readFile = (path) => programs.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, language, ...more) => {
    const program = programs.get(path);
    return program ? ts.createSourceFile(path, program.text, language) : getSourceFile(path, language, ...more);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  const errors = [...programs].flatMap(([path, { name }]) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
  expect(errors).toEqual([]);
}, 240_000);
