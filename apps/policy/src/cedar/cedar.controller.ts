import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { idFrom, tenantFrom } from '../admin/http.js';
import { DefinitionsService } from '../definitions/definitions.service.js';
import { CedarPoliciesService } from './cedar-policies.service.js';

/** What authors of Cedar policies need beside the policies themselves. */
@Controller('admin/v1/tenants/:tenant')
export class CedarController {
  constructor(
    private readonly policies: CedarPoliciesService,
    private readonly definitions: DefinitionsService,
  ) {}

  /** The Cedar schema of calls of a tool, for editors and Cedar's own tools. */
  @Access('reader')
  @Get('tools/:id/cedar-schema')
  async schema(@Param('tenant') tenant: string, @Param('id') id: string): Promise<{ schema: string }> {
    const { definition } = await this.definitions.get(tenantFrom(tenant), 'tools', idFrom(id));
    return { schema: this.policies.schemaText(definition) };
  }

  /** Whether a policy could be put as it is; nothing is changed. */
  @Access('reader')
  @Post('policies/:id/validate')
  @HttpCode(200)
  async validate(
    @Param('tenant') tenant: string,
    @Param('id') idName: string,
    @Body() body: unknown,
  ): Promise<{ valid: true }> {
    const id = idFrom(idName);
    await this.definitions.assertFit(tenantFrom(tenant), 'policies', this.policies.author(id, body));
    return { valid: true };
  }
}
