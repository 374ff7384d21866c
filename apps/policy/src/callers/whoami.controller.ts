import { Controller, Get } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';

/** Tells callers who they are taken for. */
@Controller('admin/v1/whoami')
export class WhoamiController {
  @Access('reader', { of: 'any' })
  @Get()
  whoami(@Caller() caller: AdminPrincipal): AdminPrincipal {
    return caller;
  }
}
