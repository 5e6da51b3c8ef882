/** Written by scripts/playground.mjs: path → text of every file under models/. */
declare module 'tower:models' {
  export const models: Readonly<Record<string, string>>;
}
