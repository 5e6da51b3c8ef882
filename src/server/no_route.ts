/** Refuses what no route takes, before anything that another moment might change: a client that waits as 503 says would wait for nothing. */
import { diagnose } from '../diagnostics/diagnose.ts';
import { isForeign } from './protocols/error_text.ts';
import { type Refused, refused } from './refused.ts';
import { methodsOf, routeNames } from './routes.ts';

/** 405 with the methods of the path, or 404. */
export function noRoute({ method, url }: { readonly method: string; readonly url: string }): Refused {
  const path = pathIn(url);
  const allowed = methodsOf(path);
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  const mistake = diagnose('request-route', undefined, { method, path: shown, routes: routeNames(isForeign(url)) });
  return allowed.length > 0 ? refused(405, mistake, '', { allow: allowed.join(', ') }) : refused(404, mistake);
}

/** Whether a route takes the request. What GET takes, HEAD does. */
export const hasRoute = (method: string, url: string): boolean =>
  methodsOf(pathIn(url)).includes(method === 'HEAD' ? 'GET' : method);

const pathIn = (url: string): string => url.split('?')[0]!;
