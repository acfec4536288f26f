/** macOS: sandbox-exec with a profile that denies everything but reading the system and writing the scratch folder. Not tried on a Mac yet. */
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { SandboxCommand, SandboxLimits } from './sandbox.ts';

const PROFILE = (scratch: string): string => `(version 1)
(deny default)
(allow process-exec process-fork sysctl-read mach-lookup signal (target same-sandbox))
(allow file-read-metadata)
(allow file-read* (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/System") (subpath "/Library/Frameworks") (subpath "/Library/Developer") (subpath "/opt/homebrew") (subpath "/private/var/db/dyld")
  (literal "/dev/null") (literal "/dev/random") (literal "/dev/urandom") (literal "/dev/zero") (literal "/") (subpath "${scratch}") (literal "${process.execPath}"))
(allow file-write* (subpath "${scratch}") (literal "/dev/null"))
(deny network*)`;

const quoted = (text: string): string => `'${text.replaceAll('\'', String.raw`'\''`)}'`;

export function macCommand(): SandboxCommand {
  return {
    how: 'sandbox-exec',
    arguments: async (language, limits) => {
      const interpreter = await interpreterOf(language);
      return interpreter === null ? null : { file: '/bin/sh', args: ['-c', script(interpreter, limits)] };
    },
  };
}

async function interpreterOf(language: 'python' | 'javascript' | 'shell'): Promise<readonly string[] | null> {
  switch (language) {
    case 'shell': return ['/bin/sh'];
    case 'javascript': return [process.execPath, '--v8-pool-size=1'];
    case 'python': {
      for (const file of ['/opt/homebrew/bin/python3', '/usr/local/bin/python3', '/usr/bin/python3']) {
        if (await access(file).then(() => true, () => false)) return [file, '-I', '-B'];
      }
      return null;
    }
  }
}

/** macOS has no limit of address space that its own libraries survive: memory is bounded by the time limit alone. */
function script(interpreter: readonly string[], { seconds, scratchMiB, processes }: SandboxLimits): string {
  return `set -e
scratch=$(cd ${quoted(tmpdir())} && pwd -P)/distill-sandbox-$$
mkdir -m 700 "$scratch"
trap 'rm -rf "$scratch"' EXIT
cat > "$scratch/program"
cd "$scratch"
ulimit -t ${String(seconds)}; ulimit -c 0; ulimit -f ${String(scratchMiB * 2048)}; ulimit -u ${String(processes + 200)} || true
env -i PATH=/usr/bin:/bin HOME="$scratch" TMPDIR="$scratch" LANG=C.UTF-8 sandbox-exec -p "$(printf '%s' ${quoted(PROFILE('SCRATCH'))} | sed "s#SCRATCH#$scratch#g")" ${interpreter.map(quoted).join(' ')} "$scratch/program" </dev/null
`;
}
