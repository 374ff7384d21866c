import { Module } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { BubblewrapSandbox, Sandbox } from '@signalbox/sandbox';
import type { ToolRunnerConfig } from '../config.js';
import { CodeToolDriver } from './adapters/code.driver.js';
import { HttpToolDriver } from './adapters/http.driver.js';
import { DriversService } from './drivers.service.js';
import { SandboxKeeper } from './sandbox-keeper.js';

const makeSandbox = (config: ToolRunnerConfig): Sandbox =>
  new BubblewrapSandbox({
    ...(config.bwrap === undefined ? {} : { bwrapPath: config.bwrap }),
    fileRoots: [config.filesDir],
    runsMax: config.sandboxesMax,
  });

@Module({
  providers: [
    { provide: Sandbox, useFactory: makeSandbox, inject: [CONFIG] },
    SandboxKeeper,
    CodeToolDriver,
    HttpToolDriver,
    DriversService,
  ],
  exports: [DriversService],
})
export class DriversModule {}
