import type { SandboxKillCause, SandboxLanguage } from './sandbox.port.js';

/** One program with a dial: turned low it must succeed (the control), turned high it must be stopped. */
export interface DialAttack {
  name: string;
  code: Record<SandboxLanguage, string>;
  low: unknown;
  high: unknown;
  stoppedBy: SandboxKillCause;
  /** What the program prints when nobody stops it. */
  done: string;
}

const js = (body: string): string => `
const input = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const { spawn } = require('node:child_process');
const fs = require('node:fs');
(async () => {${body}
console.log('done'); process.exit(0); })();`;

const py = (body: string): string => `
import json, os, subprocess, sys, threading, time
input = json.load(sys.stdin)
${body}
print('done')`;

export const DIAL_ATTACKS: DialAttack[] = [
  {
    name: 'an endless loop',
    code: {
      javascript: js('for (let round = 0; round < input; round++) Math.sqrt(round);'),
      python: py('round = 0\nwhile round < input: round += 1'),
    },
    low: 1_000,
    high: 1e15,
    stoppedBy: 'cpu',
    done: 'done',
  },
  {
    name: 'endless loops in many processes',
    code: {
      javascript: js(`
const children = Array.from({ length: 3 }, () => spawn('/runtime/node', ['-e', 'for (let round = 0; round < ' + input + '; round++) Math.sqrt(round)']));
await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))));`),
      python: py(`
loop = 'round = 0\\nwhile round < %d: round += 1' % input
for child in [subprocess.Popen([sys.executable, '-I', '-S', '-c', loop]) for _ in range(3)]: child.wait()`),
    },
    low: 1_000,
    high: 1e15,
    stoppedBy: 'cpu',
    done: 'done',
  },
  {
    name: 'waiting for ever',
    code: {
      javascript: js('await new Promise((resolve) => setTimeout(resolve, input));'),
      python: py('time.sleep(input / 1000)'),
    },
    low: 10,
    high: 1_000_000,
    stoppedBy: 'wall',
    done: 'done',
  },
  {
    name: 'a memory bomb',
    code: {
      javascript: js('const kept = []; for (let mib = 0; mib < input; mib++) kept.push(Buffer.alloc(1048576, 1));'),
      python: py("kept = [b'x' * 1048576 for _ in range(input)]"),
    },
    low: 32,
    high: 2_048,
    stoppedBy: 'memory',
    done: 'done',
  },
  {
    name: 'a memory bomb of small things',
    code: {
      javascript: js(
        'const kept = []; for (let index = 0; index < input; index++) kept.push({ index, text: "x" + index });',
      ),
      python: py('kept = [str(index) for index in range(input)]'),
    },
    low: 10_000,
    high: 1e8,
    stoppedBy: 'memory',
    done: 'done',
  },
  {
    name: 'a fork bomb',
    code: {
      javascript: js(`
for (let index = 0; index < input; index++) spawn('/bin/sleep', ['100'], { stdio: 'ignore' }).on('error', () => {});
await new Promise((resolve) => setTimeout(resolve, input > 10 ? 5000 : 50));`),
      python: py(`
for index in range(input):
    try: subprocess.Popen(['/bin/sleep', '100'])
    except OSError: time.sleep(0.02)
time.sleep(5 if input > 10 else 0.05)`),
    },
    low: 3,
    high: 300,
    stoppedBy: 'pids',
    done: 'done',
  },
  {
    name: 'a fork bomb that forks itself',
    code: {
      javascript: js(`
fs.writeFileSync('/tmp/bomb.sh', 'depth=$1; [ $depth -le 0 ] && exit 0; sh $0 $((depth - 1)) & sh $0 $((depth - 1)); wait; sleep 0.2');
await new Promise((resolve) => spawn('/bin/sh', ['/tmp/bomb.sh', String(input)], { stdio: 'ignore' }).on('exit', resolve));
await new Promise((resolve) => setTimeout(resolve, input > 3 ? 2000 : 0));`),
      python: py(`
top = os.getpid()
for depth in range(input):
    try: os.fork()
    except OSError: pass
time.sleep(0.2 if input < 3 else 2)
if os.getpid() != top: os._exit(0)`),
    },
    low: 2,
    high: 12,
    stoppedBy: 'pids',
    done: 'done',
  },
  {
    name: 'a flood of 50 MB on stdout',
    code: {
      javascript: js("for (let kib = 0; kib < input; kib++) fs.writeSync(1, 'x'.repeat(1023) + '\\n');"),
      python: py("for _ in range(input): sys.stdout.write('x' * 1023 + '\\n')"),
    },
    low: 4,
    high: 51_200,
    stoppedBy: 'output',
    done: `${`${'x'.repeat(1_023)}\n`.repeat(4)}done`,
  },
  {
    name: 'a flood of 50 MB on stderr',
    code: {
      javascript: js("for (let kib = 0; kib < input; kib++) fs.writeSync(2, 'x'.repeat(1024));"),
      python: py("for _ in range(input): sys.stderr.write('x' * 1024)"),
    },
    low: 4,
    high: 51_200,
    stoppedBy: 'output',
    done: 'done',
  },
];

/** Writes {bytes} to {path}; prints what was written and the error. */
export const FILL: Record<SandboxLanguage, string> = {
  javascript: `
const fs = require('node:fs'), { bytes, path } = JSON.parse(fs.readFileSync(0, 'utf8'));
let written = 0, error = null;
try { const file = fs.openSync(path, 'w'); while (written < bytes) written += fs.writeSync(file, Buffer.alloc(Math.min(65536, bytes - written))); } catch (thrown) { error = thrown.code; }
console.log(JSON.stringify({ written, error }));`,
  python: `
import errno, json, os, sys
asked, written, error = json.load(sys.stdin), 0, None
try:
    file = os.open(asked['path'], os.O_WRONLY | os.O_CREAT)
    while written < asked['bytes']: written += os.write(file, bytes(min(65536, asked['bytes'] - written)))
except OSError as thrown: error = errno.errorcode[thrown.errno]
print(json.dumps({'written': written, 'error': error}))`,
};

/** Connects to each of {targets}; prints what came of it. Works outside too. */
export const CONNECT: Record<SandboxLanguage, string> = {
  javascript: `
const net = require('node:net');
const { port } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
net.connect(port, '127.0.0.1').on('connect', () => { console.log('connected'); process.exit(0); }).on('error', (error) => console.log(error.code));`,
  python: `
import errno, json, socket, sys
try:
    socket.create_connection(('127.0.0.1', json.load(sys.stdin)['port']), 2)
    print('connected')
except OSError as thrown: print(errno.errorcode[thrown.errno])`,
};

/** Prints everything it can find of environments, command lines and the file at {path}. Works outside too. */
export const SNOOP: Record<SandboxLanguage, string> = {
  javascript: `
const fs = require('node:fs');
const { path } = JSON.parse(fs.readFileSync(0, 'utf8'));
const look = (at) => { try { return fs.readFileSync(at, 'utf8'); } catch (error) { return at + ' ' + error.code; } };
const found = [JSON.stringify(process.env)];
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
  found.push(look('/proc/' + pid + '/environ'), look('/proc/' + pid + '/cmdline'), look('/proc/' + pid + '/root' + path), look('/proc/' + pid + '/cwd' + path));
  try { for (const fd of fs.readdirSync('/proc/' + pid + '/fd')) found.push(fs.readlinkSync('/proc/' + pid + '/fd/' + fd)); } catch {}
}
for (const at of [path, '/..' + path, '/tmp/../..' + path, '/data/../..' + path]) found.push(look(at));
console.log(found.join('\\n').slice(0, 60000));`,
  python: `
import json, os, re, sys
path = json.load(sys.stdin)['path']
def look(at):
    try: return open(at, 'rb').read().decode('utf8', 'replace')
    except OSError as thrown: return at + ' ' + str(thrown.errno)
found = [json.dumps(dict(os.environ))]
for pid in [name for name in os.listdir('/proc') if re.match(r'^[0-9]+$', name)]:
    found += [look('/proc/%s/%s' % (pid, name)) for name in ('environ', 'cmdline', 'root' + path, 'cwd' + path)]
for at in [path, '/..' + path, '/tmp/../..' + path, '/data/../..' + path]: found.append(look(at))
print('\\n'.join(found)[:60000])`,
};

/** Leaves a daemon of its own session behind, which holds stdout and is named by {marker}; ends at once unless {stay}. */
export const DAEMON: Record<SandboxLanguage, string> = {
  javascript: `
const { marker, stay } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const child = require('node:child_process').spawn('/runtime/node', ['-e', 'setTimeout(() => {}, 1e9)', marker], { detached: true, stdio: 'inherit' });
child.on('spawn', () => { console.log('left'); if (!stay) process.exit(0); });`,
  python: `
import json, os, subprocess, sys, time
asked = json.load(sys.stdin)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(1e6)', asked['marker']])
    os._exit(0)
print('left', flush=True)
if asked.get('stay'): time.sleep(1e6)`,
};

/** Kills whom it can reach; prints that it did. */
export const KILL_PARENT: Record<SandboxLanguage, string> = {
  javascript: `
const tried = [1, process.ppid, -1].map((pid) => { try { process.kill(pid, 'SIGKILL'); return 'sent'; } catch (error) { return error.code; } });
console.log('tried', tried.length);`,
  python: `
import os, signal
tried = []
for pid in (1, os.getppid(), -1):
    try: os.kill(pid, signal.SIGKILL); tried.append('sent')
    except OSError as thrown: tried.append(thrown.errno)
print('tried', len(tried))`,
};
