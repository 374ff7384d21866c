import { type DynamicModule, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { CallInterceptor } from './call.interceptor.js';
import { Callers } from './callers.js';
import { OidcTokens } from './oidc-tokens.js';
import { PrincipalsPort } from './principals.port.js';
import { RouteTable } from './route-table.js';
import { UnknownRouteController } from './unknown-route.controller.js';

/** Roles for every HTTP route of the app. */
@Module({})
export class AccessModule {
  /** `principals`: where callers are known; what it needs comes from `imports`. */
  static with(principals: Type<PrincipalsPort>, imports: ModuleMetadata['imports'] = []): DynamicModule {
    return {
      module: AccessModule,
      global: true,
      imports: [DiscoveryModule, ...imports],
      controllers: [UnknownRouteController],
      providers: [
        Callers,
        OidcTokens,
        RouteTable,
        { provide: PrincipalsPort, useClass: principals },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: CallInterceptor },
      ],
      exports: [RouteTable, PrincipalsPort],
    };
  }
}
