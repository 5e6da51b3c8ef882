import { positionAt, type Span } from '../../../base/text/source.ts';

/** Stages of the compiler as plain JSON: a span is `line:column–line:column`, a map an object. */
export function plain(stage: unknown): unknown {
  return JSON.parse(JSON.stringify(stage, replace));
}

function replace(key: string, value: unknown): unknown {
  if (key === 'span' && value !== undefined) return place(value as Span);
  if (value instanceof Map) return Object.fromEntries(value);
  return ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
}

function place({ source, start, end }: Span): string {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return `${from.line}:${from.column}–${to.line}:${to.column}`;
}
