import type { ToolLimits, ToolReceipt } from '@signalbox/contracts';

export const SANDBOX_LANGUAGES = ['javascript', 'python'] as const;
export type SandboxLanguage = (typeof SANDBOX_LANGUAGES)[number];

/** A host file the code may read at `/data/<name>`: a regular file, reached without any symlink. */
export interface SandboxFile {
  name: string;
  hostPath: string;
}

export interface SandboxRequest {
  language: SandboxLanguage;
  /** Source text. It reads its input from standard input (file descriptor 0) and prints its result. */
  code: string;
  /** Written to standard input as JSON text; absent is `null`. */
  input?: unknown;
  files?: readonly SandboxFile[];
  /**
   * `memoryBytes` counts everything but the mounted files, what is written to `/tmp` included.
   * `pidsMax` counts processes and threads beyond those the language runtime itself starts.
   * `outputBytesMax` holds for stdout and stderr together, `tmpBytesMax` for all that is writable.
   */
  limits: ToolLimits;
}

export type SandboxReceipt = ToolReceipt;
export type SandboxKillCause = SandboxReceipt['killCause'];
export type SandboxUsage = SandboxReceipt['usage'];

export interface SandboxResult {
  /** Null when the code was killed or died of a signal. */
  exitCode: number | null;
  /** The signal the code died of by its own doing (a crash); null otherwise. */
  signal: number | null;
  /** Bounded by `outputBytesMax`; bytes that are not UTF-8 become U+FFFD. */
  stdout: string;
  stderr: string;
  /** False when the output held bytes that are not UTF-8. */
  outputIsUtf8: boolean;
  receipt: SandboxReceipt;
}

export interface SandboxCapabilities {
  driver: string;
  tier: 'T2';
  available: boolean;
  languages: SandboxLanguage[];
  /** What withstood the attack, by name, at most 64 characters each. */
  mechanisms: string[];
  /** Why the driver is refused, or which language is missing; plain sentences. */
  failures: string[];
}

/** Runs code that nobody vouches for. */
export abstract class Sandbox {
  /**
   * Runs `request` to its end, its limit or the abort, and leaves nothing behind.
   * A limit is no error: the receipt names it.
   *
   * Throws MeshError: SANDBOX_UNAVAILABLE (not proven by `probe`, or isolation failed to start),
   * REQUEST_INVALID, REQUEST_TOO_LARGE, NOT_FOUND (a file), OVERLOADED (all slots taken).
   */
  abstract run(request: SandboxRequest, signal?: AbortSignal): Promise<SandboxResult>;

  /** Attacks its own isolation. `run` works only after a probe that found it available, until one does not. */
  abstract probe(): Promise<SandboxCapabilities>;
}
