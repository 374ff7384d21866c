import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import type { AdminPrincipal, VaultStateV1 } from '@signalbox/contracts';
import { z } from 'zod';
import { idFrom, tenantFrom } from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import { VaultPort } from './vault.port.js';

export const RotationRequest = z.object({
  /** Make a new key, unless an earlier change is not done; false: only go on. */
  begin: z.boolean().default(true),
});

/** Keys of the vault and the erasure of users. No value comes out here. */
@Controller('admin/v1/tenants/:tenant/vault')
export class VaultController {
  constructor(private readonly vault: VaultPort) {}

  @Access('reader')
  @Get()
  state(@Param('tenant') tenant: string): Promise<VaultStateV1> {
    return this.vault.ask({ ask: 'state', tenant: tenantFrom(tenant) });
  }

  /** One part of a change of the tenant's key; `left` says how much is still to do. */
  @Access('admin')
  @HttpCode(200)
  @Post('rotation')
  rotate(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Caller() { id: by }: AdminPrincipal,
  ): Promise<VaultStateV1> {
    const { begin } = strictInput(RotationRequest, body ?? {});
    return this.vault.ask({ ask: 'rotate', tenant: tenantFrom(tenant), begin, by });
  }

  @Access('admin')
  @Delete('subjects/:subject')
  erase(
    @Param('tenant') tenant: string,
    @Param('subject') subject: string,
    @Caller() { id: by }: AdminPrincipal,
  ): Promise<VaultStateV1> {
    return this.vault.ask({ ask: 'erase', tenant: tenantFrom(tenant), subject: idFrom(subject), by });
  }
}
