/** One value an item of the corpus; undefined where it has none. */
export type ItemValues =
  | { readonly kind: 'number'; readonly values: readonly (number | undefined)[] }
  | { readonly kind: 'text'; readonly values: readonly (string | undefined)[] }
  | { readonly kind: 'texts'; readonly values: readonly (readonly string[] | undefined)[] }
  | { readonly kind: 'truth'; readonly values: readonly (boolean | undefined)[] };
