export { freePort, waitFor, type WaitOptions } from '@signalbox/local-servers';
export { LossyLine } from './lossy-line.js';
export { startNats, type TestNats, type TestNatsOptions } from './nats.js';
export { startPostgres, type TestPostgres } from './postgres.js';
export { startRecogniser, type TestRecogniser } from './recogniser.js';
export { startMesh, type TestMesh, type TestMeshOptions } from './start-mesh.js';
export { testFolder } from './test-folder.js';
export { unpackRun } from './unpack-run.js';
