/** The part of `node:path` that the compiler uses, for paths with `/`: its replacement in the browser. */
export const sep = '/';

export const isAbsolute = (path: string): boolean => path.startsWith('/');

export function normalize(path: string): string {
  const rooted = isAbsolute(path);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || !rooted) parts.push(part);
  }
  return `${rooted ? '/' : ''}${parts.join('/')}` || '.';
}

export const join = (...paths: readonly string[]): string => normalize(paths.filter((path) => path !== '').join('/'));

export function dirname(path: string): string {
  const at = path.replace(/\/+$/, '').lastIndexOf('/');
  return at === -1 ? '.' : path.slice(0, at) || '/';
}

/** Both from the same folder, or both absolute. */
export function relative(from: string, to: string): string {
  const [a, b] = [from, to].map((path) =>
    normalize(path)
      .split('/')
      .filter((part) => part !== '' && part !== '.'),
  );
  const same = a!.findIndex((part, at) => part !== b![at]);
  const shared = same === -1 ? a!.length : same;
  return [...a!.slice(shared).map(() => '..'), ...b!.slice(shared)].join('/');
}
