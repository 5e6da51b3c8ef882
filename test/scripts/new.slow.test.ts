/** `npm run new` in a copy of the project: it writes what compiles and fails, and refuses what is taken. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertWord } from '../../scripts/new/insert.ts';
import { kinds, planNew } from '../../scripts/new/plan.ts';

const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

describe('a word in a table', () => {
  const table = /^export const words: Table = \{/m;
  const of = (words: string) =>
    `import { b } from './b.ts';\nimport { d } from './d.ts';\n\nexport const words: Table = {${words}};\n`;

  it('comes last, and its import in order', () => {
    const text = insertWord(of(' b, d '), 'c', 'c', table);
    expect(text).toBe(
      "import { b } from './b.ts';\nimport { c } from './c.ts';\nimport { d } from './d.ts';\n\nexport const words: Table = { b, d, c };\n",
    );
    expect(insertWord(of('\n  b,\n  d,\n'), 'a', 'a', table)).toMatch(/^import \{ a \}[\s\S]*\n {2}d,\n {2}a,\n\};\n$/);
  });

  it('breaks a line that grows too long', () => {
    const long = Array.from({ length: 20 }, (_, at) => `word_${at}`);
    expect(insertWord(of(` ${long.join(', ')} `), 'c', 'c', table)).toContain('= {\n  word_0,\n  word_1,\n');
  });
});

describe('a name', () => {
  it.each([
    ['block', 'senet', /^is a block already: see src\/compiler\/library\/blocks\/table.ts$/],
    ['block', 'layer', /^has a file already: src\/compiler\/library\/blocks\/layer.ts$/],
    ['block', 'BigBlock', /^is no name/],
    ['block', '../x', /^is no name/],
    ['loss', 'switch', /^is a word of TypeScript or of the language/],
    ['loss', 'task', /^is a word of TypeScript or of the language/],
    ['score', 'dot', /^is a score already/],
    ['feature', 'list', /^is a feature already/],
    ['lint', 'bce-unscaled', /^is a code already: see docs\/errors\/bce-unscaled.md$/],
    ['lint', 'data-memory', /^is a code already/],
    ['lint', 'few_things', /^is no code/],
    ['command', 'train', /^is a command already: see src\/app\/cli\/commands\/table.ts$/],
    ['command', 'Train', /^is no command/],
    ['op', 'Softplus', /^is an op already: see src\/graph\/graph.ts$/],
    ['op', 'softplus', /^is no op/],
    ['format', 'parquet', /^is an ending already: see src\/data\/files\/formats\/table.ts$/],
    ['format', 'ndjson', /^is an ending already/],
    ['format', '.orc', /^is no format/],
  ] as const)('of a %s: `%s` is refused', (kind, name, reason) => {
    expect(() => planNew(kind, name, read)).toThrow(reason);
  });

  it('that Python keeps for itself gets an underscore in the script alone', () => {
    const { files } = planNew('block', 'max_of', (path) => read(path)?.replace('def sum_', 'def max_of'));
    expect(files.get('test/fixtures/blocks.py')).toContain('def max_of_():');
    expect([...files.keys()]).toContain('src/compiler/library/blocks/max_of.ts');
  });
});

describe('in a copy of the project', () => {
  let copy = '';
  const folders = ['src', 'grammar', 'scripts', 'test', 'docs', 'bench'];
  const written: string[] = [];
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'tower-new-'));
    for (const part of [...folders, 'package.json', 'tsconfig.json', 'biome.json']) {
      cpSync(part, join(copy, part), { recursive: true });
    }
    symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/new.ts', ...args], { cwd: copy, encoding: 'utf8' });
  const names = {
    block: 'quick',
    loss: 'quick',
    score: 'quick',
    feature: 'quick',
    lint: 'too-quick',
    command: 'quick',
    op: 'Quick',
    format: 'quick',
  };

  it.each(kinds)('a %s is written, with what to do next', (kind) => {
    const { status, stdout, stderr } = run(kind, names[kind]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const paths = [...stdout.matchAll(/^(?:wrote|changed) (.*)$/gm)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThanOrEqual(3);
    for (const path of paths) expect(readFileSync(join(copy, path), 'utf8')).toMatch(/quick/i);
    written.push(...paths.filter((path) => path.endsWith('.ts')));
    const steps = { op: /\n3\. Run `npx tsc/, format: /\n4\. Run `npx vitest/ } as const;
    expect(stdout).toMatch(kind in steps ? steps[kind as 'op'] : /\n1\. .*\n2\. [\s\S]*npm run generate/);
    expect(() => planNew(kind, names[kind], (path) => read(join(copy, path)))).toThrow(/ already: see /);
  });

  it('has the form that the linter asks for', () => {
    const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', ...written];
    const { stderr, status } = spawnSync(process.execPath, biome, { cwd: copy, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });

  it('a format has its types, and reads files, as it is written', () => {
    const config = { extends: './tsconfig.json', include: ['src/data/files/formats/*', 'test/data/files/formats/*'] };
    writeFileSync(join(copy, 'formats.json'), JSON.stringify(config));
    writeFileSync(join(copy, 'none.config.mjs'), 'export default {};\n');
    for (const command of [
      ['typescript/bin/tsc', '--noEmit', '-p', 'formats.json'],
      ['vitest/vitest.mjs', 'run', '--config', 'none.config.mjs', 'test/data/files/formats'],
    ]) {
      const args = [`node_modules/${command[0]}`, ...command.slice(1)];
      const { stdout, status } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
      expect(status, stdout).toBe(0);
    }
  });

  it('refuses what it does not know, with the usage', () => {
    expect(run('tower', 'x')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Usage: npm run new -- block\|/),
    });
  });

  it('a block fails until its one file and its numbers are written', () => {
    run('block', 'twice');
    writeFileSync(join(copy, 'src/compiler/library/blocks/twice.ts'), twice);
    const formulas = join(copy, 'src/compiler/library/blocks/generated_formulas.ts');
    const written = / {2}\/\/ TODO: the formula\n {2}give x\n(?=\}\n`,\n\} as const)/;
    expect(readFileSync(formulas, 'utf8')).toMatch(written);
    writeFileSync(formulas, readFileSync(formulas, 'utf8').replace(written, '  give x * 2\n'));
    writeFileSync(join(copy, 'test/fixtures/blocks/twice.json'), JSON.stringify({ cases: [numbers] }));
    writeFileSync(join(copy, 'none.config.mjs'), 'export default {};\n');
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--config', 'none.config.mjs'];
    const files = ['laws', 'blocks/torch', 'blocks/quick', 'blocks/twice'].map(
      (name) => `test/compiler/library/${name}.test.ts`,
    );
    const { stdout } = spawnSync(process.execPath, [...vitest, '-t', 'quick|twice', ...files], {
      cwd: copy,
      encoding: 'utf8',
    });
    const { testResults } = JSON.parse(stdout) as { testResults: { assertionResults: Result[] }[] };
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const titles = (status: string, name: string) =>
      results
        .filter(
          (one) => one.status === status && one.fullName.includes(name) && !/scores|losses|features/.test(one.fullName),
        )
        .map(({ title }) => title);
    expect(titles('failed', 'quick').sort()).toEqual([
      'quick changes what it gets',
      'quick has its numbers of PyTorch',
      'says what it computes and where it comes from',
    ]);
    expect(titles('failed', 'twice')).toEqual([]);
    expect(titles('passed', 'twice').length).toBeGreaterThan(6);
  });
});

interface Result {
  readonly fullName: string;
  readonly title: string;
  readonly status: string;
}

const twice = `import { formulaBlock } from '../rows.ts';

export const twice = formulaBlock('twice', {
  doc: 'Twice each number: vector[N] → vector[N].',
  when: 'Use it to see how a block is added.',
  paper: 'no paper: a multiplication',
  example: 'twice',
});
`;

const numbers = {
  name: '',
  arguments: {},
  value: { kind: 'vector', width: 2 },
  training: true,
  inputs: { x: [[1, -2]] },
  fixed: {},
  parameters: {},
  output: [[2, -4]],
  cotangent: [[0.5, 1]],
  gradients: { x: [[1, 2]] },
  updates: {},
};
