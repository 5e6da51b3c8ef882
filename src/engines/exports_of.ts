/** The exports of a CommonJS package: bundled, they are those of its default. `name` is one of them. */
export function exportsOf<Module extends object>(module: Module, name: keyof Module): Module {
  return name in module ? module : (module as unknown as { readonly default: Module }).default;
}
