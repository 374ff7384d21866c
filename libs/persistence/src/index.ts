export { createDataSource, type DatabaseLogger, type DatabaseOptions } from './data-source.js';
export { Database } from './database.js';
export { storeError } from './store-error.js';
