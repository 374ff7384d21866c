import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { CallInterceptor } from './call.interceptor.js';
import { Callers } from './callers.js';
import { RouteTable } from './route-table.js';

/** Roles for every HTTP route of the app. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    Callers,
    RouteTable,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: CallInterceptor },
  ],
  exports: [RouteTable],
})
export class AccessModule {}
