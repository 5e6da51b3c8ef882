/** Corrects one mistake: by what is known of habits, or by a search for the one change after which all reads. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import { defined } from '../../base/util/defined.ts';
import { bracketMistake, unmatched, withoutUnmatched } from './brackets.ts';
import { type CommonErrorRule, habits, steps } from './known_mistakes.ts';
import { namesEnd } from './layout.ts';
import type { EntryRule, ParseError } from './parsers.ts';
import { repair } from './repair.ts';
import {
  type CorrectedTokens,
  missingPart,
  missingSign,
  needless,
  type ParseStop,
  swapped,
  wrongSign,
} from './sign_mistakes.ts';

/**
 * The first correction that knows this mistake: one that is a habit, else the one change after which all reads, else the change that
 * lets reading go on.
 * @param whole what the tokens are to be read by
 */
export function correct(
  source: Source,
  tokens: readonly IToken[],
  complaint: ParseError,
  whole: 'declaration' | EntryRule,
): CorrectedTokens | undefined {
  const { index } = complaint;
  const place: ParseStop = { ...complaint, source, tokens, here: tokens[index], previous: tokens[index - 1] };
  const habit = first(habits, place);
  if (habit) return habit;
  // `a, b` alone: what the names are was not written, and no sign that is changed says it.
  if (whole === 'typedEntry' && place.here === undefined && namesEnd(tokens, 0) === tokens.length) return undefined;
  return searched(place, whole) ?? withoutUnmatched(place) ?? first(steps, place);
}

function first(known: readonly CommonErrorRule[], place: ParseStop): CorrectedTokens | undefined {
  for (const one of known) {
    const corrected = one(place);
    if (corrected) return corrected;
  }
  return undefined;
}

/** The one change after which all of it reads. */
function searched(place: ParseStop, whole: 'declaration' | EntryRule): CorrectedTokens | undefined {
  const { source, tokens, rule } = place;
  const found = repair(whole, tokens, place);
  if (found === undefined) return undefined;
  const { change, index } = found;
  const odd = unmatched(tokens);
  if (odd) return { diagnostic: bracketMistake(place, odd, found), tokens: found.tokens };
  const [here, previous] = [tokens[index], tokens[index - 1]];
  const diagnostic = (): Diagnostic | undefined => {
    switch (change.kind) {
      case 'insert':
        if (change.type === t.Name) return missingPart(place, index);
        return found.certain ? missingSign({ ...place, index, here, previous }, change.type) : undefined;
      case 'remove':
        return found.certain ? needless(source, here!) : undefined;
      case 'replace':
        return found.certain ? wrongSign(source, here!, change.type, rule) : undefined;
      case 'swap':
        return found.certain ? swapped(source, here!, tokens[index + 1]!) : undefined;
    }
  };
  const said = diagnostic();
  return { ...defined({ diagnostic: said }), tokens: found.tokens };
}
