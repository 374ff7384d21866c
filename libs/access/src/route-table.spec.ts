import 'reflect-metadata';
import { Controller, Get, Module, Put, type Type } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { Access, Public } from './access.decorator.js';
import { RouteTable, routesOf } from './route-table.js';

@Controller('admin/v1/tenants/:tenant/things')
class Declared {
  @Access('reader')
  @Get()
  list() {}

  @Access('author')
  @Put(':id')
  put() {}

  @Public()
  @Get('about')
  about() {}

  helper() {}
}

@Access('admin', { of: 'mesh' })
@Controller('admin/v1/all')
class DeclaredWhole {
  @Get()
  list() {}
}

@Controller('admin/v1/tenants/:tenant/things')
class Planted {
  @Access('reader')
  @Get()
  list() {}

  @Put(':id')
  put() {}
}

@Controller('admin/v1/things')
class OfNoTenant {
  @Access('reader')
  @Get()
  list() {}
}

it('knows every route and who may call it', () => {
  const base = '/admin/v1/tenants/:tenant/things';
  expect([...routesOf(Declared), ...routesOf(DeclaredWhole)]).toEqual([
    { method: 'GET', path: base, access: { role: 'reader', of: 'tenant' } },
    { method: 'PUT', path: `${base}/:id`, access: { role: 'author', of: 'tenant' } },
    { method: 'GET', path: `${base}/about`, access: 'public' },
    { method: 'GET', path: '/admin/v1/all', access: { role: 'admin', of: 'mesh' } },
  ]);
});

it.each([
  [Planted, /Planted\.put \(PUT \/admin\/v1\/tenants\/:tenant\/things\/:id\) declares no @Access/],
  [OfNoTenant, /OfNoTenant\.list .* its path has no :tenant/],
])('refuses a route that does not say who may call it', (controller, message) => {
  expect(() => routesOf(controller)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(() => routesOf(controller)).toThrow(message);
});

@Module({ imports: [DiscoveryModule], controllers: [Declared, Planted], providers: [RouteTable] })
class PlantedModule {}

@Module({ imports: [DiscoveryModule], controllers: [Declared], providers: [RouteTable] })
class DeclaredModule {}

it('lets no app start with such a route', async () => {
  const start = (module: Type) => NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  await expect(start(PlantedModule)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  const app = await start(DeclaredModule);
  const table = app.get(RouteTable);
  expect(table.methodsOf('/admin/v1/tenants/acme/things')).toEqual(['GET', 'HEAD']);
  expect(table.methodsOf('/admin/v1/tenants/acme/things/x')).toEqual(['PUT']);
  expect(table.methodsOf('/admin/v1/other')).toEqual([]);
  await app.close();
});
