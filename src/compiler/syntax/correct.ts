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
  const parseStop: ParseStop = { ...complaint, source, tokens, here: tokens[index], previous: tokens[index - 1] };
  const habitCorrection = first(habits, parseStop);
  if (habitCorrection) return habitCorrection;
  // `a, b` alone: what the names are was not written, and no sign that is changed says it.
  if (whole === 'typedEntry' && parseStop.here === undefined && namesEnd(tokens, 0) === tokens.length) return undefined;
  return searched(parseStop, whole) ?? withoutUnmatched(parseStop) ?? first(steps, parseStop);
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
  const foundRepair = repair(whole, tokens, place);
  if (foundRepair === undefined) return undefined;
  const { change, index } = foundRepair;
  const unmatchedBracket = unmatched(tokens);
  if (unmatchedBracket)
    return { diagnostic: bracketMistake(place, unmatchedBracket, foundRepair), tokens: foundRepair.tokens };
  const [here, previous] = [tokens[index], tokens[index - 1]];
  const describeChange = (): Diagnostic | undefined => {
    switch (change.kind) {
      case 'insert':
        if (change.type === t.Name) return missingPart(place, index);
        return foundRepair.certain ? missingSign({ ...place, index, here, previous }, change.type) : undefined;
      case 'remove':
        return foundRepair.certain ? needless(source, here!) : undefined;
      case 'replace':
        return foundRepair.certain ? wrongSign(source, here!, change.type, rule) : undefined;
      case 'swap':
        return foundRepair.certain ? swapped(source, here!, tokens[index + 1]!) : undefined;
    }
  };
  const changeDiagnostic = describeChange();
  return { ...defined({ diagnostic: changeDiagnostic }), tokens: foundRepair.tokens };
}
