/** Everything the editor asks of one checked file, each worked out when it is first asked. */
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import type { Source } from '../../base/text/source.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import { type Costs, costsOf } from './costs.ts';
import type { Occurrence } from './occurrences/occurrence.ts';
import { findOccurrences } from './occurrences.ts';
import { arrowsOf } from './shapes.ts';

export class FileAnalysis {
  readonly source: Source;
  #occurrences: readonly Occurrence[] | undefined;
  #arrows: readonly Arrow[] | undefined;
  #lexed: LexedText | undefined;
  #costs: Costs | undefined;
  #ending: ReadonlyMap<number, string> | undefined;
  #starting: ReadonlyMap<number, string> | undefined;

  constructor(readonly checked: CheckResult) {
    this.source = checked.file.span.source;
  }

  /** Of this file and of what it brings into scope, by place. */
  get occurrences(): readonly Occurrence[] {
    return (this.#occurrences ??= findOccurrences(this.checked.resolution));
  }

  /** What each source and step of a flow carries, wherever that is valid. */
  get arrows(): readonly Arrow[] {
    return (this.#arrows ??= arrowsOf(this.checked));
  }

  /** What ends at an offset of this file, once for each type: several where flows of several types go through one block. */
  arrowsEnding(offset: number): readonly Arrow[] {
    const here = this.arrows.filter(({ span }) => span.source === this.source && span.end === offset);
    return [...new Map(here.map((arrow) => [printValueType(arrow.type), arrow])).values()];
  }

  /** The type of what ends, or begins, at an offset of this file; several where flows of several types go through one block. */
  typeEnding(offset: number): string | undefined {
    return (this.#ending ??= this.#types('end')).get(offset);
  }

  typeStarting(offset: number): string | undefined {
    return (this.#starting ??= this.#types('start')).get(offset);
  }

  #types(side: 'start' | 'end'): ReadonlyMap<number, string> {
    const types = new Map<number, Set<string>>();
    for (const { span, type } of this.arrows) {
      if (span.source !== this.source) continue;
      const known = types.get(span[side]);
      if (known) known.add(printValueType(type));
      else types.set(span[side], new Set([printValueType(type)]));
    }
    return new Map([...types].map(([offset, all]) => [offset, [...all].join(' or ')]));
  }

  /** What towers, channels and steps weigh and cost. */
  get costs(): Costs {
    return (this.#costs ??= costsOf(this.checked));
  }

  get lexed(): LexedText {
    return (this.#lexed ??= lex(this.source.text));
  }
}
