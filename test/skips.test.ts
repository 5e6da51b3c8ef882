import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import ClosingLine from './closing_line.ts';
import { filesByNeed, judgeSkips } from './skips.ts';

const listed = Object.values(filesByNeed).flat();

describe('the list of tests that may skip', () => {
  it('has each file with a condition, and no other', () => {
    const withCondition = (readdirSync('test', { recursive: true }) as string[])
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.test.ts') && /\.skipIf\(/.test(readFileSync(join('test', path), 'utf8')))
      .map((path) => path.replace(/\.test\.ts$/, ''));
    expect([...listed].sort()).toEqual(withCondition.filter((path) => path !== 'skips').sort());
  });

  it('has each file once', () => {
    expect(new Set(listed).size).toBe(listed.length);
    for (const file of listed) expect(existsSync(`test/${file}.test.ts`), file).toBe(true);
  });
});

describe('a skipped test', () => {
  const nginx = { path: '/clone/test/deploy/nginx.test.ts', name: 'answers' };

  it('counts for what it needs', () => {
    const { counts, unexpected } = judgeSkips([nginx, nginx], new Set());
    expect([...counts]).toEqual([['nginx', 2]]);
    expect(unexpected).toEqual([]);
  });

  it('fails where its need is here, or where nobody says what it needs', () => {
    const stranger = { path: 'C:\\clone\\test\\deploy\\other.test.ts', name: 'is new' };
    expect(judgeSkips([nginx, stranger], new Set(['nginx'])).unexpected).toEqual([
      'deploy/nginx.test.ts: answers: TOWER_HAS says that nginx is here',
      'deploy/other.test.ts: is new: test/skips.ts does not say what it needs',
    ]);
  });

  it('fails the run', () => {
    const test = { fullName: nginx.name, result: () => ({ state: 'skipped' }) };
    const module = { moduleId: nginx.path, errors: () => [], children: { allTests: () => [test] } };
    const text: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => text.push(String(chunk)) > 0);
    vi.stubEnv('TOWER_HAS', 'torch,nginx');
    const { exitCode } = process;
    try {
      new ClosingLine().onTestRunEnd([module as unknown as TestModule]);
      expect(process.exitCode).toBe(1);
    } finally {
      process.exitCode = exitCode;
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    }
    expect(text.join('')).toBe(
      '\nskipped, and should not be: deploy/nginx.test.ts: answers: TOWER_HAS says that nginx is here\n0 passed, 1 failed\n',
    );
  });
});
