/** Checks a filter against the columns of the items: names, types and values. The result can be evaluated without further checks. */
import type { Comparison, FilterOperand, FilterSpan, FilterTree } from '../../../grammar/filter.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import type { Source, Span } from '../../base/text/source.ts';
import type { ItemColumn, ItemColumns } from './filter_columns.ts';

/** A value of one type, or the column that has it. */
export type FilterValue<K extends ItemColumn['kind'], V> =
  | { readonly column: Extract<ItemColumn, { kind: K }> }
  | { readonly value: V };
export type NumberValue = FilterValue<'number', number>;
export type TextValue = FilterValue<'text', string>;

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Condition[] }
  | { readonly kind: 'not'; readonly term: Condition }
  | { readonly kind: 'numbers'; readonly by: Comparison; readonly left: NumberValue; readonly right: NumberValue }
  | { readonly kind: 'texts'; readonly by: Comparison; readonly left: TextValue; readonly right: TextValue }
  | { readonly kind: 'truths'; readonly isSame: boolean; readonly left: TruthValue; readonly right: TruthValue }
  | { readonly kind: 'number in'; readonly left: NumberValue; readonly values: ReadonlySet<number> }
  | { readonly kind: 'text in'; readonly left: TextValue; readonly values: ReadonlySet<string> }
  | { readonly kind: 'text of'; readonly left: TextValue; readonly list: Extract<ItemColumn, { kind: 'texts' }> }
  | { readonly kind: 'missing'; readonly column: ItemColumn }
  | { readonly kind: 'truth'; readonly value: TruthValue };
export type TruthValue = FilterValue<'truth', boolean>;

type TypedOperand =
  | { readonly kind: 'number'; readonly value: NumberValue }
  | { readonly kind: 'text'; readonly value: TextValue }
  | { readonly kind: 'truth'; readonly value: TruthValue }
  | { readonly kind: 'texts'; readonly column: Extract<ItemColumn, { kind: 'texts' }> };

const words: Readonly<Record<TypedOperand['kind'], string>> = {
  number: 'a number',
  text: 'a text',
  texts: 'a list of texts',
  truth: 'true or false',
};

/** Returns all errors of the filter; if there are none, also the condition. */
export function checkFilter(
  tree: FilterTree,
  source: Source,
  columns: ItemColumns,
): { readonly condition?: Condition; readonly mistakes: readonly Diagnostic[] } {
  const checker = new FilterChecker(source, columns);
  const condition = checker.condition(tree);
  return checker.mistakes.length === 0 && condition ? { condition, mistakes: [] } : { mistakes: checker.mistakes };
}

class FilterChecker {
  readonly mistakes: Diagnostic[] = [];

  constructor(
    private readonly source: Source,
    private readonly columns: ItemColumns,
  ) {}

  condition(tree: FilterTree): Condition | undefined {
    switch (tree.kind) {
      case 'and':
      case 'or': {
        const terms = tree.terms.map((term) => this.condition(term));
        return { kind: tree.kind, terms: terms.filter((term) => term !== undefined) };
      }
      case 'not': {
        const term = this.condition(tree.term);
        return term && { kind: 'not', term };
      }
      case 'compare':
        return this.compared(tree);
      case 'in': {
        const membership = isList(tree.right)
          ? this.amongValues(tree.left, tree.right)
          : this.inList(tree.left, tree.right);
        return membership && tree.isNot ? { kind: 'not', term: membership } : membership;
      }
      case 'null':
        return this.checkNull(tree);
      case 'alone':
        return this.alone(tree.operand);
    }
  }

  private compared({ by, left, right }: Extract<FilterTree, { kind: 'compare' }>): Condition | undefined {
    const [a, b] = [this.operand(left), this.operand(right)];
    if (!a || !b) return undefined;
    if (a.kind === 'texts' || b.kind === 'texts') {
      const listOperand = a.kind === 'texts' ? left : right;
      const item = a.kind === 'texts' ? right : left;
      const reason = `is a list of texts, which \`${by}\` does not compare`;
      const advice = `search the list: \`${this.textOf(item)} in ${this.textOf(listOperand)}\``;
      return this.report(listOperand, reason, advice);
    }
    if (a.kind === 'number' && b.kind === 'number') return { kind: 'numbers', by, left: a.value, right: b.value };
    if (a.kind === 'text' && b.kind === 'text') return { kind: 'texts', by, left: a.value, right: b.value };
    if (a.kind === 'truth' && b.kind === 'truth') {
      if (by === '=' || by === '!=') return { kind: 'truths', isSame: by === '=', left: a.value, right: b.value };
      return this.report(left, `is true or false, which \`${by}\` does not compare`, 'write `=` or `!=`');
    }
    const reason = `is ${words[a.kind]}, and \`${this.textOf(right)}\` is ${words[b.kind]}`;
    return this.report(left, reason, adviceOf[a.kind]);
  }

  /** `year in (1990, 1991)` */
  private amongValues(left: FilterOperand, list: readonly FilterOperand[]): Condition | undefined {
    const item = this.operand(left);
    const listValues: (TypedOperand | undefined)[] = list.map((operand) => {
      if (operand.kind !== 'name') return this.operand(operand);
      return this.report(operand, 'is a name, and a list has values', `write texts in quotes: \`'${operand.name}'\``);
    });
    if (!item || listValues.includes(undefined)) return undefined;
    if (item.kind === 'texts' || item.kind === 'truth') {
      const advice =
        item.kind === 'texts'
          ? `write a comparison for each value: \`${this.textOf(list[0]!)} in ${this.textOf(left)}\``
          : 'compare it by `=`';
      return this.report(left, `is ${words[item.kind]}, which is in no list of values`, advice);
    }
    const otherKind = listValues.findIndex((value) => value!.kind !== item.kind);
    if (otherKind >= 0) {
      const reason = `is ${words[listValues[otherKind]!.kind]}, and \`${this.textOf(left)}\` is ${words[item.kind]}`;
      return this.report(list[otherKind]!, reason, adviceOf[item.kind]);
    }
    const constants = listValues.map((value) => (value as { readonly value: { readonly value: unknown } }).value.value);
    return item.kind === 'number'
      ? { kind: 'number in', left: item.value, values: new Set(constants as number[]) }
      : { kind: 'text in', left: item.value, values: new Set(constants as string[]) };
  }

  /** `'Drama' in genres` */
  private inList(left: FilterOperand, right: FilterOperand): Condition | undefined {
    const [item, list] = [this.operand(left), this.operand(right)];
    if (!item || !list) return undefined;
    if (list.kind !== 'texts') {
      const advice = `write a list, such as \`${this.textOf(left)} in (${this.textOf(right)})\``;
      return this.report(right, `is ${words[list.kind]}, not a list`, advice);
    }
    if (item.kind === 'text') return { kind: 'text of', left: item.value, list: list.column };
    const reason = `is ${words[item.kind]}, and \`${this.textOf(right)}\` is a list of texts`;
    return this.report(left, reason, 'write a text in quotes');
  }

  private checkNull({ operand, isNot }: Extract<FilterTree, { kind: 'null' }>): Condition | undefined {
    const typedOperand = this.operand(operand);
    if (!typedOperand) return undefined;
    const source = 'column' in typedOperand ? typedOperand : typedOperand.value;
    const column = 'column' in source && source.column;
    if (!column) return this.report(operand, 'is a value, which is never missing', 'name a column');
    const isMissing: Condition = { kind: 'missing', column };
    return isNot ? { kind: 'not', term: isMissing } : isMissing;
  }

  private alone(operand: FilterOperand): Condition | undefined {
    const typedOperand = this.operand(operand);
    if (!typedOperand) return undefined;
    if (typedOperand.kind === 'truth') return { kind: 'truth', value: typedOperand.value };
    const text = this.textOf(operand);
    const { kind } = typedOperand;
    const example = { number: `${text} > 0`, text: `${text} = 'value'`, texts: `'value' in ${text}` }[kind];
    return this.report(operand, `is ${words[kind]}, not a condition`, `compare it, such as \`${example}\``);
  }

  private operand(operand: FilterOperand): TypedOperand | undefined {
    switch (operand.kind) {
      case 'number': {
        const value = numberOf(operand.image);
        if (Number.isFinite(value)) return { kind: 'number', value: { value } };
        return this.report(operand, 'is not a number', 'write digits, such as `1990` or `0.5`');
      }
      case 'text': {
        const value = textOf(operand.image);
        if (value !== undefined) return { kind: 'text', value: { value } };
        return this.report(operand, 'has an unknown escape', "write `\\\\` for a backslash, and `\\'` for a quote");
      }
      case 'truth':
        return { kind: 'truth', value: { value: operand.value } };
      case 'name':
        return this.column(operand);
    }
  }

  private column(operand: Extract<FilterOperand, { kind: 'name' }>): TypedOperand | undefined {
    const { name } = operand;
    const column = this.columns.get(name);
    if (column)
      return column.kind === 'texts'
        ? { kind: 'texts', column }
        : ({ kind: column.kind, value: { column } } as TypedOperand);
    const knownColumns = [...this.columns.keys()];
    const facts = { what: 'column of the items', name, nearest: findNearest(name, knownColumns), known: knownColumns };
    this.mistakes.push(diagnose('unknown-name', this.span(operand), facts));
    return undefined;
  }

  private report(operandSpan: FilterSpan, reason: string, advice: string): undefined {
    const what = `\`${this.textOf(operandSpan)}\``;
    this.mistakes.push(diagnose('filter-type', this.span(operandSpan), { what, reason, advice }));
    return undefined;
  }

  private readonly textOf = ({ start, end }: FilterSpan): string => this.source.text.slice(start, end);
  private readonly span = ({ start, end }: FilterSpan): Span => ({ source: this.source, start, end });
}

const isList = (right: FilterOperand | readonly FilterOperand[]): right is readonly FilterOperand[] =>
  Array.isArray(right);

const adviceOf = {
  number: 'write a number',
  text: "write a text in quotes, such as `'NL'`",
  truth: 'write `true` or `false`',
} as const;

/** Parses `30_000`, `10%`, `-1e-3`; returns NaN if it is no number. */
function numberOf(image: string): number {
  const [, digits, percent] =
    /^(-?[0-9](?:_?[0-9])*(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9]+)?)(%?)$/.exec(image) ?? [];
  return digits === undefined ? Number.NaN : Number(digits.replaceAll('_', '')) / (percent ? 100 : 1);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '"': '"', "'": "'" };

/** Parses a text in quotes; returns undefined for an invalid escape. */
function textOf(image: string): string | undefined {
  let isKnown = true;
  const text = image
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\s\S]))/gu, (_, code?: string, sign?: string) => {
      const codePoint = code === undefined ? undefined : Number.parseInt(code, 16);
      const unescaped =
        codePoint === undefined ? escapes[sign!] : codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;
      isKnown &&= unescaped !== undefined;
      return unescaped ?? '';
    });
  return isKnown ? text : undefined;
}
