/** What a server says that has no time for a request. */
import { diagnose } from '../diagnostics/diagnose.ts';
import { type Refused, refused } from './refused.ts';

/** Seconds after which a refused client may try again. */
export const retrySeconds = 1;

export const busy = (reason: string): Refused =>
  refused(503, diagnose('server-busy', undefined, { reason, seconds: retrySeconds }), '', {
    'retry-after': String(retrySeconds),
  });

/** Made once: a server that refuses has no time for words. */
export const overload: Refused = busy('it has more requests than it can answer');
