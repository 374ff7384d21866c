import { Module } from '@nestjs/common';
import { PostgresAdminKeysAdapter } from '../admin-keys/adapters/postgres-admin-keys.adapter.js';
import { AdminKeysController } from '../admin-keys/admin-keys.controller.js';
import { AdminKeysPort } from '../admin-keys/admin-keys.port.js';
import { AdminKeysService } from '../admin-keys/admin-keys.service.js';
import { StorageModule } from '../storage/storage.module.js';
import { PostgresUsersAdapter } from '../users/adapters/postgres-users.adapter.js';
import { UsersController } from '../users/users.controller.js';
import { UsersPort } from '../users/users.port.js';
import { UsersService } from '../users/users.service.js';
import { CallersHandler } from './callers.handler.js';
import { WhoamiController } from './whoami.controller.js';

/** Who may call the admin APIs beside the owner: admin keys and users. */
@Module({
  imports: [StorageModule],
  controllers: [AdminKeysController, UsersController, WhoamiController, CallersHandler],
  providers: [
    AdminKeysService,
    UsersService,
    { provide: AdminKeysPort, useClass: PostgresAdminKeysAdapter },
    { provide: UsersPort, useClass: PostgresUsersAdapter },
  ],
  exports: [AdminKeysPort, UsersPort],
})
export class CallersModule {}
