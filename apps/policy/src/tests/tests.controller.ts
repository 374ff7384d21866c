import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { tenantFrom } from '../admin/http.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { PolicyRepository } from '../storage/policy.repository.js';
import { runTests, type TestResult } from './run-tests.js';

/** Runs the tests of a tenant's policies against what is in force. */
@Controller('admin/v1/tenants/:tenant/tests')
export class TestsController {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
  ) {}

  @Access('reader')
  @Post('run')
  @HttpCode(200)
  async run(@Param('tenant') tenantName: string): Promise<{ passed: boolean; results: TestResult[] }> {
    const tenant = tenantFrom(tenantName);
    const policy = await this.repository.change(tenant, (transaction) => transaction.policy());
    const results = runTests(this.issuer.compiled(tenant, policy), policy.tests, policy.tools);
    return { passed: results.every(({ ok }) => ok), results };
  }
}
