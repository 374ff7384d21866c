import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { MeshError } from '@signalbox/kernel';
import { ACCESS, type Access } from './access.decorator.js';

// Nest's own names of what its decorators leave.
const PATH = 'path';
const METHOD = 'method';

export interface Route {
  /** `GET` … */
  method: string;
  /** `/admin/v1/tenants/:tenant/…` */
  path: string;
  access: Access;
}

type Handler = (...args: unknown[]) => unknown;

/** Every HTTP route of the app with who may call it. The app does not start while one of them says nothing. */
@Injectable()
export class RouteTable implements OnModuleInit {
  #routes: readonly Route[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    const controllers = this.discovery.getControllers().flatMap(({ metatype }) => metatype ?? []);
    this.#routes = controllers.flatMap((controller) => routesOf(controller as Handler));
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** The methods that a path takes; HEAD goes with GET. */
  methodsOf(url: string): string[] {
    const wanted = url.split('/').filter(Boolean);
    const found = this.#routes.filter(({ method, path }) => {
      const parts = path.split('/').filter(Boolean);
      const fits = parts.every((part, at) => part.startsWith(':') || part === wanted[at]);
      return method !== 'ALL' && parts.length === wanted.length && fits;
    });
    const methods = new Set(found.map(({ method }) => method));
    return [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].toSorted();
  }
}

/** The routes of a controller; CONFIG_INVALID for one that declares no access, or a tenant that its path does not have. */
export function routesOf(controller: { name: string; prototype: unknown }): Route[] {
  const base = pathsOf(controller);
  const methods = Object.getOwnPropertyDescriptors(controller.prototype as object);
  return Object.entries(methods).flatMap(([name, { value }]) => {
    if (typeof value !== 'function' || !Reflect.hasMetadata(METHOD, value)) return [];
    const handler = value as Handler;
    const access = (Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, controller)) as
      | Access
      | undefined;
    const method = RequestMethod[Reflect.getMetadata(METHOD, handler) as RequestMethod];
    return base.flatMap((prefix) =>
      pathsOf(handler).map((own) => {
        const path = `/${[prefix, own].flatMap((part) => part.split('/').filter(Boolean)).join('/')}`;
        if (!access) throw faulty(`${controller.name}.${name} (${method} ${path}) declares no @Access.`);
        if (access !== 'public' && access.of === 'tenant' && !path.split('/').includes(':tenant'))
          throw faulty(`${controller.name}.${name} (${method} ${path}) is of a tenant, but its path has no :tenant.`);
        return { method, path, access };
      }),
    );
  });
}

const pathsOf = (target: object): string[] => [(Reflect.getMetadata(PATH, target) ?? '') as string | string[]].flat();

function faulty(text: string): MeshError {
  return new MeshError('CONFIG_INVALID', text);
}
