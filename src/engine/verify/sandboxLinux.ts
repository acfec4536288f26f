/**
 * Linux: namespaces of network, processes, mounts, IPC and host name made by unshare(1), a root of its own with interpreters
 * bound read-only, then all privileges dropped (setpriv) and limits set (prlimit). Without root a user namespace gives the
 * right to do so; as root none is needed, and the program gets a user id that nobody else has.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { release } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DistillError } from '../../shared/messages.ts';
import { NOT_ISOLATED, type SandboxCommand, type SandboxLimits } from './sandbox.ts';

const run = promisify(execFile);

const TOOLS = ['unshare', 'mount', 'umount', 'pivot_root', 'setpriv', 'prlimit', 'timeout'] as const;
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** What dynamic linking and interpreters need of the system; nothing with a person's or the machine's own data. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc/ld.so.cache', '/etc/alternatives'];
/** There on every Linux; in the sandbox's own mount namespace nobody else sees what is put over it. */
const NEW_ROOT = '/tmp';
const INTERPRETER_TIMEOUT_MS = 10_000;
/** User ids that no distribution gives to a person or service. */
const FIRST_ID = 30_000;
const IDS = 30_000;
/** Threads that Node.js needs besides the program's own. */
const NODE_THREADS = 24;
/** V8 reserves address space far beyond what it uses; its data segment is limited instead. */
const NODE_EXTRA_MIB = 512;

/** Throws DistillError `sandbox-unavailable`. */
export async function linuxCommand(): Promise<SandboxCommand> {
  const found = await Promise.all(TOOLS.map(async (tool) => [tool, await toolPath(tool)] as const));
  const missing = found.filter(([, where]) => where === null).map(([tool]) => tool);
  if (missing.length > 0) throw new DistillError('sandbox-unavailable', { detail: `${missing.join(', ')}: util-linux, coreutils` });
  const root = process.getuid?.() === 0;
  const interpreters = new Map<string, Promise<Interpreter | null>>();
  const interpreter = (language: string): Promise<Interpreter | null> => {
    const known = interpreters.get(language) ?? findInterpreter(language);
    interpreters.set(language, known);
    return known;
  };
  const unshare = found.find(([tool]) => tool === 'unshare')?.[1] ?? 'unshare';
  return {
    how: root ? 'unshare (root)' : 'unshare (user namespace)',
    arguments: async (language, limits) => {
      const chosen = await interpreter(language);
      // What lies where the new root is put would be hidden by it.
      if (chosen === null || chosen.prefixes.some((prefix) => prefix === NEW_ROOT || prefix.startsWith(`${NEW_ROOT}/`))) return null;
      const namespaces = ['--net', '--pid', '--mount', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private'];
      return { file: unshare, args: [...(root ? [] : ['--user', '--map-root-user']), ...namespaces, '/bin/sh', '-c', script(chosen, limits, root), 'distill-sandbox'] };
    },
  };
}

async function toolPath(name: string): Promise<string | null> {
  for (const folder of FOLDERS) {
    const file = path.join(folder, name);
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file;
  }
  return null;
}

interface Interpreter {
  readonly command: readonly string[];
  /** Folders and files outside the system's that it is made of. */
  readonly prefixes: readonly string[];
  readonly file: string;
  readonly isNode: boolean;
}

async function findInterpreter(language: string): Promise<Interpreter | null> {
  switch (language) {
    case 'shell': return { command: ['/bin/sh'], prefixes: [], file: 'program.sh', isNode: false };
    case 'javascript': {
      const executable = process.execPath;
      // Editor hosts bring a Node.js of their own, next to their libraries.
      const prefix = executable.startsWith('/usr/') ? [] : [executable];
      return { command: [executable, '--v8-pool-size=1', '--single-threaded-gc'], prefixes: prefix, file: 'program.cjs', isNode: true };
    }
    default: {
      const about = 'import sys, os; print(os.path.realpath(sys.executable)); print(sys.base_prefix); print(sys.prefix)';
      for (const name of ['python3', 'python']) {
        const answer = await run(name, ['-I', '-c', about], { timeout: INTERPRETER_TIMEOUT_MS }).catch(() => null);
        const [executable, base] = answer?.stdout.trim().split('\n') ?? [];
        if (executable === undefined || base === undefined) continue;
        // -I: no user site-packages, no PYTHON… variables; -B: no byte code beside the sources.
        return { command: [executable, '-I', '-B'], prefixes: outermost([base, executable]), file: 'program.py', isNode: false };
      }
      return null;
    }
  }
}

/** Those that neither the system's folders nor each other hold. */
function outermost(paths: readonly string[]): readonly string[] {
  return paths.filter((each, index) => ![...SYSTEM, ...paths.slice(0, index)].some((folder) => each === folder || each.startsWith(`${folder}/`)));
}

const quoted = (text: string): string => `'${text.replaceAll('\'', String.raw`'\''`)}'`;

/** Whatever goes wrong before the program starts ends with NOT_ISOLATED, and the program is not run. */
function script({ command, prefixes, file, isNode }: Interpreter, limits: SandboxLimits, root: boolean): string {
  const bind = (from: string): string => `
if [ -d ${quoted(from)} ] && [ ! -L ${quoted(from)} ]; then mkdir -p "$root"${quoted(from)}; elif [ -L ${quoted(from)} ]; then mkdir -p "$(dirname "$root"${quoted(from)})"; cp -P ${quoted(from)} "$root"${quoted(from)}; else mkdir -p "$(dirname "$root"${quoted(from)})"; : > "$root"${quoted(from)}; fi
if [ ! -L ${quoted(from)} ]; then mount --bind ${quoted(from)} "$root"${quoted(from)}; mount -o remount,bind,ro,nosuid,nodev "$root"${quoted(from)}; fi`;
  const device = (name: string): string => `: > "$root/dev/${name}"; mount --bind /dev/${name} "$root/dev/${name}"`;
  const id = FIRST_ID + Math.floor(Math.random() * IDS);
  const privileges = ['setpriv', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all', ...(root ? [`--reuid=${String(id)}`, `--regid=${String(id)}`, '--clear-groups'] : [])];
  const memory = limits.memoryMiB * 1024 * 1024;
  const bounds = [
    'prlimit', `--cpu=${String(limits.seconds)}`, '--core=0', `--fsize=${String(limits.scratchMiB * 1024 * 1024)}`, '--nofile=64', '--memlock=0',
    isNode ? `--data=${String(memory + NODE_EXTRA_MIB * 1024 * 1024)}` : `--as=${String(memory)}`,
    ...processBound(limits.processes + (isNode ? NODE_THREADS : 0), root),
  ];
  const node = isNode ? [`--max-old-space-size=${String(Math.max(64, limits.memoryMiB - 128))}`] : [];
  const environment = ['env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/scratch', 'TMPDIR=/scratch', 'LANG=C.UTF-8', 'PYTHONHASHSEED=0'];
  const inside = [...environment, 'timeout', '--signal=KILL', String(limits.seconds), ...privileges, ...bounds, ...command, ...node, `/scratch/${file}`].map(quoted).join(' ');
  return `
set -e
trap 'exit ${String(NOT_ISOLATED)}' EXIT
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
root=${NEW_ROOT}
mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev tmpfs "$root"
mkdir "$root/dev" "$root/proc" "$root/scratch" "$root/old"
${SYSTEM.map((folder) => `if [ -e ${folder} ]; then ${bind(folder).trim().replaceAll('\n', '\n  ')}\nfi`).join('\n')}
${prefixes.map(bind).join('\n')}
${['null', 'zero', 'random', 'urandom'].map(device).join('\n')}
mount -t tmpfs -o size=${String(limits.scratchMiB)}m,nr_inodes=4096,mode=1777,nosuid,nodev tmpfs "$root/scratch"
cat > "$root/scratch/${file}"
cd "$root"
pivot_root . old
mount -t proc -o nosuid,nodev,noexec proc /proc
${root ? '' : 'echo 0 > /proc/sys/user/max_user_namespaces 2>/dev/null || true'}
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys
umount -l /old
rmdir /old
mount -o remount,bind,ro,nosuid,nodev /
cd /scratch
echo 1000 > /proc/self/oom_score_adj 2>/dev/null || true
set +e
trap - EXIT
${inside} </dev/null
exit $?
`;
}

/** Before Linux 5.14 the limit counted all processes of the user, so that it would hit honest code of a busy person. */
function processBound(processes: number, root: boolean): readonly string[] {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return root || major > 5 || (major === 5 && minor >= 14) ? [`--nproc=${String(processes)}`] : [];
}
