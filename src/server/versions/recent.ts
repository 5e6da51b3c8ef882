/** The latest bodies that were answered, in memory alone: what a new version is warmed up with before it answers others. */
export type AskedRoute = 'recommend' | 'similar';

export interface RecentBody {
  readonly route: AskedRoute;
  readonly body: object;
}

export interface Recent {
  /** @param bytes of the whole body; a long one is not kept */
  add(route: AskedRoute, body: object, bytes: number): void;
  /** The oldest first. */
  all(): readonly RecentBody[];
}

const mostBodies = 64;
const mostBytes = 16_384;

export function makeRecent(most = mostBodies): Recent {
  const ring: RecentBody[] = [];
  let next = 0;
  return {
    add(route, body, bytes) {
      if (bytes > mostBytes) return;
      ring[next] = { route, body };
      next = (next + 1) % most;
    },
    all: () => [...ring.slice(next), ...ring.slice(0, next)],
  };
}
