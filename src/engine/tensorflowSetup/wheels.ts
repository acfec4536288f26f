/**
 * Which published file holds TensorFlow's library for a machine. Everything is pinned: its name, its SHA-256, its size, and
 * what lies in it, as PyPI has them. Any Python's wheel does, because only the libraries are taken.
 */
import os from 'node:os';
import { DistillError } from '../../shared/messages.ts';

export interface Wheel {
  readonly version: string;
  /** Of the package index. */
  readonly project: 'tensorflow' | 'tensorflow-cpu';
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly gpu: boolean;
  /** Paths in the wheel; they are put into one folder, under their last name. */
  readonly libraries: readonly string[];
  /** What they take unpacked. */
  readonly installedBytes: number;
  readonly needs: SystemNeed;
}

/** The oldest system that the wheel's tags name. */
type SystemNeed = { readonly glibc: readonly [number, number] } | { readonly macos: readonly [number, number] };

export const LICENCE = 'Apache-2.0';
/** Kept beside the libraries. */
export const LICENCE_FILES = ['tensorflow/include/LICENSE', 'tensorflow/THIRD_PARTY_NOTICES.txt'] as const;

const LINUX_LIBRARIES = ['tensorflow/libtensorflow_framework.so.2', 'tensorflow/libtensorflow_cc.so.2'];
const MAC_LIBRARIES = ['tensorflow/libtensorflow_framework.2.dylib', 'tensorflow/libtensorflow_cc.2.dylib'];
const MANYLINUX_2014 = { glibc: [2, 17] } as const;

const LINUX_X64_GPU: Wheel = {
  version: '2.20.0', project: 'tensorflow', gpu: true,
  file: 'tensorflow-2.20.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  sha256: '481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e',
  bytes: 620_570_129, libraries: LINUX_LIBRARIES, installedBytes: 1_272_928_064, needs: MANYLINUX_2014,
};

/** By `process.platform` and `process.arch`. Windows is missing on purpose: its library can't be loaded without the Python that it was built for. */
const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux x64': {
    version: '2.20.0', project: 'tensorflow-cpu', gpu: false,
    file: 'tensorflow_cpu-2.20.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    sha256: 'cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780',
    bytes: 258_876_263, libraries: LINUX_LIBRARIES, installedBytes: 779_485_312, needs: MANYLINUX_2014,
  },
  'linux arm64': {
    version: '2.20.0', project: 'tensorflow', gpu: false,
    file: 'tensorflow-2.20.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl',
    sha256: '3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5',
    bytes: 259_465_882, libraries: LINUX_LIBRARIES, installedBytes: 933_723_793, needs: MANYLINUX_2014,
  },
  'darwin arm64': {
    version: '2.20.0', project: 'tensorflow', gpu: false,
    file: 'tensorflow-2.20.0-cp311-cp311-macosx_12_0_arm64.whl',
    sha256: '5f964016c5035d09b85a246a6b739be89282a7839743f3ea63640224f0c63aee',
    bytes: 200_507_363, libraries: MAC_LIBRARIES, installedBytes: 703_369_060, needs: { macos: [12, 0] },
  },
  // The last one for Intel.
  'darwin x64': {
    version: '2.16.2', project: 'tensorflow', gpu: false,
    file: 'tensorflow-2.16.2-cp311-cp311-macosx_10_15_x86_64.whl',
    sha256: 'ec06570d57bfa0e2be804405e3cdc2960e94887e7619ffb6bc053e9775b695aa',
    bytes: 259_588_062, libraries: MAC_LIBRARIES, installedBytes: 735_388_648, needs: { macos: [10, 15] },
  },
};

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Null where the C library is another one (musl) or the system has none of that name. */
  readonly glibc: string | null;
  /** Null on other systems. */
  readonly macos: string | null;
}

/** @throws DistillError `setup-no-wheel`, `setup-no-gpu-wheel`, `setup-system-too-old` */
export function wheelFor({ platform, arch, glibc, macos }: Machine, gpu: boolean): Wheel {
  const name = `${platform} ${arch}`;
  if (gpu && name !== 'linux x64') throw new DistillError('setup-no-gpu-wheel', { platform: name });
  const wheel = gpu ? LINUX_X64_GPU : WHEELS[name];
  if (wheel === undefined) throw new DistillError('setup-no-wheel', { platform: name });
  const { version, needs } = wheel;
  if ('glibc' in needs && !atLeast(glibc, needs.glibc)) throw new DistillError('setup-system-too-old', { version, needed: `glibc ${needs.glibc.join('.')}`, found: glibc === null ? 'no glibc (musl?)' : `glibc ${glibc}` });
  if ('macos' in needs && !atLeast(macos, needs.macos)) throw new DistillError('setup-system-too-old', { version, needed: `macOS ${needs.macos.join('.')}`, found: `macOS ${macos ?? '?'}` });
  return wheel;
}

export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, arch, glibc: platform === 'linux' ? glibcVersion() : null, macos: platform === 'darwin' ? macosVersion(os.release()) : null };
}

function glibcVersion(): string | null {
  const { header } = process.report.getReport() as unknown as { readonly header: { readonly glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ?? null;
}

/** Darwin 20 is macOS 11, and so on; Darwin 19 is 10.15. From macOS 26 on the numbers went another way, which is above all that is asked for. */
function macosVersion(release: string): string {
  const darwin = Number(release.split('.')[0]);
  return darwin >= 20 ? `${darwin - 9}.0` : `10.${darwin - 4}`;
}

function atLeast(version: string | null, [major, minor]: readonly [number, number]): boolean {
  const [itsMajor = 0, itsMinor = 0] = (version ?? '0').split('.').map(Number);
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}
