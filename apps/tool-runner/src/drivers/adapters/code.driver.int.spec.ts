import type { ToolDriver } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { readMachine } from '@signalbox/local-servers';
import { BubblewrapSandbox } from '@signalbox/sandbox';
import { createLogger } from '@signalbox/telemetry';
import { testFolder } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToolRunnerConfig } from '../../config.js';
import { SandboxKeeper } from '../sandbox-keeper.js';
import { CodeToolDriver } from './code.driver.js';

/** The sandbox is attacked first, which takes its time on a busy machine. */
const START_MS = 60_000;
const MiB = 1_048_576;
const FOREVER = 'for (;;) {}';

describe('CodeToolDriver with one sandbox', () => {
  const driver: Extract<ToolDriver, { kind: 'code' }> = { kind: 'code', language: 'javascript', files: [] };
  const live = new AbortController().signal;
  let keeper: SandboxKeeper;
  let code: CodeToolDriver;

  beforeAll(async () => {
    const filesDir = testFolder('code-files');
    const { bubblewrap } = readMachine();
    const bwrap = bubblewrap === null ? {} : { bwrapPath: bubblewrap.path };
    const sandbox = new BubblewrapSandbox({ ...bwrap, fileRoots: [filesDir], runsMax: 1 });
    const config = { filesDir, sandboxesMax: 1, probeMs: 600_000 } as ToolRunnerConfig;
    keeper = new SandboxKeeper(sandbox, config, createLogger({ service: 'tool-runner', level: 'fatal' }));
    keeper.onApplicationBootstrap();
    await keeper.settled(live);
    code = new CodeToolDriver(sandbox, keeper, config);
  }, START_MS);
  afterAll(() => keeper.onApplicationShutdown());

  const run = (text: string, { wallMs, leftMs }: { wallMs: number; leftMs: number }) =>
    code.run(
      {
        tenant: 'acme',
        driver,
        arguments: { code: text },
        limits: { wallMs, cpuMs: 60_000, memoryBytes: 256 * MiB, pidsMax: 32, outputBytesMax: 4_096, tmpBytesMax: MiB },
        deadlineAt: Date.now() + leftMs,
        idempotencyKey: 'key',
        unsafe: false,
      },
      live,
    );
  const faultOf = (attempt: Promise<unknown>): Promise<MeshError> =>
    attempt.then(
      () => expect.fail('it ended well'),
      (error: unknown) => MeshError.from(error),
    );

  it('begins nothing whose deadline passed while it waited for its turn', async () => {
    const before = faultOf(run(FOREVER, { wallMs: 2_000, leftMs: 60_000 }));
    const late = await faultOf(run('console.log(1)', { wallMs: 10_000, leftMs: 500 }));
    expect(late).toMatchObject({
      code: 'TOOL_TIMEOUT',
      message: 'The call waited past its deadline; it was not begun.',
    });
    expect(late.details).not.toHaveProperty('receipt');
    expect((await before).code).toBe('TOOL_TIMEOUT');
    expect(await run('console.log(2)', { wallMs: 10_000, leftMs: 60_000 })).toMatchObject({ result: '2\n' });
  });

  it.each([
    { ended: 'the deadline', wallMs: 30_000, leftMs: 1_500, why: /deadline of its call was over/ },
    { ended: 'the limit', wallMs: 1_500, leftMs: 30_000, why: /longer than its wall time limit/ },
  ])('lets nothing run longer than it may, and says what ended it: $ended', async ({ wallMs, leftMs, why }) => {
    const fault = await faultOf(run(FOREVER, { wallMs, leftMs }));
    expect(fault).toMatchObject({ code: 'TOOL_TIMEOUT', message: expect.stringMatching(why) as string });
    const receipt = fault.details['receipt'] as { killCause: string; limits: { wallMs: number } };
    expect(receipt.killCause).toBe('wall');
    expect(receipt.limits.wallMs).toBeLessThanOrEqual(1_500);
  });
});
