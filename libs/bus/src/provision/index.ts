/** The second face of the bus: what the one-shot provisioner and the test mesh use, and no service. */
export { type ConsumerState, consumerState } from './consumer-state.js';
export { type KeysReport, makeKeys } from './make-keys.js';
export { type ProvisionedItem, type ProvisionOptions, type ProvisionReport, provision } from './provision.js';
export { type RenderOptions, renderServer } from './render-server.js';
export { resizeStream } from './resize-stream.js';
export { type Attempt, selfTest, type SelfTestOptions, type SelfTestReport } from './self-test.js';
export { type Tap, type Tapped, tapCore, tapGate, tapInboxes } from './tap.js';
export { connectTenant, type ServerAccess } from './user-connection.js';
