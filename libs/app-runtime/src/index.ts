export * from './decorators.js';
export { type ErrorBody, problemBody, toMeshError } from './mesh-exception.filter.js';
export { PolicyModule } from './policy.module.js';
export { Readiness } from './readiness.js';
export { runService } from './run-service.js';
export { type HttpOptions, type ServiceConfig, type ServiceOptions, startService } from './service-host.js';
export * from './tokens.js';
