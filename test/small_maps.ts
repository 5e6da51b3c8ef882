/** V8's own limit of a Map is 2²⁴ entries: a test at that size would take gigabytes. */
import { onTestFinished, vi } from 'vitest';

/** Until the test ends, a Map that is made holds so many entries. */
export function limitMaps(most: number): void {
  class SmallMap<K, V> extends Map<K, V> {
    override set(key: K, value: V): this {
      if (this.size === most && !this.has(key)) throw new RangeError('Map maximum size exceeded');
      return super.set(key, value);
    }
  }
  vi.stubGlobal('Map', SmallMap);
  onTestFinished(() => void vi.unstubAllGlobals());
}
