/** Original files of published sets that are no tables, or tables of which `tower data` makes better ones. */

const sets: readonly (readonly [RegExp, string])[] = [
  [/^anonymous-msweb\.(data|test)$/i, 'msweb'],
  [/^cran(\.all\.1400|\.qry|qrel)$/i, 'cranfield'],
  [/^(chefmoz\w+|rating_final|geoplaces2)\.csv$/i, 'restaurants'],
];

/** `restaurants` for files of that set. */
export function originalsOf(paths: readonly string[]): string | undefined {
  const names = paths.map((path) => path.replace(/^.*[/\\]/, ''));
  return sets.find(([form]) => names.filter((name) => form.test(name)).length >= 2)?.[1];
}
