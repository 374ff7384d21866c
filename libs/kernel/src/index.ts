export * from './backoff.js';
export * from './canonical-json.js';
export * from './config.js';
export * from './ids.js';
export * from './json-pointer.js';
export * from './mesh-error.js';
export * from './semaphore.js';
export * from './validate.js';
