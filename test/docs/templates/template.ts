/** Copies a template of docs/examples to a temporary folder, with what its package.json names and the export of a small model, as it lies after `npm run model`. */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exportSmall } from '../../serving/runtime/exported.ts';

interface TemplatePackage {
  readonly scripts: { readonly model: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const packageOf = (name: string): TemplatePackage =>
  JSON.parse(readFileSync(`docs/examples/${name}/package.json`, 'utf8'));

/** Dependencies come from this project, which has them pinned to the same versions, and the runtime from `dist`. */
export async function installTemplate(name: string, root: string): Promise<string> {
  const folder = join(root, name);
  cpSync(join('docs/examples', name), folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const { scripts, dependencies } = packageOf(name);
  for (const dependency of Object.keys(dependencies)) {
    // The routes of Next.js are tried without it.
    if (dependency === 'next') continue;
    const to = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(to), { recursive: true });
    if (dependency !== '@tower-lang/runtime') {
      symlinkSync(resolve('node_modules', dependency), to);
      continue;
    }
    mkdirSync(to);
    cpSync('deploy/runtime/package.json', join(to, 'package.json'));
    symlinkSync(resolve('dist'), join(to, 'dist'));
  }
  const [, out] = /^tower export runs\/first --browser --out (\S+) --force$/.exec(scripts.model)!;
  await (await exportSmall(join(root, 'trained'))).write(join(folder, out!), { exact: false });
  return folder;
}
