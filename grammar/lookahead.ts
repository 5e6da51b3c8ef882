/** Lookahead that is worked out when a rule is first read: Chevrotain's own is worked out for all rules at each start. */
import { type ILookaheadStrategy, LLkLookaheadStrategy } from 'chevrotain';

type Lookahead = (this: unknown, ...args: unknown[]) => unknown;

/** Calls what `make` gives, which is asked for at the first call. */
function onFirstCall(make: () => unknown): never {
  let made: Lookahead | undefined;
  const lookahead: Lookahead = function (...args) {
    made ??= make() as Lookahead;
    return made.apply(this, args);
  };
  return lookahead as never;
}

export class LazyLookahead extends LLkLookaheadStrategy {
  override buildLookaheadForAlternation(options: Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]) {
    return onFirstCall(() => super.buildLookaheadForAlternation(options));
  }

  override buildLookaheadForOptional(options: Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0]) {
    return onFirstCall(() => super.buildLookaheadForOptional(options));
  }
}
