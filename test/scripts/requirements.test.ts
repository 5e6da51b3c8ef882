/** Whatever a set-up fetches outside the project's lock has a checksum, and the version that the set-up names. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = 'scripts/requirements';
const text = (path: string): string => readFileSync(path, 'utf8');
const forPip = [
  ...readdirSync(folder).flatMap((name) => (name.endsWith('.txt') ? `${folder}/${name}` : [])),
  '.ci/requirements.txt',
];
const forNpm = readdirSync(folder).filter((name) => !name.includes('.'));

it.each(forPip)('%s: each package has one version, and checksums', (path) => {
  const entries = text(path)
    .split(/\n(?=\w)/)
    .filter((entry) => /^\w/.test(entry));
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) {
    expect(entry).toMatch(
      /^[\w.-]+(\[[\w,]+\])?==[\w.]+(; platform_system == "Linux")? \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$/,
    );
  }
});

it.each(forNpm)('%s: each package of the lock has a checksum', (name) => {
  const { packages } = JSON.parse(text(`${folder}/${name}/package-lock.json`)) as {
    packages: Record<string, { integrity?: string }>;
  };
  const { '': own, ...others } = packages;
  expect(own).toHaveProperty('dependencies');
  for (const [path, { integrity }] of Object.entries(others)) expect(integrity, path).toMatch(/^sha512-/);
});

it.each([
  ['setup-tensorflow.mjs', 'tensorflowVersion', 'tensorflow.txt', 'tensorflow-cpu'],
  ['setup-torch.mjs', 'torchVersion', 'torch.txt', 'torch'],
  ['setup-mlflow.mjs', 'version', 'mlflow.txt', 'mlflow-skinny'],
])('%s installs the version that it names', (script, constant, file, name) => {
  const version = new RegExp(`const ${constant} = '(.*)'`).exec(text(`scripts/${script}`))![1]!;
  expect(text(`${folder}/${file}`)).toContain(`\n${name}==${version} `);
});
