/** The routes: what the server registers, what `/openapi.json` lists, and what a message about an unknown route names. */
import { type ProtocolRouteName, protocolRoutes } from './protocols/routes.ts';
import type { Route } from './route.ts';

export type { Route } from './route.ts';

export const routes = {
  recommend: {
    method: 'POST',
    path: '/v1/recommend',
    summary: 'Recommend items for a user, for feature values, or for a vector.',
    body: 'Recommend',
    gated: true,
    answer: 'Recommended',
  },
  similar: {
    method: 'POST',
    path: '/v1/similar',
    summary: 'Find the items near an item.',
    body: 'Similar',
    gated: true,
    answer: 'Similars',
  },
  users: {
    method: 'GET',
    path: '/v1/users',
    summary: 'Find users by the beginning of their keys.',
    query: 'Users',
    answer: 'Found',
  },
  about: {
    method: 'GET',
    path: '/v1/about',
    summary: 'Say what the model takes and gives: features, tasks, columns.',
    answer: 'About',
  },
  findItems: {
    method: 'GET',
    path: '/v1/items',
    summary: 'Find items by what their titles contain.',
    query: 'Search',
    answer: 'FoundItems',
  },
  putItem: {
    method: 'PUT',
    path: '/v1/items/{key}',
    summary: 'Add an item, or change it.',
    writes: 'Item',
    answer: 'Written',
  },
  deleteItem: {
    method: 'DELETE',
    path: '/v1/items/{key}',
    summary: 'Delete an item.',
    writes: 'nothing',
    answer: 'Written',
  },
  writeItems: {
    method: 'POST',
    path: '/v1/items',
    summary: 'Write several items: all of them, or none.',
    writes: 'Write',
    answer: 'Written',
  },
  page: {
    method: 'GET',
    path: '/',
    summary: 'Show a page to try the model in.',
    media: 'text/html',
    open: true,
  },
  versions: { method: 'GET', path: '/v1/versions', summary: 'Say which versions answer.', answer: 'Versions' },
  promote: {
    method: 'POST',
    path: '/v1/versions/promote',
    summary: 'Let the canary answer everything.',
    change: 'Change',
    answer: 'Versions',
  },
  rollback: {
    method: 'POST',
    path: '/v1/versions/rollback',
    summary: 'Remove the canary, or go back to the version before.',
    change: 'Change',
    answer: 'Versions',
  },
  share: {
    method: 'POST',
    path: '/v1/versions/share',
    summary: 'Set the share of the questions that the canary answers.',
    change: 'Share',
    answer: 'Versions',
  },
  health: {
    method: 'GET',
    path: '/healthz',
    summary: 'Say that the process runs.',
    answer: 'State',
    open: true,
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    summary: 'Say whether requests are answered: 503 while the server starts, and when it stops.',
    answer: 'State',
    open: true,
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Give the metrics in the text format of Prometheus.',
    media: 'text/plain',
  },
  openapi: { method: 'GET', path: '/openapi.json', summary: 'Give this description.' },
  ...protocolRoutes,
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;
/** Of Tower itself. */
export type OwnRouteName = Exclude<RouteName, ProtocolRouteName>;
export const routeList = Object.entries(routes) as unknown as readonly (readonly [RouteName, Route])[];

/** A path as fastify reads it. A parameter before a colon ends there. */
export const urlOf = (path: string): string =>
  path.replace(/\{(\w+)\}:/g, ':$1([^:/]+)::').replace(/\{(\w+)\}/g, ':$1');

/** Routes whose bodies pass the gate, as fastify reads them. All of them are asked by POST. */
const gatedUrls: ReadonlySet<string> = new Set(routeList.flatMap(([, { path, gated }]) => (gated ? urlOf(path) : [])));

export const isGated = (method: string | undefined, url: string): boolean => method === 'POST' && gatedUrls.has(url);

const paths = new Map(routeList.map(([, { path }]) => [urlOf(path), path]));
/** A path of fastify as the table has it. */
export const pathOf = (url: string): string => paths.get(url) ?? url;

const foreignNames = new Set(Object.keys(protocolRoutes));
/** As a message names them: those of Tower, or those of the protocols of others. */
export const routeNames = (isForeign: boolean): readonly string[] =>
  routeList.filter(([name]) => foreignNames.has(name) === isForeign).map(([, { method, path }]) => `${method} ${path}`);

/** Methods of the routes that a path fits. */
export const methodsOf = (path: string): readonly string[] =>
  routeList.filter(([, route]) => patternOf(route.path).test(path)).map(([, { method }]) => method);

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace('{key}', '[^/]+')
      .replace(/\{\w+\}/g, '[^/:]+')}$`,
  );
