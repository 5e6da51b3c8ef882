/**
 * Builds `tower check` as one script, and V8's code of it by this Node.js: the functions that a check calls are compiled once, here, and not at each start.
 * `src/app/cli/compiled_check.ts` runs both. It is in the program `dist/tower.cjs`, which is built here too.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const compile = fileURLToPath(new URL('compile-check.mjs', import.meta.url));

/** Gives the name of the script without its ending, the files, and what esbuild read. */
export async function buildCheck(options) {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: ['src/app/cli/check_program.ts'],
    outfile: 'dist/check.script',
    bundle: true,
    format: 'cjs',
    charset: 'ascii',
    // Read at every check.
    minifyWhitespace: true,
    minifySyntax: true,
    // A CommonJS script has no `import.meta`: it is given the folder of the package where it lies.
    define: { 'import.meta.dirname': '__dirname' },
    banner: { js: '(function (require, __dirname) { const module = { exports: {} };' },
    footer: { js: '})' },
    write: false,
    metafile: true,
  });
  // esbuild leaves characters beyond ASCII in regular expressions as they are, and the script is read as Latin-1.
  const contents = outputFiles[0].text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const name = `check-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}`;
  const script = `dist/${name}.script`;
  const code = `dist/${name}-${process.version}-${process.arch}.code`;
  // The first thing that is built.
  mkdirSync('dist', { recursive: true });
  if (!existsSync(script)) {
    // Renamed into place: another process that reads at the same time sees the whole file.
    writeFileSync(`${script}.${process.pid}`, contents);
    renameSync(`${script}.${process.pid}`, script);
  }
  if (!existsSync(code))
    execFileSync(process.execPath, [compile, script, code], { stdio: ['ignore', 'ignore', 'inherit'] });
  return { name, files: [script, code], metafile };
}

/** The program: it runs the script, or loads every other command. */
export async function buildStart({ check, plugins, ...options }) {
  const others = {
    name: 'other-commands',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/all\.ts$/ }, () => ({ path: './cli.js', external: true }));
    },
  };
  const { metafile } = await build({
    ...options,
    plugins: [...plugins, others],
    entryPoints: ['src/app/cli/main.ts'],
    outfile: 'dist/tower.cjs',
    bundle: true,
    format: 'cjs',
    define: { checkScript: JSON.stringify(check.name) },
    metafile: true,
  });
  return metafile;
}
