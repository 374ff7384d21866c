export { AdminGuard } from './admin.guard.js';
export * from './decorators.js';
export { type ErrorBody, problemBody, toMeshError } from './mesh-exception.filter.js';
export { PolicyModule } from './policy.module.js';
export * from './run-service.js';
export * from './tokens.js';
