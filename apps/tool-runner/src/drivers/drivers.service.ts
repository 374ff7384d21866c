import { Inject, Injectable } from '@nestjs/common';
import type { ToolDriver, ToolManifest } from '@signalbox/contracts';
import { CodeToolDriver } from './adapters/code.driver.js';
import { HttpToolDriver } from './adapters/http.driver.js';
import type { DriverCall, DriverResult } from './tool-driver.port.js';
import { toolFault } from './tool-fault.js';

/** The tier that each kind of driver really gives. A tool that declares another is refused, never run with less. */
const TIER = { http: 'T0', code: 'T2' } as const;
type Carried = Extract<ToolDriver, { kind: keyof typeof TIER }>;

/** The router carries out all other kinds itself, and sends nothing. */
const isCarried = (driver: ToolDriver): driver is Carried => Object.hasOwn(TIER, driver.kind);

@Injectable()
export class DriversService {
  constructor(
    @Inject(CodeToolDriver) private readonly code: CodeToolDriver,
    @Inject(HttpToolDriver) private readonly http: HttpToolDriver,
  ) {}

  run(tool: ToolManifest, call: Omit<DriverCall, 'driver' | 'unsafe'>, signal: AbortSignal): Promise<DriverResult> {
    const { driver } = tool;
    if (!isCarried(driver)) throw toolFault('TOOL_FAILED', `No worker carries out tools of the kind ${driver.kind}.`);
    if (tool.tier !== TIER[driver.kind]) {
      throw toolFault(
        'SANDBOX_UNAVAILABLE',
        `The tool asks for tier ${tool.tier}; its driver gives ${TIER[driver.kind]}.`,
      );
    }
    const unsafe = tool.effect === 'unsafe';
    return driver.kind === 'code'
      ? this.code.run({ ...call, driver, unsafe }, signal)
      : this.http.run({ ...call, driver, unsafe }, signal);
  }
}
