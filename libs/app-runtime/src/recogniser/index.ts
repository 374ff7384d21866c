export { recogniserConfig, type RecogniserConfig } from './recogniser-config.js';
export { type ModelFinding, ModelRecogniserPort, NoModelRecogniser } from './recogniser.port.js';
export { RecogniserModule } from './recogniser.module.js';
