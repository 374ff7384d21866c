import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ SIGNAL PID` and `- PID`; at the end of its input the process that held the pipe is gone, however it died,
 * and each group still listed gets its signal and, two seconds later, KILL.
 * dash has no `kill -TERM -- -PGID`, hence `-s`.
 */
const SCRIPT = `
trap '' INT TERM HUP
list=''
while read -r verb a b; do
  case "$verb" in
    +) list="$list $a:$b" ;;
    -) new=''; for entry in $list; do [ "\${entry#*:}" = "$a" ] || new="$new $entry"; done; list="$new" ;;
  esac
done
[ -n "$list" ] || exit 0
for entry in $list; do kill -s "\${entry%%:*}" -- "-\${entry#*:}" 2>/dev/null; done
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  alive=''
  for entry in $list; do kill -s 0 -- "-\${entry#*:}" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
done
for entry in $list; do kill -s KILL -- "-\${entry#*:}" 2>/dev/null; done
`;

/** A small shell process that outlives us and ends what we started, should we die by SIGKILL. POSIX only. */
export class Watchdog {
  readonly #shell: ChildProcess | null;

  constructor() {
    this.#shell =
      process.platform === 'win32'
        ? null
        : spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell?.unref();
    // The pipe breaks only when the watchdog was killed by hand; then there is nothing left to tell it.
    this.#shell?.stdin?.on('error', () => undefined);
  }

  watch(pid: number, signal: string): void {
    this.#shell?.stdin?.write(`+ ${signal} ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell?.stdin?.write(`- ${pid}\n`);
  }

  close(): void {
    this.#shell?.stdin?.end();
  }
}
