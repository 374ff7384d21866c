import type { Route } from '@signalbox/access';
import { always, type Json, parameter } from './openapi-parts.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const segments = (path: string): string[] => path.split('/').filter(Boolean);
const isParameter = (segment: string): boolean => segment.startsWith(':');

/** The route that answers at a described path: of those that fit, the one with the most fixed segments. */
function routeAt(routes: readonly Route[], method: string, path: string): Route | undefined {
  const wanted = segments(path);
  const fits = ({ method: own, path: pattern }: Route): boolean => {
    const parts = segments(pattern);
    return (
      own === method.toUpperCase() &&
      parts.length === wanted.length &&
      parts.every((part, at) => isParameter(part) || part === wanted[at])
    );
  };
  const fixed = ({ path: pattern }: Route): number => segments(pattern).filter((part) => !isParameter(part)).length;
  return routes.filter(fits).toSorted((a, b) => fixed(b) - fixed(a))[0];
}

/**
 * The document with who may call each operation (`x-signalbox-access`: `public`, or `<role> <of>`), as the routes
 * themselves declare it. What nobody described is in it too, marked `x-signalbox-undescribed`.
 */
export function describedAccess(document: Json, routes: readonly Route[]): Json {
  const live = routes.filter(({ method }) => method !== 'ALL');
  const seen = new Set<Route>();
  const paths = structuredClone(document['paths']) as Record<string, Record<string, Json>>;
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of METHODS.filter((name) => operations[name])) {
      const route = routeAt(live, method, path);
      if (!route) continue;
      seen.add(route);
      Object.assign(operations[method]!, accessOf(route));
    }
  }
  for (const route of live) {
    if (seen.has(route)) continue;
    const names = segments(route.path)
      .filter(isParameter)
      .map((part) => part.slice(1));
    const path = `/${segments(route.path)
      .map((part) => (isParameter(part) ? `{${part.slice(1)}}` : part))
      .join('/')}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      operationId: `${route.method} ${path}`,
      parameters: names.map((name) => parameter(name, 'path', { type: 'string' }, name)),
      responses: always,
      'x-signalbox-undescribed': true,
      ...accessOf(route),
    };
  }
  return { ...document, paths };
}

function accessOf({ access }: Route): Json {
  if (access === 'public') return { 'x-signalbox-access': 'public', security: [] };
  return { 'x-signalbox-access': `${access.role} ${access.of}` };
}
