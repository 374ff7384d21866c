export { digestOf } from './bearer-key.js';
export { type Agents, type ClientOptions, type RunOptions, type RunView, SignalboxClient } from './client.js';
export { ClientError } from './client-error.js';
export { RunHandle } from './run-handle.js';
