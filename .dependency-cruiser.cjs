/** Who may import whom (CONVENTIONS). The table of libraries is tools/boundaries.json. */
const { libraries } = require('./tools/boundaries.json');

const SPEC = '\\.(spec|fixture)\\.ts$';
const PURE = '^libs/(contracts|kernel|run-engine|policy-engine|privacy)/';

/** A package of the registry, wherever npm put it, or by its bare name when it is not installed. */
const npm = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const mayImport = Object.entries(libraries).map(([lib, allowed]) =>
  rule(
    `lib-${lib}`,
    `libs/${lib} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
    { path: `^libs/${lib}/`, pathNot: SPEC },
    { path: '^libs/', pathNot: `^libs/(${[lib, ...allowed].join('|')})/` },
  ),
);

module.exports = {
  forbidden: [
    ...mayImport,
    rule(
      'no-cycle',
      'Cycles of decorated classes crash in built ESM; types alone leave nothing behind',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule('no-unresolved', 'An import that leads nowhere', {}, { couldNotResolve: true }),
    rule(
      'no-app-to-app',
      'Apps talk over the bus',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    rule('no-lib-to-app', 'A library knows no app', { path: '^libs/' }, { path: '^apps/' }),
    rule(
      'nats-only-in-bus',
      'Only the bus and the client speak to NATS',
      { path: '^(apps|libs)/', pathNot: `^libs/(bus|client|testing)/|${SPEC}` },
      { path: npm('@nats-io') },
    ),
    rule(
      'no-nest-in-pure',
      'Pure libraries, bus and client know no framework',
      { path: `${PURE}|^libs/(bus|client)/`, pathNot: SPEC },
      { path: npm('@nestjs') },
    ),
    rule(
      'sql-only-in-adapters',
      'Only persistence, entities and Postgres adapters know the database; local-servers administers it',
      {
        path: '^(apps|libs)/',
        pathNot: `^libs/(persistence|local-servers)/|^apps/.*/(adapters/postgres|entities/|migrations/)|${SPEC}`,
      },
      { path: npm('typeorm', 'pg', '@types/pg', '@nestjs/typeorm') },
    ),
    rule(
      'opossum-only-in-resilience',
      'One circuit breaker',
      { pathNot: '^libs/resilience/' },
      { path: npm('opossum', '@types/opossum') },
    ),
    rule('qdrant-only-in-memory', 'One vector store', { pathNot: '^apps/memory/' }, { path: npm('@qdrant') }),
    rule(
      'contracts-zod-only',
      'Contracts depend on zod alone',
      { path: '^libs/contracts/', pathNot: SPEC },
      { path: 'node_modules/', pathNot: npm('zod') },
    ),
    rule(
      'pure-without-io',
      'Pure libraries do no I/O',
      { path: '^libs/(contracts|run-engine|policy-engine|privacy)/', pathNot: SPEC },
      { path: '^(node:)?(fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads)(/|$)' },
    ),
    rule(
      'testing-only-from-specs',
      'Test servers stay out of the product',
      { path: '^(apps|libs)/', pathNot: `^libs/(testing|local-servers)/|${SPEC}` },
      { path: '^libs/(testing|local-servers)/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The peers of benchmarks are projects of their own, installed on demand.
    exclude: { path: '^(apps|libs)/[^/]+/dist/|^tools/bench/peers/[^/]+/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@signalbox/source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
