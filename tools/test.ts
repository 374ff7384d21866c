/**
 * `npm test`: unit, integration and end-to-end specs on real servers. Arguments go to vitest:
 * `npm test -- --project unit libs/bus`. The last run's report is .cache/reports/test.json.
 */
import { runVitest } from './checks/vitest.ts';

const { ok } = await runVitest('test', process.argv.slice(2));
process.exitCode = ok ? 0 : 1;
