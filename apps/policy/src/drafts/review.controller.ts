import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { MeshError } from '@signalbox/kernel';
import { tenantFrom } from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import { PolicyRepository, type Review } from '../storage/policy.repository.js';
import { callerId } from './caller-id.js';
import { ReviewSettings } from './change-input.js';
import { ChangeNotes } from './notes.port.js';
import { assertDirect } from './review.js';

/** Whether changes take two persons. Asking for it is one person's to do, taking it back is not. */
@Controller('admin/v1/tenants/:tenant/review')
export class ReviewController {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly notes: ChangeNotes,
  ) {}

  @Access('reader')
  @Get()
  async get(@Param('tenant') name: string): Promise<Review> {
    const tenant = tenantFrom(name);
    const { definition, revision } = await this.repository.review(tenant);
    if (revision === 0 && !(await this.repository.hasTenant(tenant)))
      throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
    return definition;
  }

  @Access('admin')
  @Put()
  async put(@Param('tenant') name: string, @Body() body: unknown): Promise<Review> {
    const tenant = tenantFrom(name);
    const wanted = strictInput(ReviewSettings, body);
    const isChanged = await this.repository.change(tenant, async (transaction) => {
      const before = await transaction.review();
      if (before.definition.twoPersons === wanted.twoPersons) return false;
      await assertDirect(transaction, 'review');
      await transaction.putReview(wanted, Math.max(transaction.version, 1));
      return true;
    });
    if (isChanged) this.notes.tell(tenant, 'policy-review', { by: callerId(), twoPersons: wanted.twoPersons });
    return wanted;
  }
}
