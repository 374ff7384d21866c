/**
 * What the probe runs inside. Each snippet tells what it could reach; the judgement is made outside,
 * and a snippet that did not report has proven nothing.
 */

/** Reads {hostPid, hostPort, abstractSocket, hostFile}; prints one `InsideReport`. */
export const LOOK_AROUND = `
const fs = require('node:fs'), net = require('node:net'), { spawnSync } = require('node:child_process');
const input = JSON.parse(fs.readFileSync(0, 'utf8'));
const attempt = (work) => { try { return { did: true, value: work() }; } catch (error) { return { did: false, value: String(error.code ?? error.message) }; } };
const names = (text) => text.split('\\0').filter(Boolean).map((entry) => entry.split('=')[0]);
const status = Object.fromEntries(fs.readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
const connect = (target) => new Promise((resolve) => {
  const socket = net.connect(target);
  const end = (value) => { socket.destroy(); resolve(value); };
  socket.on('connect', () => end('connected')).on('error', (error) => end(String(error.code)));
  socket.setTimeout(1000, () => end('timeout'));
});
const places = ['/', '/usr', '/code', '/data', '/dev', '/runtime', '/etc', '/proc', '/proc/sys/kernel'];
const namespaces = ['user', 'pid', 'net', 'ipc', 'uts', 'mnt'];
(async () => {
  console.log(JSON.stringify({
    environment: Object.keys(process.env),
    initEnvironment: attempt(() => names(fs.readFileSync('/proc/1/environ', 'utf8'))),
    status: { noNewPrivs: status.NoNewPrivs, seccomp: status.Seccomp, capEff: status.CapEff, capPrm: status.CapPrm, capBnd: status.CapBnd },
    namespaces: Object.fromEntries(namespaces.map((name) => [name, fs.readlinkSync('/proc/self/ns/' + name)])),
    hostFile: attempt(() => fs.readFileSync(input.hostFile, 'utf8').length),
    homes: ['/root', '/home', '/etc/shadow', '/etc/passwd', '/var', '/sys', '/run'].filter((path) => fs.existsSync(path)),
    written: places.filter((place) => attempt(() => fs.writeFileSync(place + '/probe', 'x')).did),
    tmpWritten: attempt(() => fs.writeFileSync('/tmp/probe', 'x')).did,
    processes: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length,
    killed: attempt(() => process.kill(input.hostPid, 'SIGKILL')),
    nestedUser: spawnSync('/usr/bin/unshare', ['--user', 'true']).status,
    tcp: await connect({ host: '127.0.0.1', port: input.hostPort }),
    abstract: await connect({ path: '\\0' + input.abstractSocket }),
    outside: await connect({ host: '192.0.2.1', port: 80 }),
    interfaces: fs.readFileSync('/proc/net/dev', 'utf8').split('\\n').map((line) => line.split(':')[0].trim()).filter((name) => name && !name.includes('|')),
  }));
})();
`;

/** Reads {name: [number, ...arguments]}; prints {name: errno}, 0 where the call was made. */
export const CALL_KERNEL = `
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(numbers):
    ctypes.set_errno(0)
    done = libc.syscall(*[ctypes.c_long(number) for number in numbers])
    return ctypes.get_errno() if done == -1 else 0
print(json.dumps({name: call(numbers) for name, numbers in json.load(sys.stdin).items()}))
`;

export const BURN_CPU = `console.log('began'); for (;;) {}`;
export const WAIT = `console.log('began'); setTimeout(() => {}, 1e9);`;
export const EAT_MEMORY = `
console.log('began');
const kept = [];
for (let index = 0; index < 24; index++) kept.push(Buffer.alloc(16 * 1048576, 1));
setTimeout(() => console.log('survived', kept.length), 5000);
`;
export const FORK_MANY = `
console.log('began');
const { spawn } = require('node:child_process');
for (let index = 0; index < 200; index++) spawn('/bin/sleep', ['1000'], { stdio: 'ignore' }).on('error', () => {});
setTimeout(() => { console.log('survived'); process.exit(0); }, 3000);
`;
export const FLOOD = `console.log('began'); for (let index = 0; index < 100; index++) require('node:fs').writeSync(1, Buffer.alloc(65536, 120));`;
/** Reads {bytes}; prints how many bytes the folder took. */
export const FILL_TMP = `
const fs = require('node:fs');
const { bytes } = JSON.parse(fs.readFileSync(0, 'utf8'));
let written = 0, error = null;
const file = fs.openSync('/tmp/fill', 'w');
try { while (written < bytes) written += fs.writeSync(file, Buffer.alloc(65536)); } catch (thrown) { error = thrown.code; }
console.log(JSON.stringify({ written, error }));
`;
/** Reads {marker}; stays, with a process that the host can find by the marker. */
export const STAY = `
const { marker } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
console.log('began');
require('node:child_process').spawn('/runtime/node', ['-e', 'setTimeout(() => {}, 1e9)', marker], { stdio: 'ignore' });
setTimeout(() => {}, 1e9);
`;
/** Reads {marker}; leaves a process behind and ends. */
export const LEAVE_BEHIND = `
const { marker } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const child = require('node:child_process').spawn('/runtime/node', ['-e', 'setTimeout(() => {}, 1e9)', marker], { detached: true, stdio: 'ignore' });
child.on('spawn', () => { console.log('left', child.pid); process.exit(0); });
`;
