import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Libraries are read from their sources, so that no build has to come before a test. Files of a worker share what they
 * import (`isolate: false`): to load it for each took a sixth of the time of the integration specs.
 */
const conditions = ['@signalbox/source', ...defaultServerConditions];

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // Stated here because the projects' tsconfig files leave out specs, whose decorators Nest and TypeORM read too.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
};

const everywhere = ['apps/*/src/**', 'libs/*/src/**', 'tools/**'];
const inFolders = (suffix: string): string[] => everywhere.map((folder) => `${folder}/*${suffix}`);

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: inFolders('.spec.ts'),
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.int.spec.ts', '**/*.e2e.spec.ts'],
          testTimeout: 30_000,
          isolate: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: inFolders('.int.spec.ts'),
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          maxWorkers: 2,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['e2e/**/*.e2e.spec.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          fileParallelism: false,
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
