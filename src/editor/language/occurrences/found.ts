/** The occurrences that are found so far, and the names that they are looked up among. */
import type { Span } from '../../../base/text/source.ts';
import type { Resolution } from '../../../compiler/model/resolution.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { type LookupKind, type NamedSymbol, Symbols } from '../symbols.ts';
import type { Meaning, Occurrence } from './occurrence.ts';

export class Found {
  readonly all: Occurrence[] = [];
  readonly symbols: Symbols;

  constructor(resolution: Resolution) {
    this.symbols = new Symbols(resolution);
  }

  add(span: Span, meaning: Meaning): void {
    this.all.push({ span, ...meaning });
  }

  declare(symbol: NamedSymbol): void {
    this.add(symbol.span, { is: 'symbol', symbol, declares: true });
  }

  read(span: Span, symbol: NamedSymbol): void {
    this.add(span, { is: 'symbol', symbol, declares: false });
  }

  /** A name that is read, where something of one of these kinds has it. */
  name({ name, span }: Ast.IdentifierNode, ...kinds: readonly LookupKind[]): void {
    const symbol = this.symbols.find(name, ...kinds);
    if (symbol) this.read(span, symbol);
  }
}
