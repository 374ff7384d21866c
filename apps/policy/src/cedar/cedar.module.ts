import { Module } from '@nestjs/common';
import { WasmCedarAdapter } from './adapters/wasm-cedar.adapter.js';
import { CedarPoliciesService } from './cedar-policies.service.js';
import { CedarPort } from './cedar.port.js';

@Module({
  providers: [CedarPoliciesService, { provide: CedarPort, useClass: WasmCedarAdapter }],
  exports: [CedarPoliciesService, CedarPort],
})
export class CedarModule {}
