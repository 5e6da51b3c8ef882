/** A message of a config, which remembers what was read of it: what nobody read is reported. */
import type { ConfigField, ConfigSpan } from '../../../grammar/text_format.ts';
import { failure } from '../../base/diagnostics/failure.ts';
import { positionAt, type Source, type Span } from '../../base/text/source.ts';

export interface ConfigPosition {
  /** Its names from the root, such as `model_config.dssm.temperature`. */
  readonly path: string;
  readonly line: number;
}

interface PartContext {
  readonly source: Source;
  readonly read: Set<ConfigField>;
}

export class ConfigPart implements ConfigPosition {
  readonly line: number;

  constructor(
    readonly path: string,
    private readonly fields: readonly ConfigField[],
    private readonly place: ConfigSpan,
    private readonly shared: PartContext,
  ) {
    this.line = positionAt(shared.source, place.start).line;
  }

  get span(): Span {
    return { source: this.shared.source, start: this.place.start, end: this.place.end };
  }

  has(name: string): boolean {
    return this.fields.some((field) => field.name === name);
  }

  get names(): string[] {
    return [...new Set(this.fields.map(({ name }) => name))];
  }

  /** Position for a note. An absent field has the position of its message. */
  at(name: string): ConfigPosition {
    const field = this.fields.findLast((each) => each.name === name);
    const path = this.pathOf(name);
    return field === undefined ? { path, line: this.line } : { path, line: this.lineOf(field) };
  }

  /** The last value counts, as in protobuf. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): string[] {
    return this.taken(name).map((field) => {
      const { value } = field;
      if (value.kind === 'message') throw this.refused(field, 'a text');
      return value.text;
    });
  }

  number(name: string): number | undefined {
    return this.numbers(name).at(-1);
  }

  numbers(name: string): number[] {
    return this.taken(name).map((field) => {
      const { value } = field;
      const parsed = value.kind === 'message' ? Number.NaN : numberOf(value.text);
      if (!Number.isFinite(parsed)) throw this.refused(field, 'a number');
      return parsed;
    });
  }

  whole(name: string, least = 0): number | undefined {
    const value = this.number(name);
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      throw this.refused(this.taken(name).at(-1)!, `a whole number of at least ${least}`);
    }
    return value;
  }

  wholes(name: string, least = 1): number[] {
    const values = this.numbers(name);
    const wrongIndex = values.findIndex((value) => !Number.isSafeInteger(value) || value < least);
    if (wrongIndex >= 0) throw this.refused(this.taken(name)[wrongIndex]!, `a whole number of at least ${least}`);
    return values;
  }

  flag(name: string, otherwise: boolean): boolean {
    const field = this.taken(name).at(-1);
    if (field === undefined) return otherwise;
    const lowerWord = field.value.kind === 'message' ? '' : field.value.text.toLowerCase();
    if (['true', 't', '1'].includes(lowerWord)) return true;
    if (['false', 'f', '0'].includes(lowerWord)) return false;
    throw this.refused(field, '`true` or `false`');
  }

  part(name: string): ConfigPart | undefined {
    return this.parts(name).at(-1);
  }

  parts(name: string): ConfigPart[] {
    return this.taken(name).map((field) => {
      const { value } = field;
      if (value.kind !== 'message') throw this.refused(field, 'a message in `{ }`');
      return new ConfigPart(this.pathOf(name), value.fields, field, this.shared);
    });
  }

  /** @throws Failure `config-part` where it is absent */
  needed(name: string): ConfigPart {
    const found = this.part(name);
    if (found) return found;
    throw failure('config-part', { part: this.pathOf(name) }, this.span);
  }

  oneOf(names: readonly string[]): { readonly name: string; readonly part: ConfigPart } | undefined {
    const name = names.find((each) => this.has(each));
    return name === undefined ? undefined : { name, part: this.part(name)! };
  }

  /** Reads fields without using them: somebody reports them in another way. */
  skip(...names: readonly string[]): void {
    for (const name of names) for (const field of this.taken(name)) this.markAll(field);
  }

  /** Lists what nobody read; one entry for a message that nobody read at all. */
  unread(): ConfigPosition[] {
    return this.fields.flatMap((field) => {
      const path = this.pathOf(field.name);
      if (!this.shared.read.has(field)) return [{ path, line: this.lineOf(field) }];
      const { value } = field;
      return value.kind === 'message' ? new ConfigPart(path, value.fields, field, this.shared).unread() : [];
    });
  }

  private markAll({ value }: ConfigField): void {
    if (value.kind !== 'message') return;
    for (const inner of value.fields) {
      this.shared.read.add(inner);
      this.markAll(inner);
    }
  }

  private taken(name: string): ConfigField[] {
    const found = this.fields.filter((field) => field.name === name);
    for (const field of found) this.shared.read.add(field);
    return found;
  }

  private lineOf(field: ConfigField): number {
    return positionAt(this.shared.source, field.start).line;
  }

  private pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  private refused(field: ConfigField, expected: string): Error {
    const { source } = this.shared;
    const { start, end, kind } = field.value;
    const found = kind === 'message' ? 'a message' : `\`${source.text.slice(start, Math.min(end, start + 40))}\``;
    return failure('config-value', { field: this.pathOf(field.name), expected, found }, { source, start, end });
  }
}

/** Numbers of the text format: also hexadecimal, octal, and with an `f` at the end. */
function numberOf(text: string): number {
  if (/^-?0[xX]/.test(text)) return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  if (/^-?0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return Number(text.replace(/[fF]$/, ''));
}
