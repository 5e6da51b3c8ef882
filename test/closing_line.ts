/** Ends a run of the tests with one plain line that any machine can read: `N passed, N failed, N skipped`. */
import type { Reporter, TestModule } from 'vitest/node';
import { judgeSkips, present, type SkippedTest } from './skips.ts';

export default class ClosingLine implements Reporter {
  /** A run of chosen tests (`-t`, `.only`) skips the others, and is judged by nobody. */
  private isFiltered = false;

  onInit({ config }: { readonly config: { readonly testNamePattern?: RegExp } }): void {
    this.isFiltered = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skippedTests: SkippedTest[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          skippedTests.push({ path: module.moduleId, name: test.fullName });
        }
      }
    }
    const { counts: byNeed, unexpected } = judgeSkips(skippedTests, present());
    if (!this.isFiltered && unexpected.length > 0) {
      counts.failed += unexpected.length;
      counts.skipped -= unexpected.length;
      process.exitCode = 1;
      for (const line of unexpected) process.stdout.write(`\nskipped, and should not be: ${line}`);
    }
    const needs = [...byNeed].map(([need, count]) => `${count} for want of ${need}`).join(', ');
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    if (needs !== '') process.stdout.write(`\nskipped: ${needs}`);
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  }
}
