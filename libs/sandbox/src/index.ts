export { BubblewrapSandbox } from './bubblewrap/bubblewrap.sandbox.js';
export type { BubblewrapOptions } from './bubblewrap/options.js';
export * from './sandbox.port.js';
