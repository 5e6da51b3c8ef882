/** What only a package needs: the types of the library, for `import` and for `require`, and the licences of what is bundled. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** By name of its file in `dist`: the module whose exports an entry of the package has. */
const entries = { api: 'src/api', runtime: 'src/runtime', prettier: 'src/compiler/format/prettier' };

/**
 * Writes `dist/types`, and `dist/<entry>.d.cts` beside each `dist/<entry>.cjs`. TypeScript takes the latter for a file that `require` may load, while declarations of a
 * module are errors there (TS1479). It names each export, since `export *` may not change the kind of a module.
 */
export function writeTypes() {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  });
  const paths = Object.values(entries).map((source) => `dist/types/${source}.d.ts`);
  const program = ts.createProgram(paths, { module: ts.ModuleKind.Node16, types: [] });
  const checker = program.getTypeChecker();
  for (const [name, source] of Object.entries(entries)) {
    const file = program.getSourceFile(`dist/types/${source}.d.ts`);
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(file)).map((symbol) => {
      const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const isClass = (flags & ts.SymbolFlags.Class) !== 0;
      return { name: symbol.name, isClass, isValue: (flags & ts.SymbolFlags.Value) !== 0 };
    });
    const from = `"./types/${source}.ts", { with: { "resolution-mode": "import" } }`;
    const types = symbols.filter(({ isValue }) => !isValue).map((symbol) => symbol.name);
    const lines = [
      `export type { ${types.join(', ')} } from "./types/${source}.ts" with { "resolution-mode": "import" };`,
      `declare const all: typeof import(${from});`,
      ...symbols.flatMap(({ name, isClass, isValue }) => [
        ...(isValue ? [`export declare const ${name}: typeof all.${name};`] : []),
        ...(isClass ? [`export type ${name} = import(${from}).${name};`] : []),
      ]),
    ];
    writeFileSync(`dist/${name}.d.cts`, `${lines.join('\n')}\n`);
  }
}

/** Writes `dist/<entry>.cjs`, which a program of CommonJS loads, and returns their paths. Node.js loads a module by `require` from 20.19 on. */
export function writeCommonJs(names = Object.keys(entries)) {
  return names.map((name) => {
    writeFileSync(`dist/${name}.cjs`, `module.exports = require('./${name}.js');\n`);
    return `dist/${name}.cjs`;
  });
}

/** Returns what each bundled package is, and the text of its licence. `inputs` are the paths of the files that a bundle was made from. */
export function licencesOf(inputs) {
  const folders = inputs.map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const parts = [...new Set(folders.filter(Boolean))].sort().map((folder) => {
    const { name, version, license, repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^(licence|license)/i.test(entry));
    const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `See ${repository?.url ?? repository}`;
    return `${name} ${version}: ${license}\n\n${text}\n`;
  });
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}
