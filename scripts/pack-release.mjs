/**
 * Writes the packages of a release into a folder: `node scripts/pack-release.mjs OUT [PACKED]`. What `npm pack` writes in a clone works alone, on the platform where it
 * was packed, because the library of ONNX Runtime is inside. In a release each platform has a package for it, and npm installs the one that fits.
 * PACKED is a tarball of `npm pack`, if there is one.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onnxFiles, onnxPackage, platforms } from './onnx-libraries.mjs';

const [out, packed] = process.argv.slice(2).map((path) => resolve(path));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
mkdirSync(out, { recursive: true });
const licenceAddress = 'https://github.com/microsoft/onnxruntime/blob/main/LICENSE';
const temporary = mkdtempSync(join(tmpdir(), 'tower-release-'));
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { version, author, repository } = readJson('package.json');

/** Returns the path of the tarball of a folder. */
function pack(folder, ...options) {
  const words = ['pack', folder, '--json', '--silent', '--pack-destination', out, ...options];
  const [{ filename }] = JSON.parse(execFileSync('npm', words, { encoding: 'utf8' }));
  return join(out, filename);
}

function packLibrary(platform) {
  const folder = join(temporary, platform);
  mkdirSync(folder, { recursive: true });
  const [os, cpu] = platform.split('/');
  const description = `ONNX Runtime for tower-lang on ${os} ${cpu}.`;
  const limits = { os: [os], cpu: [cpu], ...(os === 'linux' ? { libc: ['glibc'] } : {}) };
  const declared = { name: onnxPackage(platform), version, description, license: 'MIT', author, repository, ...limits };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(declared, null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), `${description} Made by Microsoft: ${licenceAddress}\n`);
  for (const path of onnxFiles(platform)) copyFileSync(path, join(folder, basename(path)));
  pack(folder);
}

/** Packs `tower-lang`, and packs it again without its library, which its optional dependencies have. */
function packTower() {
  execFileSync('tar', ['-xzf', packed ?? pack('.'), '-C', temporary]);
  const folder = join(temporary, 'package');
  rmSync(join(folder, 'dist/onnxruntime'), { recursive: true });
  const optionalDependencies = Object.fromEntries(platforms.map((platform) => [onnxPackage(platform), version]));
  const declared = { ...readJson(join(folder, 'package.json')), optionalDependencies };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(declared, null, 2)}\n`);
  pack(folder, '--ignore-scripts');
}

try {
  packTower();
  for (const platform of platforms) packLibrary(platform);
  for (const part of ['runtime', 'create-tower']) pack(`./deploy/${part}`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
