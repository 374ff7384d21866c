import { Module } from '@nestjs/common';
import { BundlesModule } from '../bundles/bundles.module.js';
import { CedarModule } from '../cedar/cedar.module.js';
import { HistoryController } from '../history/history.controller.js';
import { HistoryService } from '../history/history.service.js';
import { StorageModule } from '../storage/storage.module.js';
import { TestsController } from '../tests/tests.controller.js';
import { BusChangeNotes } from './adapters/bus-change-notes.adapter.js';
import { ChangeSets } from './change-sets.service.js';
import { DraftsController } from './drafts.controller.js';
import { DraftsService } from './drafts.service.js';
import { DraftJudging } from './judging.service.js';
import { ChangeNotes } from './notes.port.js';
import { ReviewController } from './review.controller.js';

@Module({
  imports: [StorageModule, BundlesModule, CedarModule],
  controllers: [DraftsController, ReviewController, HistoryController, TestsController],
  providers: [
    ChangeSets,
    DraftsService,
    DraftJudging,
    HistoryService,
    { provide: ChangeNotes, useClass: BusChangeNotes },
  ],
  exports: [ChangeSets, DraftsService, DraftJudging, HistoryService, ChangeNotes],
})
export class DraftsModule {}
