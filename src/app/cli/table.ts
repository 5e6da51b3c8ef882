import Table from 'cli-table3';

/** Figures in columns: the first on the left, the others on the right, lines only around and under the head. `others`: texts are on the left. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  others: 'left' | 'right' = 'right',
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 ? 'left' : others)),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
